package api

import "socialregistry/web"

// groupPages: groups, and who belongs to them.
func groupPages(g, documents group, p *web.Pages) {
	g.get("/admin/groups", p.Groups)
	g.get("/admin/groups/new", p.GroupNew)
	g.post("/admin/groups/new", p.GroupCreate)
	g.get("/admin/groups/:id", p.Group)
	g.get("/admin/groups/:id/edit", p.GroupEdit)
	g.post("/admin/groups/:id/edit", p.GroupEditPost)
	g.get("/admin/groups/:id/end", p.GroupEndForm)
	g.post("/admin/groups/:id/end", p.GroupEnd)
	g.get("/admin/groups/:id/members", p.Members)
	g.post("/admin/groups/:id/members", p.MembersAdd)
	g.get("/admin/groups/:id/members/:member/:seq", p.Member)
	g.post("/admin/groups/:id/members/:member/:seq", p.MemberChange)
	g.get("/admin/groups/:id/attest", p.AttestForm)
	g.post("/admin/groups/:id/attest", p.Attest)
	g.get("/admin/groups/:id/attestations/:field", p.PersonDecisions)
	g.get("/admin/groups/:id/versions", p.PersonVersions)
	g.get("/admin/groups/:id/versions/:number", p.PersonVersion)
	g.get("/admin/groups/:id/compare", p.PersonCompare)
	g.get("/admin/groups/:id/as-of", p.PersonAsOf)
	g.get("/admin/groups/:id/log", p.PersonLog)
	g.get("/admin/groups/:id/requests", p.RecordRequests)
	g.get("/admin/groups/:id/documents", p.PersonDocuments)
	documents.post("/admin/groups/:id/documents", p.DocumentAdd)
	g.get("/admin/groups/:id/documents/:document", p.PersonDocument)
	g.post("/admin/groups/:id/documents/:document", p.DocumentChange)
	g.get("/admin/groups/:id/documents/:document/file", p.DocumentFile)
	g.get("/admin/groups/:id/identifiers", p.PersonIdentifiers)
	g.post("/admin/groups/:id/identifiers", p.IdentifierAdd)
	g.get("/admin/groups/:id/identifiers/:number", p.PersonIdentifier)
	g.post("/admin/groups/:id/identifiers/:number", p.IdentifierChange)
	g.get("/admin/people/:id/household", p.Household)
	g.post("/admin/people/:id/household", p.HouseholdPost)
}

// programmePages: programmes, and who stands where in them.
func programmePages(g group, p *web.Pages) {
	g.get("/admin/programmes", p.Programmes)
	g.get("/admin/programmes/new", p.ProgrammeNew)
	g.post("/admin/programmes/new", p.ProgrammeCreate)
	g.get("/admin/programmes/:code", p.Programme)
	g.get("/admin/programmes/:code/edit", p.ProgrammeEdit)
	g.post("/admin/programmes/:code/edit", p.ProgrammeEditPost)
	g.get("/admin/programmes/:code/enrol", p.EnrolForm)
	g.post("/admin/programmes/:code/enrol", p.EnrolPost)
	g.get("/admin/programmes/:code/list", p.EnrolMany)
	g.post("/admin/programmes/:code/list", p.EnrolManyPost)
	g.get("/admin/people/:id/programmes", p.RecordProgrammes)
	g.get("/admin/groups/:id/programmes", p.RecordProgrammes)
}

// requestPages: what somebody asks for, and what they say against a decision.
func requestPages(g group, p *web.Pages) {
	g.get("/admin/requests", p.Requests)
	g.post("/admin/requests", p.RequestsApprove)
	g.get("/admin/requests/new", p.RequestAsk)
	g.post("/admin/requests/new", p.RequestAskPost)
	g.get("/admin/requests/:id", p.Request)
	g.post("/admin/requests/:id", p.RequestPost)
	g.get("/admin/appeals", p.Appeals)
	g.post("/admin/appeals", p.AppealDecline)
}
