package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"socialregistry/registry"
)

var (
	anyInput  = regexp.MustCompile(`<input id="([^"]+)" name="[^"]*" type="[a-z]+"(?: list="[^"]*")? value="([^"]*)"`)
	anyTick   = regexp.MustCompile(`<input type="checkbox" id="[^"]*" name="([^"]+)" value="([^"]*)" checked`)
	anyChoice = regexp.MustCompile(`(?s)<select id="([^"]+)"(.*?)</select>`)
)

// whole is every control of a page as a browser sends it, with values put over them.
func whole(p page, values map[string]string) url.Values {
	out := p.hidden(nil)
	for _, m := range anyInput.FindAllStringSubmatch(p.body, -1) {
		out.Set(m[1], unescape(m[2]))
	}
	for _, m := range anyTick.FindAllStringSubmatch(p.body, -1) {
		out.Add(m[1], unescape(m[2]))
	}
	for _, m := range anyChoice.FindAllStringSubmatch(p.body, -1) {
		if option := chosen.FindStringSubmatch(m[2]); option != nil {
			out.Set(m[1], unescape(option[1]))
		}
	}
	for name, value := range values {
		out.Set(name, value)
	}
	return out
}

// Whatever a list was filtered by, the file that its button leads to holds the same
// people.
func TestADownloadIsOfThePeopleListed(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`/admin/exports/new[^"]*`)
	onEach(t, func(t *testing.T, w *world) {
		f, err := w.registry.Field(t.Context(), "locality")
		w.must(err)
		if !f.Searchable {
			f.Searchable = true
			_, err = w.registry.UpdateField(t.Context(), w.actor(registry.RoleAdmin), f, "to be found")
			w.must(err)
			w.must(w.registry.IndexField(t.Context(), w.actor(registry.RoleAdmin), "locality", nil))
		}
		w.programme("cash")
		w.enrolled("cash", w.person, registry.EnrolmentSuspended)
		w.survey("Round 7", map[string]string{"locality": "Maralal"})
		p, err := w.registry.Person(t.Context(), registry.System(), w.person.ID)
		w.must(err)
		_, err = w.registry.AddVersion(t.Context(), w.actor(registry.RoleRegistrar), p.ID, "Round 8", registry.Change{Set: map[string]string{"locality": "Kisima"}, Reason: "asked", ExpectVersion: p.VersionNo}, true)
		w.must(err)
		w.attest(registry.StateAttested, "", "sex")
		w.pass(48 * time.Hour)
		_, err = w.registry.Register(t.Context(), w.actor(registry.RoleRegistrar), registry.Change{Reason: "visit", Set: map[string]string{"given_name": "Amena", "sex": "female", "locality": "Wamba"}})
		w.must(err)
		b := w.staff("en", registry.RoleRegistrar)
		for filter, n := range map[string]string{"": "2 rows", "q=amina": "2 rows", "q=Amina&as_written=true": "1 row.", "field=sex&state=ATTESTED": "1 row.", "version=Round+7": "1 row.",
			"default_version=Round+8": "1 row.", "changed_since=2026-11-23": "1 row.", "changed_since=2026-11-23T06:00:00Z": "1 row.", "value%5Blocality%5D=Kisima": "1 row.",
			"programme=cash": "1 row.", "programme=cash&enrolment=SUSPENDED": "1 row.", "programme=cash&enrolment=SUSPENDED&q=amina&version=Round+7": "1 row."} {
			list := b.get("/admin/people?"+filter).want(t, http.StatusOK)
			at := link.FindString(list.body)
			if at == "" {
				t.Errorf("%s: no way to a download", filter)
				continue
			}
			form := whole(b.get(unescape(at)).want(t, http.StatusOK), map[string]string{"purpose": "a survey", "step": "count"})
			form["fields"] = []string{"given_name"}
			again := b.post("/admin/exports", form).want(t, http.StatusOK, "It would have "+n)
			b.post("/admin/exports", whole(again, map[string]string{"step": "count"})).want(t, http.StatusOK, "It would have "+n)
			if t.Failed() {
				t.Fatalf("%s: %v", filter, form)
			}
		}
		b.post("/admin/exports", url.Values{"kind": {"person"}, "fields": {"sex"}, "purpose": {"x"}, "field": {"sex"}, "step": {"count"}}).want(t, http.StatusUnprocessableEntity, "Choose the state")
	})
}

// Whoever was slower sees both values of a programme before one is written over the
// other, also after a mistake of their own.
func TestAStaleProgrammeShowsBoth(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		prog := w.programme("cash")
		b, at := w.staff("en", registry.RoleAdmin), "/admin/programmes/cash/edit"
		form := whole(b.get(at), map[string]string{"label_en": "Cash mine", "end": "2031-01-01", "reason": "slow"})
		prog.Label, prog.End = map[string]string{"en": "Cash theirs", "fr": "Argent"}, "2030-01-01"
		_, err := w.registry.EditProgramme(t.Context(), w.actor(registry.RoleAdmin), prog, "quick")
		w.must(err)
		wrong := b.post(at, withValue(form, "reason", "")).want(t, http.StatusUnprocessableEntity, `value="Cash mine"`)
		if v := wrong.hidden(nil).Get("version"); v != "1" {
			t.Errorf("the form goes on as of version %s", v)
		}
		stale := b.post(at, whole(wrong, map[string]string{"reason": "slow"})).want(t, http.StatusConflict, "Somebody changed the programme", "Cash theirs", `value="Cash mine"`, "2030-01-01", "Argent")
		b.post(at, whole(stale, map[string]string{"label_fr": "Argent"})).want(t, http.StatusOK, "The programme is saved.", "Cash mine")
		now, err := w.registry.Programme(t.Context(), "cash")
		w.must(err)
		if now.Label["fr"] != "Argent" || now.End != "2031-01-01" {
			t.Errorf("%+v", now)
		}
	})
}

func withValue(form url.Values, name, value string) url.Values {
	out := url.Values{}
	for k, v := range form {
		out[k] = v
	}
	out.Set(name, value)
	return out
}

// The links of a document that somebody else has changed meanwhile are shown, not
// undone.
func TestStaleLinksOfADocumentShowBoth(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		d := w.document("birth_date")
		b, at := w.staff("en", registry.RoleRegistrar), w.address()+"/documents/"+d.ID.String()
		form := b.get(at).want(t, http.StatusOK).hidden(map[string]string{"step": "link", "link_reason": "slow"})
		form["field"] = []string{"birth_date", "given_name"}
		_, err := w.registry.LinkDocument(t.Context(), w.actor(registry.RoleRegistrar), w.person.ID, d.ID, registry.DocumentLinks{Fields: []string{"sex"}, Seen: []string{"birth_date"}})
		w.must(err)
		stale := b.post(at, form).want(t, http.StatusConflict, "Somebody else has changed this", "Given name · Date of birth", ">Sex<", "slow")
		if strings.Contains(stale.body, `id="l-sex" value="sex" checked`) {
			t.Error("what was ticked is lost")
		}
		again := stale.hidden(map[string]string{"step": "link"})
		again["field"] = []string{"given_name"}
		b.post(at, again).want(t, http.StatusOK)
		list, err := w.registry.Documents(t.Context(), w.actor(registry.RoleAdmin), w.person.ID)
		w.must(err)
		if len(list) != 1 || strings.Join(list[0].Fields, " ") != "given_name" {
			t.Errorf("%+v", list)
		}
		both, err := w.registry.LinkDocument(t.Context(), w.actor(registry.RoleRegistrar), w.person.ID, d.ID, registry.DocumentLinks{Fields: []string{"sex"}, Also: true})
		w.must(err)
		if strings.Join(both.Fields, " ") != "given_name sex" {
			t.Errorf("%+v", both)
		}
	})
}

// A field that somebody else has changed meanwhile is not taken out of use unseen.
func TestAStaleRetirementIsTold(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		b := w.staff("en", registry.RoleAdmin)
		f, err := w.registry.Field(t.Context(), "locality")
		w.must(err)
		form := b.get("/admin/fields/locality").hidden(map[string]string{"version": strconv.Itoa(f.Version), "reason": "not needed"})
		f.Position++
		_, err = w.registry.UpdateField(t.Context(), w.actor(registry.RoleAdmin), f, "moved")
		w.must(err)
		told := b.post("/admin/fields/locality/retire", form).want(t, http.StatusConflict, "Nothing was saved", "not needed")
		b.post("/admin/fields/locality/retire", told.hidden(map[string]string{"reason": "not needed"})).want(t, http.StatusOK, "Out of use")
	})
}
