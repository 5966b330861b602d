package api

import "socialregistry/web"

// providerPages: sign-in by an OpenID Provider.
func (s *server) providerPages(open, own group, p *web.Pages) {
	open.get("/login/provider", p.ProviderStart)
	open.post("/login/provider", p.ProviderStart)
	open.get("/login/provider/callback", s.tries.count(p.ProviderCallback))
	open.get("/login/provider/jwks.json", p.ProviderKeys)
	own.post("/me/security/provider", p.ProviderLinkPost)
}
