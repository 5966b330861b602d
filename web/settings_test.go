package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"socialregistry/registry"
)

// settingsTour opens the pages of the settings for TestEveryTemplate.
func settingsTour(admin *browser) []page {
	own := []page{admin.get("/admin/settings"), admin.get("/admin/fields"), admin.get("/admin/fields/new"), admin.get("/admin/issued"), admin.get("/admin/offers"), admin.get("/admin/credentials"), admin.get(onePerson), admin.get(onePerson + "/edit")}
	return slices.Concat(own, accessTour(admin), shelfTour(admin), trustTour(admin))
}

// fieldForm is a definition that is right, over what the page hides.
func fieldForm(p page, values map[string]string) url.Values {
	form := p.hidden(map[string]string{"key": "shoe_size", "type": "number", "section": "other", "position": "900", "label_en": "Shoe size", "label_ar": "مقاس الحذاء",
		"min": "10", "max": "60", "attestable": "1", "issuable": "1", "edit_by": "registrar", "kinds": "person", "step": "save", "reason": "shoes are handed out"})
	form.Add("edit_by", "admin")
	for k, v := range values {
		form.Set(k, v)
	}
	return form
}

func TestSettingsShowsWhatOneMayOpen(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.staff("en", registry.RoleAdmin).get("/admin/settings").want(t, http.StatusOK, "/admin/fields", "/admin/staff", "/admin/keys", "/admin/tokens")
		p := w.staff("en", registry.RoleAttester).get("/admin/settings").want(t, http.StatusOK, "/admin/tokens", "/admin/roles")
		for _, hidden := range []string{`href="/admin/fields"`, `href="/admin/staff"`, `href="/admin/keys"`} {
			if strings.Contains(p.body, hidden) {
				t.Errorf("an attester is shown %s", hidden)
			}
		}
		w.staff("en", registry.RoleAttester).get("/admin/fields").want(t, http.StatusForbidden, "Administrator", "Auditor")
		w.registrant("en").get("/admin/settings").want(t, http.StatusForbidden)
	})
}

func TestAFieldIsDefinedFromThePages(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAdmin)
		empty := b.get("/admin/fields/new").want(t, http.StatusOK, "Preview, without saving")
		b.post("/admin/fields/new", fieldForm(empty, map[string]string{"step": "preview"})).want(t, http.StatusOK, "Shoe size", `"shoe_size": "10"`, "/vocab#shoe_size", `value="900"`)
		b.get("/admin/fields/shoe_size").want(t, http.StatusNotFound)
		b.post("/admin/fields/new", fieldForm(empty, map[string]string{"min": "small", "label_en": "", "section": "Not a section"})).
			want(t, http.StatusUnprocessableEntity, "Small letters", "English is needed", `value="small"`, `href="#section"`)
		b.post("/admin/fields/new", fieldForm(empty, map[string]string{"reason": " "})).want(t, http.StatusUnprocessableEntity, "Say why")
		b.post("/admin/fields/new", fieldForm(empty, nil)).want(t, http.StatusOK, "Saved.", "Shoe size", "The first version", "shoes are handed out")
		b.post("/admin/fields/new", fieldForm(b.get("/admin/fields/new"), nil)).want(t, http.StatusUnprocessableEntity, "There is a detail with this key.")
		b.get("/admin/fields").want(t, http.StatusOK, "/admin/fields/shoe_size")
		b.get("/admin/people/"+w.person.ID.String()+"/edit").want(t, http.StatusOK, "Shoe size")
		b.get("/admin/fields?kind=group").want(t, http.StatusOK)
	})
}

func TestADefinitionChangesByVersions(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAdmin)
		b.post("/admin/fields/new", fieldForm(b.get("/admin/fields/new"), nil)).want(t, http.StatusOK)
		edit := b.get("/admin/fields/shoe_size/edit").want(t, http.StatusOK, "Number")
		late := fieldForm(edit, map[string]string{"max": "70", "reason": "giants"})
		b.post("/admin/fields/shoe_size/edit", fieldForm(edit, map[string]string{"max": "65", "reason": "tall people"})).want(t, http.StatusOK, "\u2068Greatest value\u2069: \u206860\u2069 → \u206865\u2069", "tall people")
		late.Set("form", b.get("/admin/fields/shoe_size/edit").hidden(nil).Get("form"))
		stale := b.post("/admin/fields/shoe_size/edit", late).want(t, http.StatusConflict, "Somebody else has changed this", "70", "65")
		again := fieldForm(stale, map[string]string{"max": "70", "reason": "giants"})
		b.post("/admin/fields/shoe_size/edit", again).want(t, http.StatusOK, "\u206865\u2069 → \u206870\u2069")
		b.post("/admin/fields/shoe_size/edit", fieldForm(b.get("/admin/fields/shoe_size/edit"), map[string]string{"issuable": ""})).want(t, http.StatusUnprocessableEntity, "cannot be changed any more")
		show := b.get("/admin/fields/shoe_size")
		b.post("/admin/fields/shoe_size/retire", show.hidden(nil)).want(t, http.StatusUnprocessableEntity, "Say why")
		b.post("/admin/fields/shoe_size/retire", show.hidden(map[string]string{"reason": "no more shoes"})).want(t, http.StatusOK, "Out of use")
		b.post("/admin/fields/shoe_size/revive", b.get("/admin/fields/shoe_size").hidden(map[string]string{"reason": "shoes again"})).want(t, http.StatusOK, "In use again")
	})
}

func TestFieldsAreKeptFromOthers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		auditor := w.staff("en", registry.RoleAuditor)
		p := auditor.get("/admin/fields/phone_number").want(t, http.StatusOK, "phone_number")
		if strings.Contains(p.body, "/edit") {
			t.Error("an auditor is offered a change")
		}
		for _, path := range []string{"/admin/fields/new", "/admin/fields/phone_number/edit"} {
			auditor.get(path).want(t, http.StatusForbidden, "Administrator")
			auditor.post(path, fieldForm(p, nil)).want(t, http.StatusForbidden)
		}
		auditor.post("/admin/fields/phone_number/retire", url.Values{"version": {"1"}, "reason": {"x"}}).want(t, http.StatusForbidden)
		w.staff("en", registry.RoleRegistrar).get("/admin/fields").want(t, http.StatusForbidden)
		auditor.get("/admin/fields/no_such").want(t, http.StatusNotFound)
		auditor.get("/admin/fields/%00").want(t, http.StatusNotFound)
	})
}
