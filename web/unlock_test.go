package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"socialregistry/registry"
)

// Who is locked out is told until when and who helps; the office opens the way again
// with a reason, and the person is told.
func TestUnlockAtTheOffice(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.registrant("en")
		b := w.browser("en")
		var p page
		for range registry.MaxFailures {
			p = b.post("/login", url.Values{"username": {w.person.Number}, "password": {"wrong"}})
		}
		p.want(t, http.StatusUnprocessableEntity, "try again after", "registration office")
		path := "/admin/people/" + w.person.ID.String()
		if p := w.staff("en", registry.RoleAttester).get(path); strings.Contains(p.body, "/unlock") {
			t.Error("an attester is shown the way")
		}
		office := w.staff("en", registry.RoleRegistrar)
		locked := office.get(path).want(t, http.StatusOK, "cannot sign in", path+"/unlock")
		w.staff("en", registry.RoleAttester).post(path+"/unlock", url.Values{"unlock-reason": {"x"}}).want(t, http.StatusUnprocessableEntity)
		office.post(path+"/unlock", locked.hidden(map[string]string{"unlock-reason": ""})).want(t, http.StatusOK, "This is needed.", "cannot sign in")
		done := office.post(path+"/unlock", office.get(path).hidden(map[string]string{"unlock-reason": "showed the card"})).want(t, http.StatusOK, "can sign in again")
		if strings.Contains(done.body, path+"/unlock") {
			t.Error("still locked")
		}
		if p := b.post("/login", url.Values{"username": {w.person.Number}, "password": {password}}); p.path != "/me" {
			t.Fatalf("at %s: %s", p.path, text(p.body))
		}
		w.follow(t)
		b.get("/me/messages").want(t, http.StatusOK, "opened your sign-in again")
		b.get("/me/history").want(t, http.StatusOK, "showed the card")
	})
}
