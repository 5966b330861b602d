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
	g.post("/admin/audit/check", p.AuditStart)
}
