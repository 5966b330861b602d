package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"socialregistry/registry"
)

// shelves are the definitions that a list and a form are all of: a good one, what is
// wrong with another, and what is said of it.
func shelves() map[string]struct {
	good, bad map[string]string
	says      string
} {
	return map[string]struct {
		good, bad map[string]string
		says      string
	}{
		"/admin/group-kinds": {map[string]string{"key": "club", "label_en": "Club", "max_members": "20", "member_kinds": "person", "member_roles": "member | en: Member\nchair * | en: Chair"},
			map[string]string{"key": "Club 2", "label_en": "", "max_members": "0"}, "Member"},
		"/admin/identifier-types": {map[string]string{"key": "club_card", "label_en": "Club card", "check_rule": "luhn", "normalisation": "digits", "expires": "never", "kinds": "person", "edit_by": "admin", "active": "1"},
			map[string]string{"pattern": "(", "label_en": ""}, "Luhn"},
		"/admin/attestation-statuses": {map[string]string{"key": "no_letter", "label_en": "No letter", "means": "REJECTED"},
			map[string]string{"key": "attested", "label_en": "x"}, "Everybody"},
	}
}

func shelfTour(admin *browser) (out []page) {
	for path := range shelves() {
		out = append(out, admin.get(path), admin.get(path+"/new"))
	}
	return out
}

func TestDefinitionsAreMadeAndChanged(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAdmin)
		for path, x := range shelves() {
			send := func(at string, over map[string]string) page {
				form := b.get(at).want(t, http.StatusOK).hidden(x.good)
				form.Set("reason", "it is needed")
				for k, v := range over {
					form.Set(k, v)
				}
				return b.post(at, form)
			}
			at := path + "/" + x.good["key"]
			send(path+"/new", x.bad).want(t, http.StatusUnprocessableEntity, "Please look at this again")
			send(path+"/new", map[string]string{"reason": ""}).want(t, http.StatusUnprocessableEntity, "Say why", x.good["label_en"])
			send(path+"/new", nil).want(t, http.StatusOK, "Saved.", x.good["label_en"])
			send(path+"/new", nil).want(t, http.StatusUnprocessableEntity, "with this key")
			b.get(path).want(t, http.StatusOK, x.good["label_en"], x.says, at)
			stale := b.get(at)
			send(at, map[string]string{"label_en": "Other words"}).want(t, http.StatusOK, "Other words")
			form := stale.hidden(x.good)
			form.Set("form", b.get(at).hidden(nil).Get("form"))
			form.Set("label_en", "My words")
			form.Set("reason", "late")
			again := b.post(at, form).want(t, http.StatusConflict, "Somebody else has changed this", "Other words", "My words")
			again2 := again.hidden(x.good)
			again2.Set("label_en", "My words")
			again2.Set("reason", "mine")
			b.post(at, again2).want(t, http.StatusOK, "Saved.", "My words")
			b.get(path+"/no_such_thing").want(t, http.StatusNotFound)
		}
	})
}

func TestDefinitionsAreReadByAuditors(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b, registrar := w.staff("en", registry.RoleAuditor), w.staff("en", registry.RoleRegistrar)
		for path := range shelves() {
			b.get(path).want(t, http.StatusOK)
			b.get(path+"/new").want(t, http.StatusForbidden, "Administrator")
			b.post(path+"/new", url.Values{"key": {"x"}, "reason": {"x"}}).want(t, http.StatusForbidden)
			registrar.get(path).want(t, http.StatusForbidden)
		}
		p := b.get("/admin/group-kinds/household").want(t, http.StatusOK, "Household")
		if strings.Contains(p.body, `action="/admin/group-kinds`) {
			t.Error("an auditor is offered a form")
		}
		b.post("/admin/group-kinds/household", url.Values{"reason": {"x"}}).want(t, http.StatusForbidden)
	})
}
