package api

import "socialregistry/web"

// actingPages: for whom a registered person acts.
func actingPages(g group, p *web.Pages) {
	g.get("/me/acting", p.ActingForm)
	g.post("/me/acting", p.Act)
	g.post("/me/acting/end", p.ActEnd)
}
