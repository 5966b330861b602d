package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/registry"
)

// An administrator opens an account that is locked, with a reason.
func TestStaffAreLetInAgain(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		admin, path := w.staff("en", registry.RoleAdmin), "/admin/staff/auditor"
		if p := admin.get(path).want(t, http.StatusOK); strings.Contains(p.body, path+"/unlock") || strings.Contains(p.body, path+"/claim") || strings.Contains(p.body, path+"/app") {
			t.Error("there is nothing to open, no provider and no app")
		}
		for range registry.MaxFailures {
			w.browser("en").post("/login", url.Values{"username": {"auditor"}, "password": {"wrong"}})
		}
		p := admin.get(path).want(t, http.StatusOK, "Locked out", "nobody can sign in to this account until", `<details class="pad" id="unlock" open>`)
		for _, bad := range []string{" ", strings.Repeat("x", 401)} {
			p = admin.post(path+"/unlock", p.hidden(map[string]string{"unlock_reason": bad})).want(t, http.StatusUnprocessableEntity, `href="#unlock_reason"`, "Locked out")
		}
		p.want(t, http.StatusUnprocessableEntity, "This is too long.", strings.Repeat("x", 401))
		p = admin.post(path+"/unlock", p.hidden(map[string]string{"unlock_reason": "bad\x01"})).want(t, http.StatusUnprocessableEntity, `href="#unlock_reason"`)
		p = admin.post(path+"/unlock", p.hidden(map[string]string{"unlock_reason": "called, and it was them"})).want(t, http.StatusOK, "The account can sign in again.")
		if strings.Contains(p.body, path+"/unlock") || strings.Contains(p.body, "Locked out") {
			t.Error("still locked")
		}
		w.staff("en", registry.RoleAuditor).get("/admin/audit").want(t, http.StatusOK, "called, and it was them")
		for _, lang := range []string{"ar", "fr", "hi", "sw"} {
			for range registry.MaxFailures {
				w.browser(lang).post("/login", url.Values{"username": {"attester"}, "password": {"wrong"}})
			}
			w.staff(lang, registry.RoleAdmin).get("/admin/staff/attester").want(t, http.StatusOK, `id="unlock" open`)
		}
	})
}

// By which value of the provider staff are known is set and taken away, where there is
// a provider by whom they sign in.
func TestStaffAreKnownAtTheProvider(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		admin, path := w.staff("en", registry.RoleAdmin), "/admin/staff/auditor"
		admin.post(path+"/claim", admin.get(path).hidden(map[string]string{"staff_claim": "x@office.example", "claim_reason": "x"})).want(t, http.StatusNotFound)
		w.withProvider()
		admin = w.staff("en", registry.RoleAdmin)
		p := admin.get(path).want(t, http.StatusOK, "Known at", "National ID", "names its people by", `name="staff_claim"`)
		p = admin.post(path+"/claim", p.hidden(map[string]string{"staff_claim": "Amina@office.example"})).want(t, http.StatusUnprocessableEntity, `href="#claim_reason"`, "Say why", `value="Amina@office.example"`)
		p = admin.post(path+"/claim", p.hidden(map[string]string{"staff_claim": strings.Repeat("x", 201), "claim_reason": "new"})).want(t, http.StatusUnprocessableEntity, `href="#staff_claim"`, "at most 200", `value="new"`)
		p = admin.post(path+"/claim", p.hidden(map[string]string{"staff_claim": "Amina@office.example", "claim_reason": "new"})).want(t, http.StatusOK, "was changed", `value="amina@office.example"`)
		other := admin.get("/admin/staff/attester")
		admin.post("/admin/staff/attester/claim", other.hidden(map[string]string{"staff_claim": "amina@office.example", "claim_reason": "new"})).want(t, http.StatusUnprocessableEntity, `href="#staff_claim"`, "Another account is known")
		admin.post(path+"/claim", p.hidden(map[string]string{"staff_claim": "", "claim_reason": "left"}))
		admin.post(path+"/claim", admin.get(path).hidden(map[string]string{"staff_claim": "", "claim_reason": "left"})).want(t, http.StatusOK, "was changed")
		admin.post("/admin/staff/attester/claim", admin.get("/admin/staff/attester").hidden(map[string]string{"staff_claim": "amina@office.example", "claim_reason": "hers now"})).want(t, http.StatusOK, "was changed")
		for _, lang := range []string{"ar", "fr", "hi", "sw"} {
			w.staff(lang, registry.RoleAdmin).get("/admin/staff/attester").want(t, http.StatusOK, `value="amina@office.example"`, "National ID")
		}
	})
}

// Who lost the telephone is helped by an administrator, and by nobody else.
func TestAnAppIsTakenAway(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		lost, path := w.staff("en", registry.RoleAttester), "/admin/staff/attester"
		app := lost.get("/admin/security/app")
		lost.post("/admin/security/app", app.hidden(map[string]string{"code": w.codeOf(t, app)})).want(t, http.StatusOK)
		admin := w.staff("en", registry.RoleAdmin)
		p := admin.get(path).want(t, http.StatusOK, "Take the authenticator app away")
		p = admin.post(path+"/app", p.hidden(map[string]string{"app_reason": ""})).want(t, http.StatusUnprocessableEntity, `href="#app_reason"`)
		p = admin.post(path+"/app", p.hidden(map[string]string{"app_reason": "lost the telephone"})).want(t, http.StatusOK, "was taken away.")
		if strings.Contains(p.body, path+"/app") {
			t.Error("there is an app still")
		}
		if p := lost.get("/admin"); p.path != "/login" {
			t.Errorf("a session goes on, at %s", p.path)
		}
		w.staff("en", registry.RoleAttester).get("/admin").want(t, http.StatusOK)
		w.staff("en", registry.RoleAuditor).get("/admin/audit").want(t, http.StatusOK, "lost the telephone")
		admin.post(path+"/app", admin.get(path).hidden(map[string]string{"app_reason": "again"})).want(t, http.StatusNotFound)
		for _, role := range []registry.Role{registry.RoleRegistrar, registry.RoleAuditor} {
			for _, act := range []string{"/unlock", "/claim", "/app"} {
				w.staff("en", role).post(path+act, url.Values{"unlock_reason": {"x"}, "claim_reason": {"x"}, "app_reason": {"x"}}).want(t, http.StatusForbidden)
			}
		}
		admin.post("/admin/staff/"+uuid.NewString()+"/unlock", admin.get(path).hidden(map[string]string{"unlock_reason": "x"})).want(t, http.StatusNotFound)
	})
}
