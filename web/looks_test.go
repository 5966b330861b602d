package web_test

import (
	"net/http"
	"strings"
	"testing"

	"socialregistry/registry"
)

// TestThePersonSeesWhoLooked: staff who open a record are seen by the person, by their
// role alone, and by administrators; the messages say so, count as new until they are
// read, and go where the person wants.
func TestThePersonSeesWhoLooked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		me := w.registrant("en")
		w.staff("en", registry.RoleAttester).get("/admin/people/"+w.person.ID.String()).want(t, http.StatusOK, "Amina")
		_, _, err := w.issuer.Follow(t.Context())
		w.must(err)
		me.get("/me").want(t, http.StatusOK, "(One new)")
		me.get("/me/looks").want(t, http.StatusOK, "Who looked at your record", "Attester")
		page := me.get("/me/messages").want(t, http.StatusOK, "Your record was looked at:", "Attester", "Also send them to me")
		if text := text(me.get("/me").body); strings.Contains(text, "new)") {
			t.Error("what was read is still new")
		}
		me.post("/me/messages", page.hidden(map[string]string{})).want(t, http.StatusOK, "Saved.")
		if _, only, err := w.issuer.MessageChoice(t.Context(), registry.Actor{Roles: []registry.Role{registry.RoleRegistrant}, RegistrantID: w.person.ID}); err != nil || !only {
			t.Errorf("chosen: %v, %v, want the portal alone", only, err)
		}
		w.staff("en", registry.RoleAdmin).get("/admin/people/"+w.person.ID.String()+"/looks").want(t, http.StatusOK, "attester", "Attester", "Who looked")
		w.staff("en", registry.RoleRegistrar).get("/admin/people/"+w.person.ID.String()+"/looks").want(t, http.StatusForbidden)
	})
}
