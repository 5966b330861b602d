package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"socialregistry/registry"
)

// Staff say when what they type was collected, which may be days before.
func TestDayOfCollection(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		registrar := w.staff("en", registry.RoleRegistrar)
		path := "/admin/people/" + w.person.ID.String()
		form := registrar.get(path+"/edit").want(t, http.StatusOK, "Collected on").hidden(map[string]string{"f_locality": "Wamba", "reason": "visit", "collected_at": "2026-11-03", "step": "check"})
		check := registrar.post(path+"/edit", form).want(t, http.StatusOK, "Wamba", "3 November 2026")
		registrar.post(path+"/edit", check.hidden(map[string]string{"step": "edit"})).want(t, http.StatusOK, `value="2026-11-03"`)
		registrar.post(path+"/edit", check.hidden(map[string]string{"step": "save"})).want(t, http.StatusOK, "Wamba", "Collected on 3 November 2026")
		registrar.get(path+"/versions/2").want(t, http.StatusOK, "Collected on 3 November 2026")
		p, err := w.registry.Person(t.Context(), registry.System(), w.person.ID)
		w.must(err)
		if got, want := p.Values["locality"].CollectedAt, time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC); !got.Equal(want) {
			t.Errorf("collected at %v, want %v", got, want)
		}
		if got := p.Values["sex"].CollectedAt; !got.IsZero() {
			t.Errorf("a value that was not touched was collected at %v", got)
		}

		form = registrar.get("/admin/people/new").want(t, http.StatusOK, "Collected on").hidden(map[string]string{"f_given_name": "Otieno", "reason": "visit", "collected_at": "2026-11-22", "step": "save"})
		registrar.post("/admin/people/new", form).want(t, http.StatusOK, "Otieno", "Collected on 22 November 2026")
		w.registrant("en").get("/me").want(t, http.StatusOK, "Collected on 3 November 2026")
	})
}

func TestDayOfCollectionIsADayInThePast(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		registrar, me := w.staff("en", registry.RoleRegistrar), w.registrant("en")
		path := "/admin/people/" + w.person.ID.String() + "/edit"
		for _, step := range []string{"check", "save"} {
			for day, wants := range map[string]string{"2026-11-23": "not come yet", "3 Nov": "year-month-day", "2026-02-30": "year-month-day", "1899-12-31": "too early", "0001-01-01": "too early"} {
				form := registrar.get(path).hidden(map[string]string{"f_locality": "Wamba", "reason": "x", "collected_at": day, "step": step})
				registrar.post(path, form).want(t, http.StatusUnprocessableEntity, wants, `id="collected_at-wrong"`, `href="#collected_at"`, day)
			}
		}
		form := registrar.get("/admin/people/new").hidden(map[string]string{"f_given_name": "Otieno", "reason": "x", "collected_at": "2026-11-23", "step": "save"})
		registrar.post("/admin/people/new", form).want(t, http.StatusUnprocessableEntity, "not come yet", `id="collected_at-wrong"`)

		own := me.get("/me/edit/contact")
		if strings.Contains(own.body, "collected_at") {
			t.Error("people are asked when they collected their own details")
		}
		me.post("/me/edit/contact", own.hidden(map[string]string{"f_locality": "Maralal", "collected_at": "2020-01-01", "step": "save"})).want(t, http.StatusOK, "Maralal")
		p, err := w.registry.Person(t.Context(), registry.System(), w.person.ID)
		if err != nil || !p.Values["locality"].CollectedAt.IsZero() {
			t.Errorf("collected at %v, %v", p.Values["locality"].CollectedAt, err)
		}
	})
}

// Who was slower keeps what was typed, and only that: the quicker one's other
// changes are not undone.
func TestStaleEditKeepsOnlyWhatWasTyped(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		slow, quick := w.staff("en", registry.RoleRegistrar), w.staff("en", registry.RoleAdmin)
		path := "/admin/people/" + w.person.ID.String() + "/edit"
		form := filled(slow.get(path), map[string]string{"f_locality": "Maralal", "reason": "slow", "collected_at": "2026-11-03", "step": "save"})
		quick.post(path, filled(quick.get(path), map[string]string{"f_sex": "male", "f_phone_number": "+254711000111", "reason": "quick", "step": "save"})).want(t, http.StatusOK, "The record is saved")
		stale := slow.post(path, form).want(t, http.StatusConflict, "Somebody was quicker", "Maralal", "Kisima")
		for _, name := range []string{"f_sex", "f_phone_number", "f_given_name"} {
			if strings.Contains(stale.body, `name="`+name+`"`) {
				t.Errorf("%s was not typed and is sent on", name)
			}
		}
		check := slow.post(path, stale.hidden(map[string]string{"step": "check"})).want(t, http.StatusOK, "One detail changes", "3 November 2026")
		slow.post(path, check.hidden(map[string]string{"step": "save"})).want(t, http.StatusOK, "The record is saved")
		p, err := w.registry.Person(t.Context(), registry.System(), w.person.ID)
		w.must(err)
		for key, want := range map[string]string{"locality": "Maralal", "sex": "male", "phone_number": "+254711000111"} {
			if got := p.Values[key].Text; got != want {
				t.Errorf("%s = %q, want %q", key, got, want)
			}
		}
	})
}

var (
	valueInput = regexp.MustCompile(`<input id="(f_[a-z0-9_]+)" name="[^"]*" type="[a-z]+" value="([^"]*)"`)
	selected   = regexp.MustCompile(`(?s)<select id="(f_[a-z0-9_]+)"(.*?)</select>`)
	chosen     = regexp.MustCompile(`<option value="([^"]*)" selected`)
)

// filled is the form as a browser sends it: every control of it, with values put
// over them.
func filled(p page, values map[string]string) (form map[string][]string) {
	out := p.hidden(nil)
	for _, m := range valueInput.FindAllStringSubmatch(p.body, -1) {
		out.Set(m[1], unescape(m[2]))
	}
	for _, m := range selected.FindAllStringSubmatch(p.body, -1) {
		out.Set(m[1], "")
		if option := chosen.FindStringSubmatch(m[2]); option != nil {
			out.Set(m[1], option[1])
		}
	}
	for name, value := range values {
		out.Set(name, value)
	}
	return out
}
