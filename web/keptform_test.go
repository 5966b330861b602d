package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"socialregistry/registry"
)

// keptTour shows the page where a form waits, for TestEveryTemplate.
func keptTour(t *testing.T, w *world, lang string) []page {
	t.Helper()
	b := w.staff(lang, registry.RoleRegistrar)
	asks := w.signedOut(b, "/admin/people/new", url.Values{"f_given_name": {"Naserian"}, "step": {"save"}})
	return []page{asks, b.post("/login", asks.hidden(map[string]string{"username": "registrar", "password": password}))}
}

// signedOut sends a form of a browser whose session has ended since the form was opened.
func (w *world) signedOut(b *browser, path string, typed url.Values) page {
	w.t.Helper()
	form := b.get(path).hidden(nil)
	for name, values := range typed {
		form[name] = values
	}
	b.post("/logout", nil)
	return b.post(path, form)
}

var keptAt = regexp.MustCompile(`/(?:me|admin)/kept/[A-Za-z0-9_-]{43}`)

// What was typed when the session was over comes back after signing in: to its author,
// as it was typed, and nothing happens before it is sent again.
func TestTypedIsKeptOverASignIn(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		edit := me.get("/me/edit/contact")
		check := me.post("/me/edit/contact", edit.hidden(map[string]string{"f_locality": "Maralal <b>", "step": "check"}))
		w.pass(registry.SessionIdle)
		asks := me.post("/me/edit/contact", check.hidden(map[string]string{"step": "save"})).want(t, http.StatusUnauthorized, "waits for you for two hours", `action="/login"`)
		at := keptAt.FindString(asks.body)
		if at == "" || strings.Contains(asks.body, "Maralal") {
			t.Fatalf("kept at %q: %s", at, text(asks.body))
		}
		other := w.staff("en", registry.RoleRegistrar)
		for _, path := range []string{at, strings.Replace(at, "/me/", "/admin/", 1)} {
			if p := other.get(path); p.path != "/admin" || strings.Contains(p.body, "Maralal") {
				t.Errorf("another account is at %s: %s", p.path, text(p.body))
			}
		}
		other.post(at, nil) // throws away nothing of others
		p := me.post("/login", asks.hidden(map[string]string{"username": w.person.Number, "password": password})).want(t, http.StatusOK, "You are signed in again", `value="Maralal &lt;b&gt;"`)
		if p.path != at {
			t.Fatalf("at %s", p.path)
		}
		again := me.post("/me/edit/contact", p.hidden(nil)).want(t, http.StatusUnprocessableEntity, "You were signed out in between", `value="Maralal &lt;b&gt;"`)
		me.get("/me").want(t, http.StatusOK, "Kisima")
		me.post("/me/edit/contact", again.hidden(map[string]string{"f_locality": "Maralal", "step": "save"})).want(t, http.StatusOK, "Your changes are saved", "Maralal")
		if p := me.post(at, nil); p.path != "/me" {
			t.Errorf("thrown away, and at %s", p.path)
		}
		if p := me.get(at); p.path != "/me" {
			t.Errorf("it is still there: at %s", p.path)
		}
	})
}

// Nothing is kept without the token of a form of ours, from another site's page, or for
// long; nothing secret is kept at all.
func TestOnlyFormsOfOursAreKept(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.browser("en")
		for _, token := range []string{"", "x", strings.Repeat("a", 5000)} {
			if p := b.post("/admin/people/new", url.Values{"form": {token}, "f_given_name": {"Eve"}}).want(t, http.StatusUnauthorized, "Sign in"); keptAt.MatchString(p.body) {
				t.Errorf("%.10q was kept", token)
			}
		}
		admin := w.staff("en", registry.RoleAdmin)
		form := admin.get("/admin/staff/new").hidden(map[string]string{"username": "amina.k", "password": "the secret one", "reason": "new colleague"})
		admin.post("/logout", nil)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/admin/staff/new", strings.NewReader(form.Encode()))
		w.must(err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		if p := admin.do(req, nil).want(t, http.StatusForbidden); keptAt.MatchString(p.body) {
			t.Error("another site's form was kept")
		}
		asks := admin.post("/admin/staff/new", form).want(t, http.StatusUnauthorized)
		p := admin.post("/login", asks.hidden(map[string]string{"username": "admin", "password": password})).want(t, http.StatusOK, "amina.k", "new colleague")
		if strings.Contains(p.body, "the secret one") {
			t.Error("a passphrase stands in the page")
		}
		admin.post("/admin/staff/new", p.hidden(nil)).want(t, http.StatusUnprocessableEntity, "passphrases have to be given again", `value="amina.k"`, `value="new colleague"`)
		admin.get("/admin/staff/amina.k").want(t, http.StatusNotFound)
		at := keptAt.FindString(asks.body)
		w.pass(2 * time.Hour)
		if p := w.staff("en", registry.RoleAdmin).get(at); p.path != "/admin" {
			t.Errorf("after two hours at %s", p.path)
		}
		big := w.staff("en", registry.RoleRegistrar)
		if p := w.signedOut(big, "/admin/people/new", url.Values{"reason": {strings.Repeat("x", 70<<10)}}); keptAt.MatchString(p.body) {
			t.Error("too much was kept")
		}
	})
}

// A file that came with a form is named, to be chosen again.
func TestFilesAreNamedToBeChosenAgain(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleRegistrar)
		form := b.get("/admin/uploads/new").hidden(map[string]string{"mode": "update", "rule": "all", "reason": "the visit"})
		b.post("/logout", nil)
		asks := b.multipart("/admin/uploads", form, "visit <1>.csv", "given_name\nAmina\n").want(t, http.StatusUnauthorized, "Choose these again", "visit &lt;1&gt;.csv")
		p := b.post("/login", asks.hidden(map[string]string{"username": "registrar", "password": password})).want(t, http.StatusOK, "Choose these again", "visit &lt;1&gt;.csv", `enctype="multipart/form-data"`)
		b.multipart("/admin/uploads", p.hidden(nil), "", "").want(t, http.StatusUnprocessableEntity, "Choose a file", `value="the visit"`, `value="all" checked`)
	})
}

// Each way to sign in leads back to the form.
func TestEveryWayLeadsBackToTheForm(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		i := w.withProvider()
		i.claims = map[string]any{"sub": "s-1", "individual_id": "KE44712209"}
		w.attest(registry.StateAttested, "", "national_id")
		typed := url.Values{"f_locality": {"Maralal"}, "step": {"check"}}
		back := func(way string, p page) {
			if !keptAt.MatchString(p.path) || !strings.Contains(p.body, "Maralal") {
				t.Errorf("by %s at %s: %s", way, p.path, text(p.body))
			}
		}
		b := w.registrant("en")
		asks := w.signedOut(b, "/me/edit/contact", typed)
		b.get(regexp.MustCompile(`/login/provider\?next=[^"]+`).FindString(asks.body))
		back("provider", b.get(callback(i.state)))

		b = w.registrant("en") // whom a provider let in proves it once more before a contact changes
		asks = w.signedOut(b, "/me/edit/contact", typed)
		number := b.get(unescape(regexp.MustCompile(`/login/code\?next=[^"]+`).FindString(asks.body)))
		sent := b.post("/login/code", number.hidden(map[string]string{"number": w.person.Number}))
		back("code", b.post("/login/code/enter", sent.hidden(map[string]string{"code": w.codes(t)[0]})))

		asks = w.signedOut(b, "/me/edit/contact", typed)
		if !strings.Contains(asks.body, `data-passkey="get"`) || strings.Count(asks.body, `name="next" value="`+keptAt.FindString(asks.body)) != 2 {
			t.Errorf("the passkey does not lead back: %s", asks.body)
		}

		staff := w.staff("en", registry.RoleAuditor)
		p := staff.get("/admin/security/app")
		shown := appSecret.FindStringSubmatch(p.body)[1]
		staff.post("/admin/security/app", p.hidden(map[string]string{"code": w.appCode(t, shown)}))
		w.pass(30 * time.Second)
		asks = w.signedOut(staff, "/admin/tokens", url.Values{"token_name": {"Maralal"}})
		second := staff.post("/login", asks.hidden(map[string]string{"username": "auditor", "password": password})).want(t, http.StatusOK, "Second step")
		back("second factor", staff.post("/login/second", second.hidden(map[string]string{"code": w.appCode(t, shown)})))
	})
}

// A form for a ward waits until its guardian acts for the ward again.
func TestFormOfAWardWaits(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		ward := w.ward(t, "Ibou", w.person.ID)
		me := w.registrant("en")
		act(me, ward)
		asks := w.signedOut(me, "/me/edit/contact", url.Values{"f_locality": {"Wamba"}, "step": {"check"}})
		p := me.post("/login", asks.hidden(map[string]string{"username": w.person.Number, "password": password})).want(t, http.StatusOK, "somebody in your care")
		if strings.Contains(p.body, "Wamba") {
			t.Error("the ward's form is shown beside the own record")
		}
		act(me, ward)
		p = me.get(p.path).want(t, http.StatusOK, "You act for", `value="Wamba"`)
		me.post("/me/edit/contact", p.hidden(nil)).want(t, http.StatusOK, "You act for", "Wamba")
	})
}

// After the proof a passphrase that was typed before it is asked for again: none is made
// in its place. Who signs in anew instead comes back to the form as well.
func TestStepUpAsksForTheSecretAgain(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAdmin)
		open := b.get("/admin/staff/new")
		for range 2 {
			w.pass(8 * time.Minute)
			b.get("/admin")
		}
		kept := b.post("/admin/staff/new", open.hidden(map[string]string{"username": "amina.k", "role": "attester", "password": "the secret one", "reason": "new colleague"})).want(t, http.StatusForbidden, "Is it still you?")
		if strings.Contains(kept.body, "the secret one") {
			t.Error("a passphrase stands in the page")
		}
		kept = b.post("/admin/staff/new", kept.hidden(map[string]string{"step_up_password": "wrong"})).want(t, http.StatusForbidden)
		anew := regexp.MustCompile(`/login\?next=[^"]+`).FindString(kept.body)
		again := b.post("/admin/staff/new", kept.hidden(map[string]string{"step_up_password": password})).want(t, http.StatusUnprocessableEntity, "Type the passphrase or secret again", `value="amina.k"`, `value="new colleague"`)
		b.get("/admin/staff/amina.k").want(t, http.StatusNotFound)
		b.post("/admin/staff/new", again.hidden(map[string]string{"username": "amina.k", "role": "attester", "password": "the secret one", "reason": "new colleague"})).want(t, http.StatusOK, "amina.k")
		n := w.browser("en")
		n.post("/login", url.Values{"username": {"amina.k"}, "password": {"the secret one"}}).want(t, http.StatusOK, "Work queue")
		p := b.post("/login", b.get(anew).hidden(map[string]string{"username": "admin", "password": password}))
		if !keptAt.MatchString(p.path) {
			t.Errorf("signed in anew, and at %s", p.path)
		}
	})
}
