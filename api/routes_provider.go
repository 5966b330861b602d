package api

import "socialregistry/web"

// providerPages: sign-in by an OpenID Provider, and by a code that is sent.
func (s *server) providerPages(open, own group, p *web.Pages) {
	open.get("/login/provider", s.floods.count(p.ProviderStart))
	open.post("/login/provider", s.floods.count(p.ProviderStart))
	open.get("/login/provider/callback", s.tries.count(p.ProviderCallback))
	open.get("/login/provider/jwks.json", p.ProviderKeys)
	open.get("/login/code", p.CodeAsk)
	open.post("/login/code", s.sends.each(p.CodeSend))
	open.post("/login/code/enter", s.tries.count(p.CodeEnter))
	own.post("/me/security/provider", p.ProviderLinkPost)
}
