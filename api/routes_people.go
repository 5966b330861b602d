package api

import "socialregistry/web"

// peoplePages: for staff about the people whom they see; documents takes the bodies
// of documents.
func peoplePages(g, documents group, p *web.Pages) {
	g.get("/admin", p.Queue)
	g.get("/admin/queues/:queue", p.QueueList)
	g.get("/admin/people", p.People)
	g.get("/admin/people/new", p.RegisterForm)
	g.post("/admin/people/new", p.Register)
	g.get("/admin/people/default", p.SwitchForm)
	g.post("/admin/people/default", p.Switch)
	g.get("/admin/people/enrol", p.EnrolFoundForm)
	g.post("/admin/people/enrol", p.EnrolFound)
	g.get("/admin/people/identifier", p.IdentifierFindForm)
	g.post("/admin/people/identifier", p.IdentifierFind)
	recordPages(g, p)
	evidencePages(g, documents, p)
}

// recordPages: the record of one person, its versions and the decisions about it.
func recordPages(g group, p *web.Pages) {
	g.get("/admin/people/:id", p.Person)
	g.get("/admin/people/:id/edit", p.PersonEdit)
	g.post("/admin/people/:id/edit", p.PersonEditPost)
	g.get("/admin/people/:id/code", p.CodeForm)
	g.post("/admin/people/:id/code", p.Code)
	g.post("/admin/people/:id/unlock", p.Unlock)
	g.get("/admin/people/:id/attest", p.AttestForm)
	g.post("/admin/people/:id/attest", p.Attest)
	g.get("/admin/people/:id/attestations/:field", p.PersonDecisions)
	g.get("/admin/people/:id/versions", p.PersonVersions)
	g.post("/admin/people/:id/versions", p.VersionAdd)
	g.get("/admin/people/:id/versions/new", p.VersionForm)
	g.get("/admin/people/:id/versions/:number", p.PersonVersion)
	g.post("/admin/people/:id/versions/:number", p.VersionDefault)
	g.get("/admin/people/:id/compare", p.PersonCompare)
	g.get("/admin/people/:id/as-of", p.PersonAsOf)
	g.get("/admin/people/:id/log", p.PersonLog)
	g.get("/admin/people/:id/looks", p.PersonLooks)
	g.get("/admin/people/:id/credentials", p.PersonCredentials)
	g.post("/admin/people/:id/credentials", p.WithdrawCredential)
	g.get("/admin/people/:id/messages", p.PersonMessages)
	g.get("/admin/people/:id/requests", p.RecordRequests)
	g.post("/admin/people/:id/why", p.PersonWhy)
	g.get("/admin/people/:id/consents", p.PersonConsents)
	g.post("/admin/people/:id/consents/:consent/withdraw", p.PersonConsentEnd)
}

// evidencePages: documents and identifiers of one person.
func evidencePages(g, documents group, p *web.Pages) {
	g.get("/admin/people/:id/documents", p.PersonDocuments)
	documents.post("/admin/people/:id/documents", p.DocumentAdd)
	g.get("/admin/people/:id/documents/:document", p.PersonDocument)
	g.post("/admin/people/:id/documents/:document", p.DocumentChange)
	g.get("/admin/people/:id/documents/:document/file", p.DocumentFile)
	g.get("/admin/people/:id/identifiers", p.PersonIdentifiers)
	g.post("/admin/people/:id/identifiers", p.IdentifierAdd)
	g.get("/admin/people/:id/identifiers/:number", p.PersonIdentifier)
	g.post("/admin/people/:id/identifiers/:number", p.IdentifierChange)
}
