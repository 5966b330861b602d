package e2e_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// authenticator gives a window a device that holds passkeys and knows its owner.
func (x *tab) authenticator() webauthn.AuthenticatorID {
	x.t.Helper()
	if _, err := chromedp.Call(x.ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		x.t.Fatal(err)
	}
	made, err := chromedp.Call(x.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: "ctap2", Ctap2version: "ctap2_1", Transport: "internal", HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}})
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() {
		_, _ = chromedp.Call(x.ctx, webauthn.RemoveVirtualAuthenticator, webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: made.AuthenticatorID})
	})
	return made.AuthenticatorID
}

func (x *tab) knowsOwner(id webauthn.AuthenticatorID, yes bool) {
	x.t.Helper()
	if _, err := chromedp.Call(x.ctx, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: id, IsUserVerified: yes}); err != nil {
		x.t.Fatal(err)
	}
}

// own makes a member of staff for one test.
func own(t *testing.T, name string) {
	t.Helper()
	prepare(t)
	if err := world.server.command(staffPassword+"\n", "staff", "add", name, "--role", "auditor"); err != nil && !strings.Contains(err.Error(), "username_taken") {
		t.Fatal(err)
	}
}

// TestPasskeys walks the life of a passkey in a real browser: it is added and named,
// signs in without a name, proves again who somebody is, and is removed.
func TestPasskeys(t *testing.T) {
	v := variants()[0]
	own(t, "passkeys")
	x := newTab(t, v)
	device := x.authenticator()
	x.as("passkeys", staffPassword)
	x.open("/admin/security/passkeys/new")
	x.check("passkey.new")
	x.fill("#name", "My <phone>")
	x.press("[data-passkey-go]")
	x.at("/admin/security")
	x.check("passkey.added")
	if !strings.Contains(x.text("#passkeys ~ ul"), "My <phone>") && !strings.Contains(x.text("main"), "My <phone>") {
		t.Fatalf("the passkey is not listed: %s", x.text("main"))
	}

	x.signOut()
	x.open("/login")
	x.check("passkey.login")
	x.knowsOwner(device, false)
	x.do(chromedp.Click(chromedp.CSS("[data-passkey-go]")))
	x.until(`document.querySelector("[data-passkey-failed]")?.hidden === false`)
	x.knowsOwner(device, true)
	x.open("/login?next=/admin/people")
	x.press("[data-passkey-go]")
	x.at("/admin/people")

	x.open("/step-up")
	x.check("passkey.step_up")
	x.press("[data-passkey-go]")
	x.at("/admin")

	x.open("/admin/security")
	x.press("#passkeys ~ a, .entries a.btn")
	if x.has("[data-passkey]") {
		x.open("/admin/security")
		x.press(".entries a.btn")
	}
	x.check("passkey.one")
	x.fill("#name", "Old phone")
	x.press("button[value=rename]")
	x.wants(".entries", "Old phone")
	x.press(".entries a.btn")
	x.press("button[value=remove]")
	x.check("passkey.removed")
	x.signOut()
	x.open("/login")
	x.press("[data-passkey-go]") // the device still has it
	x.at("/login/passkey")
	x.check("passkey.refused")
}

// TestAuthenticatorApp adds an app, signs in with its code, and refuses it twice.
func TestAuthenticatorApp(t *testing.T) {
	for _, v := range []variant{{lang: "en", width: 1280, scripts: true}, {lang: "ar", width: 360}} {
		t.Run(v.String(), func(t *testing.T) {
			name := "app." + v.lang + world.database
			own(t, name)
			x := newTab(t, v)
			x.as(name, staffPassword)
			x.open("/admin/security/app")
			x.check("app.add")
			secret := x.text(".secret")
			x.fill("#code", "000000")
			x.press("form button[type=submit].btn:not(.tool)")
			x.check("app.refused")
			code := appCode(t, secret, time.Now())
			x.fill("#code", code)
			x.press("form button[type=submit].btn:not(.tool)")
			x.check("app.codes")
			recovery := x.text(".recovery li")
			x.open("/admin/security/app")
			x.check("app.on")

			x.signOut()
			in := func(code string) {
				x.open("/login")
				x.fill("#username", name)
				x.fill("#password", staffPassword)
				x.press("#login-submit")
				x.at("/login/second")
				x.fill("#code", code)
				x.press("main form button[type=submit]")
			}
			in(code) // it has been used
			x.check("app.used")
			if !x.has("#code[aria-invalid=true]") {
				t.Fatalf("%s: a code does twice", v)
			}
			x.fill("#code", recovery)
			x.press("main form button[type=submit]")
			x.at("/admin")
		})
	}
}

// TestStaffEnrolInBrowser: where staff need an app, the sign-in asks for one.
func TestStaffEnrolInBrowser(t *testing.T) {
	dir := t.TempDir()
	strict, err := startServer(dir, "sqlite:"+dir+"/registry.db", "SR_DEMO=false", "SR_STAFF_TOTP=required")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(strict.stop)
	if err := strict.command(staffPassword+"\n", "staff", "add", "first", "--role", "admin"); err != nil {
		t.Fatal(err)
	}
	x := newTab(t, variants()[0])
	x.on = strict
	x.signOut()
	x.open("/login?next=" + url.QueryEscape("/admin/people"))
	x.fill("#username", "first")
	x.fill("#password", staffPassword)
	x.press("#login-submit")
	x.at("/login/second")
	x.check("enrol.first")
	x.fill("#code", appCode(t, x.text(".secret"), time.Now()))
	x.press("main form button[type=submit]")
	x.check("enrol.codes")
	x.press("main .acts a.btn")
	x.at("/admin/people")
}
