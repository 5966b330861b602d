package api

import "socialregistry/web"

// verifierPages: for whoever checks a credential. They know nobody, and are the same
// for all.
func verifierPages(g group, p *web.Pages) {
	g.get("/verify", p.VerifierHome)
	g.get("/verify/", p.Verifier)
	g.get("/verify/trust", p.VerifierTrust)
}

// verifierFiles: what these pages load, by names that never change.
func verifierFiles(g group, p *web.Pages) {
	g.get("/verify/:file", p.VerifierFile)
	g.get("/verify/js/*name", p.VerifierFile)
	g.get("/verify/locales/:name", p.VerifierFile)
	g.get("/verify/vendor/:name", p.VerifierFile)
}
