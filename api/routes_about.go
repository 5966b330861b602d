package api

import "socialregistry/web"

// aboutPages: for whoever wants to know how this works, and what is kept.
func aboutPages(g group, p *web.Pages) {
	g.get("/help", p.Help)
	g.get("/accessibility", p.Accessibility)
	g.get("/privacy", p.Privacy)
	g.get("/gallery", p.Gallery)
}
