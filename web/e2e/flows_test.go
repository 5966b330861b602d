package e2e_test

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestFlows goes the whole way in every variant, through the forms alone: a
// person is registered and given a code, activates, edits, is attested, takes a
// credential into a wallet, changes a detail and is told what follows. Every
// page on the way is looked at.
func TestFlows(t *testing.T) {
	for _, v := range variants() {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			f := &flow{tab: newTab(t, v), name: "Naserian " + strings.ToUpper(v.lang)}
			f.register()
			f.activate()
			f.editOwn()
			f.attest()
			f.offer()
			f.change()
			f.signOutByForm()
		})
	}
}

type flow struct {
	*tab
	name, number, code, person string
}

const ownPassphrase = "six green kettles"

func (f *flow) register() {
	f.open("/login")
	f.fill("#username", "registrar")
	f.fill("#password", "not the password")
	f.press("main form button[type=submit]")
	f.check("flow_login_refused")
	if !f.has("#username[aria-invalid=true]") {
		f.t.Fatalf("%s: a wrong password is not told", f.v)
	}
	f.fill("#username", "registrar")
	f.fill("#password", staffPassword)
	f.press("main form button[type=submit]")
	f.at("/admin")

	f.open("/admin/people/new")
	f.fill("#f_given_name", f.name)
	f.fill("#f_birth_date", "2999-01-01")
	f.press("button[value=save]")
	f.check("flow_register_refused")
	f.fill("#f_family_name", "Lekuton")
	f.fill("#f_birth_date", "1991-04-02")
	f.fill("#f_locality", "Kisima")
	f.fill("#reason", "First visit at the office")
	f.press("button[value=save]")
	if f.has("button[name=other]") { // somebody of another variant has such a name
		f.check("flow_register_likely")
		f.press("button[name=other]")
	}
	f.check("flow_registered")
	f.person = eval[string](f.tab, "location.pathname")
	f.number = regexp.MustCompile(`SR-\d{11}`).FindString(f.text("main"))

	f.open(f.person + "/code")
	f.press("main form button[type=submit]")
	f.check("flow_code_slip")
	f.code = f.text(".slip .code")
	if f.number == "" || len(f.code) != 9 {
		f.t.Fatalf("%s: number %q, code %q", f.v, f.number, f.code)
	}
}

func (f *flow) activate() {
	f.signOut()
	f.open("/activate")
	f.fill("#number", strings.ToLower(f.number))
	f.fill("#code", "0000 0000")
	f.fill("#passphrase", ownPassphrase)
	f.fill("#repeat", ownPassphrase)
	f.press("main form button[type=submit]")
	f.check("flow_activate_refused")
	f.fill("#code", strings.ReplaceAll(f.code, " ", ""))
	f.fill("#passphrase", ownPassphrase)
	f.fill("#repeat", ownPassphrase)
	f.press("main form button[type=submit]")
	f.at("/me")
	f.check("flow_me_new")
}

func (f *flow) editOwn() {
	f.open("/me/edit/contact")
	f.fill("#f_email", "no address")
	f.press("button[value=check]")
	f.check("flow_edit_refused")
	f.fill("#f_email", "naserian@example.org")
	f.fill("#f_locality", "Maralal")
	f.press("button[value=check]")
	f.check("flow_edit_check")
	f.press("button[value=save]")
	f.at("/me")
	f.wants(".notice.ok", "naserian@example.org", "Maralal")
}

func (f *flow) attest() {
	f.as("attester", staffPassword)
	f.open(f.person + "/attest")
	for _, field := range []string{"given_name", "family_name", "birth_date"} {
		f.tick("#p-" + field)
	}
	f.press("button[value=attest]")
	f.check("flow_attested")
	f.tick("#p-locality")
	f.press("button[value=reject]") // without a comment
	f.check("flow_reject_refused")
	f.fill("#comment", "The letter from the chief is not readable. Please bring it again.")
	f.press("button[value=reject]")
	f.check("flow_rejected")
	f.as(f.number, ownPassphrase)
	f.open("/me")
	f.check("flow_me_attested")
	f.wants(".badge.bad", "The letter from the chief")
}

// offer makes an offer with a PIN, sees it wait, gives it to a wallet, and sees
// the page turn to issued: by itself where scripts run, else by the link that
// looks again. (A page that reloads by a timer fails WCAG 2.2.1.)
func (f *flow) offer() {
	f.open("/me/credentials")
	f.check("flow_credentials_ready")
	f.press("main .card a.btn")
	f.tick("#pin")
	f.press("main form button[type=submit]")
	f.check("flow_offer_waiting")
	link := eval[string](f.tab, `document.querySelector(".ways a.btn").getAttribute("href")`)
	if err := takeCredential(link, f.text(".ways .pin")); err != nil {
		f.t.Fatalf("%s: wallet: %v", f.v, err)
	}
	if f.v.scripts {
		f.until(`document.querySelector("#offer")?.dataset.state === "issued"`)
	} else {
		f.press("[data-without] a")
	}
	f.check("flow_offer_issued")
	f.wants(`#offer[data-state="issued"] .badge.ok`, "")
	f.open("/me/credentials")
	f.check("flow_credentials_issued")
	f.wants(".badge.ok", "")
}

// change edits a detail that is in the credential, at the office, and is told
// that the credential will be withdrawn.
func (f *flow) change() {
	f.as("registrar", staffPassword)
	f.open(f.person + "/edit")
	f.fill("#f_family_name", "Lekuton-Letoiye")
	f.fill("#reason", "Married; certificate seen")
	f.press("button[value=check]")
	f.check("flow_change_check")
	if n := eval[int](f.tab, `document.querySelectorAll(".notice.wait li").length`); n != 3 {
		f.t.Errorf("%s: %d consequences are told, want 3: %s", f.v, n, f.text(".notice.wait"))
	}
	f.press("button[value=save]")
	f.check("flow_changed")
	f.as(f.number, ownPassphrase)
	deadline := time.Now().Add(30 * time.Second) // the follower withdraws soon after
	for f.open("/me/credentials"); !f.has(".badge.chg"); f.open("/me/credentials") {
		if time.Now().After(deadline) {
			f.t.Fatalf("%s: the credential was not withdrawn", f.v)
		}
	}
	f.check("flow_credentials_outdated")
}

func (f *flow) signOutByForm() {
	f.open("/me")
	f.press("header form button")
	f.at("/")
	f.open("/me")
	f.at("/login")
}

// wants fails unless the selector and the words are on the page.
func (x *tab) wants(selector string, texts ...string) {
	x.t.Helper()
	if !x.has(selector) {
		x.t.Errorf("%s: no %s at %s", x.v, selector, x.where())
	}
	main := x.text("main")
	for _, text := range texts {
		if !strings.Contains(main, text) {
			x.t.Errorf("%s: %q is not on the page: %s", x.v, text, main)
		}
	}
}

// until waits for a condition in the page, which may load anew meanwhile.
func (x *tab) until(condition string) {
	x.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !eval[bool](x, "Boolean("+condition+") && document.readyState === 'complete'") {
		if time.Now().After(deadline) {
			x.t.Fatalf("%s: never: %s", x.v, condition)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
