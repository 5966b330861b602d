package api

import "socialregistry/web"

// signInPages: what comes after the password, and passkeys.
func signInPages(g group, t tries, p *web.Pages) {
	g.get("/login/second", p.SecondForm)
	g.post("/login/second", t.count(p.Second))
	g.post("/login/enrol", t.count(p.Enrol))
	g.post("/login/passkey/begin", p.PasskeyBegin)
	g.post("/login/passkey", t.count(p.PasskeySignIn))
}

// stepUpPages: for everybody who is signed in.
func stepUpPages(g group, p *web.Pages) {
	g.get("/step-up", p.StepUpForm)
	g.post("/step-up", p.StepUp)
	g.post("/step-up/passkey/begin", p.StepUpPasskey)
}

// keptPages: for everybody who is signed in, a form that came when they were not.
func keptPages(g group, p *web.Pages) {
	g.get("/me/kept/:name", p.Kept)
	g.post("/me/kept/:name", p.KeptDrop)
	g.get("/admin/kept/:name", p.Kept)
	g.post("/admin/kept/:name", p.KeptDrop)
}

// ownSecurityPages: how a registered person signs in.
func ownSecurityPages(g group, p *web.Pages) {
	g.get("/me/security", p.Security)
	g.get("/me/security/passphrase", p.PassphraseForm)
	g.post("/me/security/passphrase", p.Passphrase)
	g.post("/me/security/sessions", p.SessionsEnd)
	g.get("/me/security/passkeys/new", p.PasskeyNew)
	g.post("/me/security/passkeys/begin", p.PasskeyMake)
	g.post("/me/security/passkeys", p.PasskeyAdd)
	g.get("/me/security/passkeys/:id", p.Passkey)
	g.post("/me/security/passkeys/:id", p.PasskeyChange)
}

// staffSecurityPages: how a member of staff signs in.
func staffSecurityPages(g group, p *web.Pages) {
	g.get("/admin/security", p.Security)
	g.get("/admin/security/passphrase", p.PassphraseForm)
	g.post("/admin/security/passphrase", p.Passphrase)
	g.post("/admin/security/sessions", p.SessionsEnd)
	g.get("/admin/security/passkeys/new", p.PasskeyNew)
	g.post("/admin/security/passkeys/begin", p.PasskeyMake)
	g.post("/admin/security/passkeys", p.PasskeyAdd)
	g.get("/admin/security/passkeys/:id", p.Passkey)
	g.post("/admin/security/passkeys/:id", p.PasskeyChange)
	g.get("/admin/security/app", p.AppForm)
	g.post("/admin/security/app", p.AppConfirm)
	g.post("/admin/security/app/codes", p.AppCodes)
	g.post("/admin/security/app/remove", p.AppRemove)
}
