package api

import "socialregistry/web"

// settingsPages: what the registry is like. Each page says who may open it.
func settingsPages(g group, p *web.Pages) {
	g.get("/admin/settings", p.Settings)
	g.get("/admin/fields", p.Fields)
	g.get("/admin/fields/new", p.FieldNew)
	g.post("/admin/fields/new", p.FieldDefine)
	g.get("/admin/fields/:key", p.Field)
	g.get("/admin/fields/:key/edit", p.FieldEdit)
	g.post("/admin/fields/:key/edit", p.FieldChange)
	g.post("/admin/fields/:key/retire", p.FieldRetire)
	g.post("/admin/fields/:key/revive", p.FieldRevive)
	g.post("/admin/fields/:key/index", p.FieldIndex)
}
