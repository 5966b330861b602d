package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"socialregistry/internal/outbound"
	"socialregistry/registry"
)

// A form that is refused comes back with everything that was typed, above all why.
func TestRefusedFormsForgetNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAdmin)
		w.refusable(t, b)
		long := strings.Repeat("because ", 80)
		key := regexp.MustCompile(`/admin/keys/[A-Za-z0-9_-]+`).FindString(b.get("/admin/keys").body)
		role := regexp.MustCompile(`<option value="([0-9a-f-]{36})"`).FindStringSubmatch(b.get("/admin/staff/admin").body)[1]
		upload := b.worked(b.upload("visit.csv", "given_name\nAmina\n"))
		b.worked(b.post(upload.path+"/apply", upload.hidden(nil)))
		for _, row := range []struct {
			page, action string
			typed        map[string]string
			status       int
		}{
			{"/admin/areas/KE", "/retire", map[string]string{"reason": "the law"}, 422},
			{"/admin/areas/KE", "/retire", map[string]string{"reason": long}, 422},
			{"/admin/sources/hospital", "/restart", map[string]string{"reason": long}, 422},
			{upload.path, "/undo", map[string]string{"reason": long}, 422},
			{"/admin/fields/locality", "/retire", map[string]string{"reason": long}, 422},
			{"/admin/fields/locality", "/retire", map[string]string{"reason": "no towns", "version": "77"}, 409},
			{"/admin/clients/wallet", "/stop", map[string]string{"why": long}, 422},
			{"/admin/staff/admin", "/revoke-role", map[string]string{"assignment": role, "revoke_reason": "she left"}, 422},
			{"/admin/staff/admin", "/grant", map[string]string{"role": "attester", "area": "no area!", "section": "contact", "reason": "helps out"}, 422},
			{"/admin/keys", "", map[string]string{"key_kind": "EdDSA", "begins": "2099-01-01", "reason": "the year ends"}, 422},
			{key, "/revoke", map[string]string{"reason": long}, 422},
		} {
			p := b.post(row.page+row.action, b.get(row.page).hidden(row.typed)).want(t, row.status)
			for name, value := range row.typed {
				if name != "version" && !holds(p, name, value) {
					t.Errorf("%s%s forgets %s=%.20s:\n%s", row.page, row.action, name, value, text(p.body))
				}
			}
		}
	})
}

// holds tells whether a value stands in an input of a page, or is chosen there.
func holds(p page, name, value string) bool {
	for _, tag := range regexp.MustCompile(`(?s)<(?:input|option)[^>]*>|<textarea[^>]*>[^<]*`).FindAllString(unescape(p.body), -1) {
		named := strings.Contains(tag, `name="`+name+`"`)
		switch {
		case strings.HasPrefix(tag, "<option"):
			if strings.Contains(tag, `value="`+value+`"`) && strings.Contains(tag, " selected") {
				return true
			}
		case named && (strings.Contains(tag, `value="`+value+`"`) || strings.HasSuffix(tag, ">"+value)):
			return true
		}
	}
	return false
}

// refusable makes what the forms are about.
func (w *world) refusable(t *testing.T, b *browser) {
	t.Helper()
	form := b.get("/admin/areas/import").hidden(map[string]string{"step": "check"})
	checked := b.multipart("/admin/areas/import", form, "areas.csv", areasCSV)
	long := strings.Repeat("because ", 80)
	save := checked.hidden(map[string]string{"step": "save", "kept": areasCSV, "reason": long})
	again := b.multipart("/admin/areas/import", save, "", "").want(t, http.StatusUnprocessableEntity, "Save the areas", "KE-25-1", long)
	b.multipart("/admin/areas/import", again.hidden(map[string]string{"step": "save", "kept": areasCSV, "reason": "the census"}), "", "").want(t, http.StatusOK, "The areas are saved")

	send := func(page, action string, typed map[string]string) {
		b.post(action, b.get(page).hidden(typed)).want(t, http.StatusOK)
	}
	send("/admin/clients/new", "/admin/clients/new", goodClient(map[string]string{"client_id": "wallet"}))
	send("/admin/mappings/new", "/admin/mappings", map[string]string{"key": "census", "label_en": "Census", "kind": "person", "mode": "create", "headers": "First = given_name", "reason": "x"})
	hosts, err := outbound.ParseHosts("people.example")
	w.must(err)
	pulls, err := registry.New(t.Context(), registry.Config{DB: w.db, Master: w.config.Master, Now: w.Now, PublicURL: w.URL, Sources: outbound.Config{Hosts: hosts}})
	w.must(err)
	_, err = pulls.DefineSource(t.Context(), w.actor(registry.RoleAdmin), registry.Source{Key: "hospital", Label: map[string]string{"en": "Hospital"}, Mapping: "census", URL: "https://people.example/rows"}, "", "x")
	w.must(err)
}
