package api_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

const people = "/api/v1/people"

// exercisePeople drives the operations on people to every answer.
func (s *service) exercisePeople(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	registrar, attester := s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAttester)
	path := people + "/" + s.person.String()
	search := func(as []string) *http.Request { return call("GET", people+"?q=zubeida&limit=1", "", as) }
	run(exercise{"searchPeople", 200, search(registrar), false})
	registrant, _ := s.registrant(t)
	exerciseGates(run, "searchPeople", registrant, search)
	run(exercise{"searchPeople", 422, call("GET", people+"?limit=0", "", registrar), true})

	run(exercise{"getPerson", 200, call("GET", path, "", attester), false})
	exerciseGates(run, "getPerson", s.bearer(t, s.newStaff(t, registry.RoleAdmin), registry.ScopeSettingsRead),
		func(as []string) *http.Request { return call("GET", path, "", as) })
	run(exercise{"getPerson", 404, call("GET", people+"/x", "", registrar), true})
	s.exerciseCreatePerson(t, run, registrar, attester)
	s.exerciseEditPerson(t, run, registrar, attester)
}

func (s *service) exerciseCreatePerson(t *testing.T, run func(exercise) *httptest.ResponseRecorder, registrar, attester []string) {
	t.Helper()
	create := func(as []string) *http.Request {
		return call("POST", people, `{"values":{"full_name":"Brian Otieno","national_id":"KE-1"},"reason":"first visit","collected_at":"2026-11-20T08:00:00Z"}`, as)
	}
	run(exercise{"createPerson", 201, create(registrar), false})
	run(exercise{"createPerson", 409, create(registrar), false}) // the identifier is taken
	exerciseGates(run, "createPerson", attester, create)
	exerciseBodies(run, "createPerson", "POST", people, registrar)
	run(exercise{"createPerson", 422, call("POST", people, `{"values":{"full_name":"B","sex":"x"}}`, registrar), false})
}

func (s *service) exerciseEditPerson(t *testing.T, run func(exercise) *httptest.ResponseRecorder, registrar, attester []string) {
	t.Helper()
	p, err := s.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Set: map[string]string{"full_name": "Chipo Banda"}})
	must(t, err)
	path := people + "/" + p.ID.String()
	edit := func(body string, as []string, headers ...string) *http.Request {
		return call("PATCH", path, body, as, append([]string{"Content-Type", mergePatch}, headers...)...)
	}
	const good = `{"values":{"locality":"Kisumu"},"reason":"moved"}`
	run(exercise{"editPerson", 200, edit(good, registrar, "If-Match", `"1"`), false})
	run(exercise{"editPerson", 412, edit(good, registrar, "If-Match", `"1"`), false})
	run(exercise{"editPerson", 428, edit(good, registrar), true})
	run(exercise{"editPerson", 409, edit(`{"values":{"national_id":"KE-1"}}`, registrar, "If-Match", `"2"`), false})
	run(exercise{"editPerson", 422, edit(`{"values":{"sex":"x"}}`, registrar, "If-Match", `"2"`), false})
	exerciseGates(run, "editPerson", attester, func(as []string) *http.Request { return edit(good, as, "If-Match", `"2"`) })
	exerciseBodies(run, "editPerson", "PATCH", path, registrar, "Content-Type", mergePatch, "If-Match", `"2"`)
	missing := edit(good, registrar, "If-Match", `"1"`)
	missing.URL.Path = people + "/00000000-0000-7000-8000-000000000000"
	run(exercise{"editPerson", 404, missing, false})
}

// TestPeopleThroughREST: what was said at registration and by patches is what is
// read, found and remembered, with who said it.
func TestPeopleThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as := s.as(t, registry.RoleRegistrar)
		rec := s.do(call("POST", people, `{"values":{"full_name":"Brian Otieno","sex":"male","national_id":null},"reason":"first visit","collected_at":"2026-11-20T08:00:00Z"}`, as))
		at := rec.Header().Get("Location")
		if rec.Code != http.StatusCreated || rec.Header().Get("ETag") != `"1"` || !strings.HasPrefix(at, people+"/") {
			t.Fatalf("created: %d %s %v", rec.Code, rec.Body, rec.Header())
		}
		rec = s.do(call("PATCH", at, `{"values":{"sex":null,"locality":"Kisumu"},"reason":"moved"}`, as, "If-Match", `"1"`, "Content-Type", mergePatch))
		if rec.Code != http.StatusOK || rec.Header().Get("ETag") != `"2"` {
			t.Fatalf("edited: %d %s", rec.Code, rec.Body)
		}
		var p struct {
			Version int
			Values  map[string]string
			Times   map[string]map[string]any
		}
		decode(t, s.do(call("GET", at, "", as)), &p)
		if p.Version != 2 || len(p.Values) != 2 || p.Values["full_name"] != "Brian Otieno" || p.Values["locality"] != "Kisumu" ||
			p.Times["full_name"]["collected_at"] != "2026-11-20T08:00:00Z" || p.Times["locality"]["collected_at"] != nil || p.Times["locality"]["definition"] != 1.0 {
			t.Errorf("read: %+v", p)
		}
		if found, ok := member(t, s.do(call("GET", people+"?q=otieno", "", as)), "items").([]any); !ok || len(found) != 1 {
			t.Errorf("found %v", found)
		}
		var log struct {
			Items []struct {
				Actor, Channel, Reason string
				Changes                []struct{ Field, Kind, Old, New string }
			}
		}
		decode(t, s.do(call("GET", at+"/history", "", as)), &log)
		if len(log.Items) != 2 || log.Items[1].Reason != "moved" || log.Items[1].Channel != "staff" || !strings.HasPrefix(log.Items[1].Actor, "staff-") || len(log.Items[1].Changes) != 2 {
			t.Errorf("history: %+v", log)
		}
	})
}

// TestWritesNameTheirVersion: none 428, an old one 412, whatever is no version of
// ours 412 too; of two at once one wins.
func TestWritesNameTheirVersion(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as, path := s.as(t, registry.RoleRegistrar), people+"/"+s.person.String()
		patch := func(tag, locality string) int {
			req := call("PATCH", path, `{"values":{"locality":"`+locality+`"}}`, as, "Content-Type", mergePatch)
			if tag != "" {
				req.Header.Set("If-Match", tag)
			}
			return s.do(req).Code
		}
		for tag, want := range map[string]int{
			"": 428, "*": 428, " * ": 428, `"0"`: 412, `"2"`: 412, `1`: 412, `W/"1"`: 412, `"1", "2"`: 412, `"x"`: 412, `""`: 412, `"`: 412, `"-1"`: 412, `"99999999999999999999"`: 412,
		} {
			if got := patch(tag, "Kisumu"); got != want {
				t.Errorf("If-Match %s: got %d, want %d", tag, got, want)
			}
		}
		var codes []int
		results := make(chan int, 2)
		for _, locality := range []string{"Kisumu", "Siaya"} {
			go func() { results <- patch(`"1"`, locality) }()
		}
		for range 2 {
			codes = append(codes, <-results)
		}
		if slices.Sort(codes); !slices.Equal(codes, []int{200, 412}) {
			t.Errorf("two at once: %v, want one 200 and one 412", codes)
		}
	})
}

// TestListsComeInPages: each page leads to the next by its Link, with the same
// conditions, and all pages together are the whole.
func TestListsComeInPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as := s.as(t, registry.RoleAuditor)
		for _, name := range []string{"Ali Testcase", "Béa Testcase", "Chipo Testcase", "Dalia Testcase", "Emeka Testcase"} {
			_, err := s.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Set: map[string]string{"full_name": name}})
			must(t, err)
		}
		var sizes []int
		seen := map[string]bool{}
		for next := people + "?q=testcase&limit=2"; next != ""; {
			rec := s.do(call("GET", next, "", as))
			var page struct{ Items []struct{ ID string } }
			decode(t, rec, &page)
			sizes = append(sizes, len(page.Items))
			for _, p := range page.Items {
				seen[p.ID] = true
			}
			link := rec.Header().Get("Link")
			next, _, _ = strings.Cut(strings.TrimPrefix(link, "<"), ">")
			if link != "" && (!strings.HasSuffix(link, `>; rel="next"`) || !strings.Contains(next, "q=testcase")) || len(sizes) > 3 {
				t.Fatalf("Link %s after %v", link, sizes)
			}
		}
		if !slices.Equal(sizes, []int{2, 2, 1}) || len(seen) != 5 {
			t.Errorf("pages of %v, %d people", sizes, len(seen))
		}
		for query, want := range map[string]int{
			"limit=1": 200, "limit=200": 200, "limit=201": 422, "limit=0": 422, "limit=-1": 422, "limit=x": 422, "limit=": 422, "limit=1&limit=1": 422,
			"after=x": 422, "after=": 200, "feild=sex": 422, "field=no_such&state=NEW": 422, "field=sex&state=new": 422, "q=%FF": 422, "q=%00": 422, "q=" + strings.Repeat("a", 201): 422,
			"field=sex&state=ATTESTED": 200, "%00=1": 422, "%FF=1": 422,
		} {
			if rec := s.do(call("GET", people+"?"+query, "", as)); rec.Code != want {
				t.Errorf("?%s: got %d %s, want %d", query, rec.Code, rec.Body, want)
			}
		}
	})
}

// TestBodiesOfPeopleAreStrict: what is not a patch of a person is not guessed at.
func TestBodiesOfPeopleAreStrict(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as, path := s.as(t, registry.RoleRegistrar), people+"/"+s.person.String()
		for body, want := range map[string]int{
			`{}`: 200, `{"values":{}}`: 200, `{"values":null}`: 400, `{"values":[]}`: 400, `{"values":{"sex":1}}`: 400, `{"values":{"sex":{}}}`: 400, `[]`: 400, `null`: 400,
			`{"id":"x"}`: 400, `{"reason":1}`: 400, `{"collected_at":"yesterday"}`: 400, `{"collected_at":"2027-01-01T00:00:00Z","values":{"locality":"A"}}`: 422,
			`{"collected_at":"0000-01-01T00:00:00+23:59","values":{"locality":"A"}}`: 422,
			`{"values":{"sex":"male","sex":"female"}}`:                               400, `{"values":{"no_such_field":"x"}}`: 422, `{"values":{"locality":"\u0000"}}`: 422,
			`{"values":{"locality":"` + strings.Repeat("a", 5000) + `"}}`: 422, `{"reason":"` + strings.Repeat("a", 501) + `"}`: 422, `{`: 400, ``: 415,
			strings.Repeat(`{"values":`, 40) + `1` + strings.Repeat(`}`, 40): 400,
		} {
			rec := s.do(call("PATCH", path, body, as, "If-Match", `"1"`, "Content-Type", mergePatch))
			if body == "" {
				rec = s.do(call("PATCH", path, "", as, "If-Match", `"1"`))
				if rec.Header().Get("Accept-Patch") != mergePatch {
					t.Errorf("415 without Accept-Patch")
				}
			}
			if rec.Code != want {
				t.Errorf("%.60s: got %d %s, want %d", body, rec.Code, rec.Body, want)
			}
		}
	})
}
