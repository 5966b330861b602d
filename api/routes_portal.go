package api

import "socialregistry/web"

// portalPages: what a registered person asked for, has and was told; files are the
// forms that take a document, and what takes its time to be sent.
func portalPages(g, files group, p *web.Pages) {
	files.post("/me/edit/:section", p.MyEditPost)
	g.get("/me/details/:field", p.MyDetail)
	files.post("/me/details/:field", p.MyDetailPost)
	g.get("/me/requests", p.MyRequests)
	g.get("/me/requests/:id", p.MyRequest)
	g.post("/me/requests/:id", p.MyRequestPost)
	g.get("/me/appeals", p.MyAppeals)
	g.get("/me/appeals/:field", p.MyAppeal)
	g.post("/me/appeals/:field", p.MyAppealPost)
	g.get("/me/versions", p.MyVersions)
	g.get("/me/versions/:number", p.MyVersion)
	g.get("/me/household", p.MyHousehold)
	g.get("/me/programmes", p.MyProgrammes)
	g.get("/me/documents", p.MyDocuments)
	files.post("/me/documents", p.MyDocumentsPost)
	files.get("/me/documents/:id/file", p.MyDocument)
	g.post("/me/documents/:id/remove", p.MyDocumentRemove)
	g.get("/me/data", p.MyData)
	files.get("/me/data.json", p.MyDataJSON)
	files.get("/me/data.csv", p.MyDataCSV)
}
