package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"socialregistry/registry"
)

var secretShown = regexp.MustCompile(`<p class="secret"><bdi dir="ltr">([^<]+)<`)

// accessTour opens the pages of staff accounts and tokens for TestEveryTemplate.
func accessTour(admin *browser) []page {
	list := admin.get("/admin/tokens")
	return []page{list, admin.get("/admin/roles"), admin.get("/admin/staff"), admin.get("/admin/staff/new"), admin.get("/admin/staff/auditor"),
		admin.post("/admin/tokens", list.hidden(map[string]string{"token_name": "report", "scopes": "people:read", "days": "7", "reason": "a report"}))}
}

func TestAnAccountIsOpenedOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAdmin)
		form := b.get("/admin/staff/new").want(t, http.StatusOK, "Leave it empty").hidden(map[string]string{"username": "Amani.K", "role": "attester", "reason": "a new colleague"})
		shown := b.post("/admin/staff/new", form).want(t, http.StatusOK, "shown once", "amani.k")
		m := secretShown.FindStringSubmatch(shown.body)
		if m == nil {
			t.Fatal("no passphrase is shown")
		}
		again := b.post("/admin/staff/new", form) // the browser sends it again
		if again.path != "/admin/staff/amani.k" || strings.Contains(again.body, m[1]) {
			t.Errorf("sent again: at %s", again.path)
		}
		b.get("/admin/staff").want(t, http.StatusOK, "amani.k", "Attester · everywhere")
		if p := w.browser("en").post("/login", url.Values{"username": {"amani.k"}, "password": {m[1]}}); p.path != "/admin" {
			t.Errorf("the passphrase that was shown does not open the account: at %s", p.path)
		}
		for name, want := range map[string]string{"admin": "already", "new": "3 to 40", "X y": "3 to 40"} {
			b.post("/admin/staff/new", b.get("/admin/staff/new").hidden(map[string]string{"username": name, "role": "auditor", "reason": "x"})).want(t, http.StatusUnprocessableEntity, want)
		}
		b.post("/admin/staff/new", b.get("/admin/staff/new").hidden(map[string]string{"username": "other", "role": "auditor", "password": "short", "reason": "x"})).want(t, http.StatusUnprocessableEntity, "at least 10")
		b.post("/admin/staff/new", b.get("/admin/staff/new").hidden(map[string]string{"username": "other", "role": "auditor", "area": "NOWHERE", "reason": "x"})).want(t, http.StatusUnprocessableEntity, "no such area", `value="NOWHERE"`)
	})
}

func TestRolesAreGivenAndTaken(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAdmin)
		give := func(values map[string]string) page {
			return b.post("/admin/staff/auditor/grant", b.get("/admin/staff/auditor").hidden(values))
		}
		give(map[string]string{"role": "attester", "kind": "person", "section": "contact", "reason": "helps out"}).want(t, http.StatusOK, "The role was given.", "Attester · everywhere · People · Contact")
		give(map[string]string{"role": "attester", "kind": "person", "section": "contact", "reason": "helps out"}).want(t, http.StatusUnprocessableEntity, "already")
		give(map[string]string{"role": "attester"}).want(t, http.StatusUnprocessableEntity, "Say why")
		page := b.get("/admin/staff/auditor")
		id := regexp.MustCompile(`<option value="([0-9a-f-]{36})"[^>]*>Attester`).FindStringSubmatch(page.body)
		if id == nil {
			t.Fatal("the role cannot be chosen")
		}
		b.post("/admin/staff/auditor/revoke-role", page.hidden(map[string]string{"assignment": id[1]})).want(t, http.StatusUnprocessableEntity, "Say why")
		b.post("/admin/staff/auditor/revoke-role", b.get("/admin/staff/auditor").hidden(map[string]string{"assignment": id[1], "revoke_reason": "is back"})).want(t, http.StatusOK, "The role was taken away.")
		b.post("/admin/staff/auditor/revoke-role", b.get("/admin/staff/auditor").hidden(map[string]string{"assignment": "x", "revoke_reason": "y"})).want(t, http.StatusNotFound)
		b.post("/admin/staff/admin/disable", b.get("/admin/staff/admin").hidden(nil)).want(t, http.StatusUnprocessableEntity, "Somebody must keep the registry")
		b.post("/admin/staff/auditor/disable", b.get("/admin/staff/auditor").hidden(nil)).want(t, http.StatusOK, "The account is closed.", "Closed on")
		b.post("/admin/staff/auditor/password", b.get("/admin/staff/auditor").hidden(map[string]string{"password": "another green kettle"})).want(t, http.StatusOK, "The passphrase was changed.")
		b.get("/admin/staff/nobody-here").want(t, http.StatusNotFound)
	})
}

func TestStaffIsForAdministrators(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		for _, role := range []registry.Role{registry.RoleRegistrar, registry.RoleAuditor} {
			b := w.staff("en", role)
			for _, path := range []string{"/admin/staff", "/admin/staff/new", "/admin/staff/admin"} {
				b.get(path).want(t, http.StatusForbidden, "Administrator")
			}
			for _, path := range []string{"/admin/staff/new", "/admin/staff/admin/grant", "/admin/staff/admin/revoke-role", "/admin/staff/admin/password", "/admin/staff/admin/disable"} {
				b.post(path, url.Values{"role": {"admin"}, "reason": {"x"}, "password": {"six green kettles"}}).want(t, http.StatusForbidden)
			}
			b.get("/admin/roles").want(t, http.StatusOK, "Definitions of details", "Whole registry")
		}
	})
}

func TestATokenIsShownOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAuditor)
		page := b.get("/admin/tokens").want(t, http.StatusOK, "No program acts for this account.", "Read people and groups")
		b.post("/admin/tokens", page.hidden(map[string]string{"token_name": " ", "days": "7", "reason": "x"})).want(t, http.StatusUnprocessableEntity, "This is needed.")
		b.post("/admin/tokens", b.get("/admin/tokens").hidden(map[string]string{"token_name": "a", "scopes": "everything", "days": "7", "reason": "x"})).want(t, http.StatusUnprocessableEntity, "no such permission")
		form := b.get("/admin/tokens").hidden(map[string]string{"token_name": "Monthly report", "scopes": "people:read", "days": "30", "reason": "the ministry"})
		shown := b.post("/admin/tokens", form).want(t, http.StatusOK, "sr_pat_", "never again")
		token := secretShown.FindStringSubmatch(shown.body)[1]
		list := b.post("/admin/tokens", form)
		if strings.Contains(list.body, token) || list.path != "/admin/tokens" {
			t.Errorf("the token is shown again at %s", list.path)
		}
		list.want(t, http.StatusOK, "Monthly report", "Good")
		id := regexp.MustCompile(`<option value="([0-9a-f-]{36})"`).FindStringSubmatch(list.body)[1]
		w.staff("en", registry.RoleAdmin).get("/admin/staff/auditor").want(t, http.StatusOK, "Monthly report")
		other := w.staff("en", registry.RoleRegistrar)
		other.post("/admin/tokens/revoke", other.get("/admin/tokens").hidden(map[string]string{"token": id})).want(t, http.StatusNotFound)
		b.post("/admin/tokens/revoke", list.hidden(map[string]string{"token": id})).want(t, http.StatusOK, "The token was revoked.", "Revoked")
		b.post("/admin/tokens/revoke", list.hidden(map[string]string{"token": "x"})).want(t, http.StatusNotFound)
	})
}
