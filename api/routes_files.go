package api

import "socialregistry/web"

// filePages: uploads, downloads and the work that they make.
func filePages(g, uploads group, p *web.Pages) {
	g.get("/admin/uploads", p.Uploads)
	g.get("/admin/uploads/new", p.UploadForm)
	g.get("/admin/uploads/template.csv", p.UploadTemplate("csv"))
	g.get("/admin/uploads/template.xlsx", p.UploadTemplate("xlsx"))
	g.get("/admin/uploads/:id", p.UploadStatus)
	g.post("/admin/uploads/:id/check", p.UploadCheck)
	g.post("/admin/uploads/:id/apply", p.UploadApply)
	g.post("/admin/uploads/:id/undo", p.UploadUndo)
	g.post("/admin/uploads/:id/discard", p.UploadDiscard)
	uploads.post("/admin/uploads", p.Upload)
	g.get("/admin/exports", p.Exports)
	g.get("/admin/exports/new", p.ExportForm)
	g.post("/admin/exports", p.ExportStart)
	g.get("/admin/exports/:id", p.Export)
	g.post("/admin/exports/:id/drop", p.ExportDrop)
	g.get("/admin/jobs", p.Jobs)
	g.get("/admin/jobs/:id", p.Job)
	g.post("/admin/jobs/:id/cancel", p.JobCancel)
}

// filesPages: what takes its time to send.
func filesPages(slow group, p *web.Pages) {
	slow.get("/admin/uploads/:id/problems.csv", p.UploadProblems)
	slow.get("/admin/exports/:id/file.csv", p.ExportFile)
	slow.get("/admin/exports/:id/file.xlsx", p.ExportFile)
}

// logPages: what everybody did.
func logPages(g group, p *web.Pages) {
	g.get("/admin/changes", p.Changes)
	g.get("/admin/audit", p.Audit)
	g.get("/admin/audit/sign-ins", p.SignIns)
	g.get("/admin/audit/credentials", p.CredentialSettings)
	g.post("/admin/audit/check", p.AuditStart)
}

// sourcePages: where people are pulled from, and what the columns of files mean.
func sourcePages(g group, p *web.Pages) {
	g.get("/admin/sources", p.Sources)
	g.get("/admin/sources/new", p.SourceForm)
	g.post("/admin/sources", p.SourceCreate)
	g.get("/admin/sources/:key", p.Source)
	g.get("/admin/sources/:key/edit", p.SourceEdit)
	g.post("/admin/sources/:key/edit", p.SourceChange)
	g.post("/admin/sources/:key/pull", p.SourcePull)
	g.post("/admin/sources/:key/restart", p.SourceRestart)
	g.get("/admin/sources/:key/runs/:id", p.SourceProblems)
	g.get("/admin/mappings", p.Mappings)
	g.get("/admin/mappings/new", p.MappingForm)
	g.post("/admin/mappings", p.MappingCreate)
	g.get("/admin/mappings/:key", p.Mapping)
	g.get("/admin/mappings/:key/edit", p.MappingEdit)
	g.post("/admin/mappings/:key/edit", p.MappingChange)
}

// placePages: areas and offices.
func placePages(g, files group, p *web.Pages) {
	g.get("/admin/areas", p.Areas)
	g.get("/admin/areas/new", p.AreaForm)
	g.post("/admin/areas", p.AreaCreate)
	g.get("/admin/areas/import", p.AreaFileForm)
	files.post("/admin/areas/import", p.AreaFile)
	g.get("/admin/areas/:code", p.Area)
	g.get("/admin/areas/:code/rename", p.AreaRename)
	g.post("/admin/areas/:code/rename", p.AreaRenamePost)
	g.get("/admin/areas/:code/move", p.AreaMove)
	g.post("/admin/areas/:code/move", p.AreaMovePost)
	g.post("/admin/areas/:code/retire", p.AreaRetire)
	g.get("/admin/offices", p.Offices)
	g.get("/admin/offices/new", p.OfficeForm)
	g.post("/admin/offices", p.OfficeOpen)
	g.get("/admin/offices/:code", p.Office)
	g.get("/admin/offices/:code/edit", p.OfficeEdit)
	g.post("/admin/offices/:code/edit", p.OfficeChange)
}

// numberPages: statistics.
func numberPages(g group, p *web.Pages) {
	g.get("/admin/statistics", p.Statistics)
	g.get("/admin/statistics/people.csv", p.StatisticsFile("people"))
	g.get("/admin/statistics/areas.csv", p.StatisticsFile("areas"))
	g.get("/admin/statistics/attestation.csv", p.StatisticsFile("attestation"))
	g.get("/admin/statistics/attested.csv", p.StatisticsFile("attested"))
	g.get("/admin/statistics/queues.csv", p.StatisticsFile("queues"))
	g.get("/admin/statistics/groups.csv", p.StatisticsFile("groups"))
	g.get("/admin/statistics/programmes.csv", p.StatisticsFile("programmes"))
	g.get("/admin/statistics/credentials.csv", p.StatisticsFile("credentials"))
	g.post("/admin/statistics/count", p.StatisticsCount)
}
