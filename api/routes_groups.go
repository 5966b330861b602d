package api

import "socialregistry/web"

// groupPages: groups, and who belongs to them.
func groupPages(g group, p *web.Pages) {
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
	g.get("/admin/people/:id/household", p.Household)
	g.post("/admin/people/:id/household", p.HouseholdPost)
}
