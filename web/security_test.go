package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/registry"
	"socialregistry/registry/totp"
)

var appSecret = regexp.MustCompile(`class="secret"><bdi dir="ltr">([A-Z2-7 ]+)<`)

// codeOf is the code of an app that has the secret on a page.
func (w *world) codeOf(t *testing.T, p page) string {
	t.Helper()
	m := appSecret.FindStringSubmatch(p.body)
	if m == nil {
		t.Fatalf("no secret at %s:\n%s", p.path, text(p.body))
	}
	return w.appCode(t, m[1])
}

func (w *world) appCode(t *testing.T, shown string) string {
	t.Helper()
	code, err := totp.Code(totp.Secret(strings.ReplaceAll(shown, " ", "")), w.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// securityTour opens every page about signing in, for a member of staff with an app
// and a registrant.
func securityTour(t *testing.T, w *world, lang string) (out []page) {
	t.Helper()
	add := func(p page) page {
		out = append(out, p)
		return p
	}
	name := "keeper-" + lang
	_, err := w.registry.CreateStaff(t.Context(), registry.System(), name, password, []registry.Role{registry.RoleAuditor})
	w.must(err)
	b := w.browser(lang)
	b.post("/login", url.Values{"username": {name}, "password": {password}})
	for _, path := range []string{"/admin/security", "/admin/security/passphrase", "/admin/security/passkeys/new", "/step-up"} {
		add(b.get(path))
	}
	p := add(b.get("/admin/security/app"))
	add(b.post("/admin/security/app", p.hidden(map[string]string{"code": "000000"})))
	codes := add(b.post("/admin/security/app", p.hidden(map[string]string{"code": w.codeOf(t, p)})))
	codes.want(t, http.StatusOK, `class="recovery"`)
	add(b.get("/admin/security/app"))
	second := w.browser(lang)
	add(second.post("/login", url.Values{"username": {name}, "password": {password}})).want(t, http.StatusOK, `action="/login/second"`)
	add(second.post("/login/second", url.Values{"code": {"000000"}}))
	out = append(out, w.enrolPage(t, lang))
	return out
}

// enrolPage is the page of a server where staff have to have an app.
func (w *world) enrolPage(t *testing.T, lang string) page {
	t.Helper()
	w.needTOTP(true)
	defer w.needTOTP(false)
	b := w.browser(lang)
	return b.post("/login", url.Values{"username": {"auditor"}, "password": {password}}).want(t, http.StatusOK, `action="/login/enrol"`)
}

func TestSecondFactor(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAdmin)
		p := b.get("/admin/security/app").want(t, http.StatusOK, "Scan the QR code")
		shown := appSecret.FindStringSubmatch(p.body)[1]
		bad := b.post("/admin/security/app", p.hidden(map[string]string{"code": "12"})).want(t, http.StatusUnprocessableEntity, "This code is not right", "4 tries")
		if again := appSecret.FindStringSubmatch(bad.body); again == nil || again[1] != shown {
			t.Error("the secret changes while it is typed")
		}
		codes := b.post("/admin/security/app", bad.hidden(map[string]string{"code": w.appCode(t, shown)})).want(t, http.StatusOK, "They are shown this once")
		recovery := regexp.MustCompile(`[0-9A-Z]{5}-[0-9A-Z]{5}`).FindAllString(codes.body, -1)
		if len(recovery) != registry.RecoveryCodes {
			t.Fatalf("%d recovery codes", len(recovery))
		}
		b.get("/admin/security").want(t, http.StatusOK, "10 recovery codes are left")

		w.pass(30 * time.Second)
		n := w.browser("en")
		p = n.post("/login", url.Values{"username": {"admin"}, "password": {password}, "next": {"/admin/people"}}).want(t, http.StatusOK, "Second step")
		n.get("/admin/people").want(t, http.StatusOK, "Sign in") // half-way is nobody
		n.post("/login/second", url.Values{"code": {""}}).want(t, http.StatusUnprocessableEntity, "This is needed")
		n.post("/login/second", url.Values{"code": {"000000"}}).want(t, http.StatusUnprocessableEntity, "4 tries are left")
		if p = n.post("/login/second", p.hidden(map[string]string{"code": w.appCode(t, shown)})); p.path != "/admin/people" {
			t.Fatalf("%d at %s", p.status, p.path)
		}
		if p = n.get("/login/second"); p.path != "/login" {
			t.Errorf("signed in, and asked again at %s", p.path)
		}
		m := w.browser("en")
		p = m.post("/login", url.Values{"username": {"admin"}, "password": {password}})
		if p = m.post("/login/second", p.hidden(map[string]string{"code": strings.ToLower(recovery[0])})); p.path != "/admin" {
			t.Errorf("by a recovery code: %d at %s", p.status, p.path)
		}
		p = b.get("/admin/security/app").want(t, http.StatusOK, "9 recovery codes are left")
		b.post("/admin/security/app/codes", p.hidden(nil)).want(t, http.StatusOK, "Recovery codes")
		p = b.get("/admin/security/app")
		b.post("/admin/security/app/remove", p.hidden(nil)).want(t, http.StatusOK, "The authenticator app is removed")
		w.staff("en", registry.RoleAdmin)
		w.registrant("en").get("/admin/security/app").want(t, http.StatusForbidden)
	})
}

func TestStaffEnrolFirst(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.needTOTP(true)
		b := w.browser("en")
		p := b.post("/login", url.Values{"username": {"auditor"}, "password": {password}}).want(t, http.StatusOK, "Everybody on the staff needs")
		if again := b.get("/admin"); again.path != "/login" {
			t.Errorf("without an app: %d at %s", again.status, again.path)
		}
		b.post("/login/enrol", p.hidden(map[string]string{"code": "1"})).want(t, http.StatusUnprocessableEntity, "4 tries are left")
		b.post("/login/enrol", p.hidden(map[string]string{"code": w.codeOf(t, p)})).want(t, http.StatusOK, "Recovery codes", `href="/admin"`)
		b.get("/admin").want(t, http.StatusOK)
		w.registrant("en").get("/me").want(t, http.StatusOK)
	})
}

func TestOwnSessions(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		one, two, other := w.staff("en", registry.RoleAdmin), w.staff("en", registry.RoleAdmin), w.staff("en", registry.RoleAuditor)
		w.staff("en", registry.RoleAuditor)
		p := one.get("/admin/security").want(t, http.StatusOK, "This one", "With a passphrase", "Unknown device")
		ids := regexp.MustCompile(`name="session" value="([0-9a-f-]{36})"`).FindAllStringSubmatch(p.body, -1)
		if len(ids) != 1 {
			t.Fatalf("%d sessions to end, want the other one", len(ids))
		}
		other.post("/admin/security/sessions", other.get("/admin/security").hidden(map[string]string{"session": ids[0][1]})).want(t, http.StatusNotFound)
		two.get("/admin").want(t, http.StatusOK, "Work queue")
		one.post("/admin/security/sessions", p.hidden(map[string]string{"session": ids[0][1]})).want(t, http.StatusOK, "The session has ended")
		if p := two.get("/admin"); p.path != "/login" {
			t.Errorf("the session goes on: at %s", p.path)
		}
		w.staff("en", registry.RoleAdmin)
		one.post("/admin/security/sessions", one.get("/admin/security").hidden(map[string]string{"session": "nonsense"})).want(t, http.StatusNotFound)
		p = one.get("/admin/security")
		one.post("/admin/security/sessions", p.hidden(map[string]string{"session": "others"})).want(t, http.StatusOK, "signed out everywhere else")
		other.get("/me/security").want(t, http.StatusForbidden)
	})
}

func TestOwnPassphrase(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		const fresh = "seven blue kettles"
		b := w.registrant("en")
		p := b.get("/me/security/passphrase").want(t, http.StatusOK, "Change the passphrase")
		b.post("/me/security/passphrase", p.hidden(map[string]string{"old": "", "password": fresh, "repeat": fresh})).want(t, http.StatusUnprocessableEntity, "This is needed")
		b.post("/me/security/passphrase", p.hidden(map[string]string{"old": password, "password": fresh, "repeat": "x"})).want(t, http.StatusUnprocessableEntity, "not the same")
		b.post("/me/security/passphrase", p.hidden(map[string]string{"old": "wrong", "password": fresh, "repeat": fresh})).want(t, http.StatusUnprocessableEntity, "not the passphrase of this account", "4 tries")
		b.post("/me/security/passphrase", p.hidden(map[string]string{"old": password, "password": "short", "repeat": "short"})).want(t, http.StatusUnprocessableEntity, "at least 10")
		b.post("/me/security/passphrase", p.hidden(map[string]string{"old": password, "password": fresh, "repeat": fresh})).want(t, http.StatusOK, "The passphrase is changed")
		n := w.browser("en")
		if p := n.post("/login", url.Values{"username": {w.person.Number}, "password": {fresh}}); p.path != "/me" {
			t.Errorf("with the new one: %d at %s", p.status, p.path)
		}
	})
}

// An old proof is asked for before the form, and again when the form is sent; what was
// typed goes on.
func TestStepUp(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleRegistrar)
		at := "/admin/people/" + w.person.ID.String() + "/code"
		open := b.get(at).want(t, http.StatusOK)
		for range 2 {
			w.pass(8 * time.Minute)
			b.get("/admin").want(t, http.StatusOK) // is not idle
		}
		p := b.get(at).want(t, http.StatusOK, "Is it still you?")
		if p.path != "/step-up" {
			t.Fatalf("at %s", p.path)
		}
		p = b.post("/step-up", p.hidden(map[string]string{"step_up_password": "wrong"})).want(t, http.StatusUnprocessableEntity, "4 tries")
		b.post("/step-up", p.hidden(map[string]string{"step_up_password": ""})).want(t, http.StatusUnprocessableEntity, "This is needed")
		kept := b.post(at, open.hidden(map[string]string{"note": "<typed> ق"})).want(t, http.StatusForbidden, "Nothing that you typed is lost", `name="note" value="&lt;typed&gt; ق"`)
		b.post(at, kept.hidden(map[string]string{"step_up_password": "wrong"})).want(t, http.StatusForbidden, "tries")
		b.post(at, kept.hidden(map[string]string{"step_up_password": password})).want(t, http.StatusOK, "Activation code")
		b.get(at).want(t, http.StatusOK, `name="form"`)
		for range 2 {
			w.pass(8 * time.Minute)
			b.get("/admin")
		}
		p = b.get(at)
		if p = b.post("/step-up", p.hidden(map[string]string{"step_up_password": password})); p.path != at {
			t.Errorf("after the proof at %s", p.path)
		}
		b.post("/step-up", url.Values{"next": {"//evil.example"}, "step_up": {"1"}, "step_up_password": {password}}).want(t, http.StatusOK, "Work queue")
		if p := w.browser("en").get("/step-up"); p.path != "/login" {
			t.Errorf("nobody at %s", p.path)
		}
	})
}

// What a browser may send without a passkey is told, and no more.
func TestPasskeyPages(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAuditor)
		begun := b.post("/admin/security/passkeys/begin", url.Values{}).want(t, http.StatusOK, `"ticket":`, `"residentKey":"required"`)
		if kind := begun.header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
			t.Error(kind)
		}
		p := b.get("/admin/security/passkeys/new").want(t, http.StatusOK, "Make the passkey now")
		b.post("/admin/security/passkeys", p.hidden(map[string]string{"name": "phone", "ticket": "x", "answer": "{}"})).want(t, http.StatusUnprocessableEntity, "This took too long", `value="phone"`)
		b.post("/admin/security/passkeys", p.hidden(map[string]string{"name": ""})).want(t, http.StatusUnprocessableEntity, "This is needed")
		b.get("/admin/security/passkeys/"+uuid.NewString()).want(t, http.StatusNotFound)
		b.post("/admin/security/passkeys/nonsense", p.hidden(map[string]string{"name": "x"})).want(t, http.StatusNotFound)
		n := w.browser("en")
		n.get("/login").want(t, http.StatusOK, `data-begin="/login/passkey/begin" hidden`)
		n.post("/login/passkey/begin", url.Values{}).want(t, http.StatusOK, `"userVerification":"required"`)
		n.post("/login/passkey", url.Values{"ticket": {"x"}, "answer": {"{}"}}).want(t, http.StatusUnprocessableEntity, "This took too long")
		if p := n.post("/admin/security/passkeys/begin", url.Values{}); p.status != http.StatusUnauthorized {
			t.Errorf("nobody begins a passkey: %d", p.status)
		}
	})
}
