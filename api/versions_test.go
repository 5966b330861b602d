package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

const switches = "/api/v1/default-switches"

// exerciseVersions drives the operations on named versions to every answer.
func (s *service) exerciseVersions(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	registrar, attester := s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAttester)
	narrow := s.bearer(t, s.newStaff(t, registry.RoleAdmin), registry.ScopeSettingsRead)
	p, err := s.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Set: map[string]string{"full_name": "Faith Wanjiru", "national_id": "KE-70"}})
	must(t, err)
	_, err = s.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Set: map[string]string{"full_name": "Grace Atieno", "national_id": "KE-71"}})
	must(t, err)
	path, nobody := people+"/"+p.ID.String(), people+"/"+uuid.NewString()

	const survey = `{"label":"Survey","values":{"locality":"Kisumu","national_id":"KE-71"},"collected_at":"2026-11-20T08:00:00Z","reason":"household survey"}`
	add := func(body string) func(as []string) *http.Request {
		return func(as []string) *http.Request { return call("POST", path+"/versions", body, as, "If-Match", `"1"`) }
	}
	run(exercise{"addVersion", 201, add(survey)(registrar), false})
	run(exercise{"addVersion", 409, add(survey)(registrar), false})
	exerciseGates(run, "addVersion", attester, add(survey))
	exerciseBodies(run, "addVersion", "POST", path+"/versions", registrar, "If-Match", `"1"`)
	run(exercise{"addVersion", 404, call("POST", nobody+"/versions", survey, registrar, "If-Match", `"1"`), false})
	run(exercise{"addVersion", 412, call("POST", path+"/versions", survey, registrar, "If-Match", `"7"`), false})
	run(exercise{"addVersion", 422, add(`{"label":"2"}`)(registrar), false})
	run(exercise{"addVersion", 428, call("POST", path+"/versions", survey, registrar), true})

	for operation, at := range map[string]string{"compareVersions": "/comparison?from=1&to=Survey", "getPersonAsOf": "/as-of?time=" + s.deps.Now().Format(time.RFC3339)} {
		read := func(as []string) *http.Request { return call("GET", path+at, "", as) }
		run(exercise{operation, 200, read(attester), false})
		exerciseGates(run, operation, narrow, read)
		run(exercise{operation, 404, call("GET", nobody+at, "", attester), false})
		run(exercise{operation, 422, call("GET", path+at+"&sort=x", "", attester), true})
	}

	choose := func(version, tag string, as []string) *http.Request {
		return call("PUT", path+"/default", `{"version":`+version+`,"reason":"compared"}`, as, "If-Match", tag)
	}
	run(exercise{"setDefault", 409, choose("2", `"1"`, registrar), false}) // the identifier is somebody else's
	run(exercise{"addVersion", 201, add(`{"label":"Call-back","values":{"locality":"Siaya"}}`)(registrar), false})
	run(exercise{"setDefault", 200, choose("3", `"1"`, registrar), false})
	exerciseGates(run, "setDefault", attester, func(as []string) *http.Request { return choose("1", `"3"`, as) })
	exerciseBodies(run, "setDefault", "PUT", path+"/default", registrar, "If-Match", `"3"`)
	run(exercise{"setDefault", 404, choose("4", `"3"`, registrar), false})
	run(exercise{"setDefault", 412, choose("1", `"1"`, registrar), false})
	run(exercise{"setDefault", 422, call("PUT", path+"/default", `{"version":1,"reason":"a\u0000b"}`, registrar, "If-Match", `"3"`), true})
	run(exercise{"setDefault", 428, call("PUT", path+"/default", `{"version":1}`, registrar), true})
}

func (s *service) exerciseSwitches(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	registrar, attester := s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAttester)
	for operation, x := range map[string]struct{ path, good string }{
		"countDefaultSwitch": {switches + "/count", `{"label":"Nobody's","query":{"q":"wanjiru","area":"NL"}}`},
		"switchDefaults":     {switches, `{"label":"Nobody's","query":{"field":"sex","state":"NEW"},"expect_count":0,"reason":"survey accepted"}`},
	} {
		send := func(as []string) *http.Request { return call("POST", x.path, x.good, as) }
		run(exercise{operation, 200, send(registrar), false})
		exerciseGates(run, operation, attester, send)
		exerciseBodies(run, operation, "POST", x.path, registrar)
		run(exercise{operation, 422, call("POST", x.path, `{"label":""}`, registrar), true})
		run(exercise{operation, 422, call("POST", x.path, `{"label":"One","query":{"values":{"shoe_size":"4"}}}`, registrar), true})
	}
	run(exercise{"switchDefaults", 202, call("POST", switches, `{"label":"Nobody's","expect_count":0}`, registrar, "Prefer", "respond-async"), false})
	p, err := s.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Set: map[string]string{"full_name": "Halima Yusuf"}})
	must(t, err)
	_, err = s.deps.Registry.AddVersion(t.Context(), staff(registry.RoleRegistrar), p.ID, "One", registry.Change{ExpectVersion: 1}, false)
	must(t, err)
	run(exercise{"switchDefaults", 409, call("POST", switches, `{"label":"One","expect_count":0}`, registrar), false})
}

func (s *service) exerciseStatistics(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	auditor := s.as(t, registry.RoleAuditor)
	read := func(as []string) *http.Request { return call("GET", "/api/v1/statistics", "", as) }
	run(exercise{"getStatistics", 503, read(auditor), false})
	_, err := s.deps.Registry.RefreshStatistics(t.Context(), registry.System(), 0)
	must(t, err)
	run(exercise{"getStatistics", 200, read(auditor), false})
	registrant, _ := s.registrant(t)
	exerciseGates(run, "getStatistics", registrant, read)
	run(exercise{"getStatistics", 422, call("GET", "/api/v1/statistics?least=1", "", auditor), true})
}

// TestVersionsThroughREST: a survey is added, compared, chosen for one person and
// for all, and the record is read as of the time before.
func TestVersionsThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as := s.as(t, registry.RoleRegistrar)
		var at []string
		for range 3 {
			rec := s.do(call("POST", people, `{"values":{"full_name":"Brian Otieno","region":"Nyanza"}}`, as))
			at = append(at, rec.Header().Get("Location"))
			rec = s.do(call("POST", rec.Header().Get("Location")+"/versions", `{"label":"Survey 2026","values":{"region":"Coast"}}`, as, "If-Match", `"1"`))
			if rec.Code != http.StatusCreated || rec.Header().Get("ETag") != `"1"` || !strings.HasSuffix(rec.Header().Get("Location"), "/versions/2") {
				t.Fatalf("added: %d %s", rec.Code, rec.Body)
			}
		}
		var c struct {
			From, To    struct{ Number int }
			Differences []struct {
				Field    string
				Label    map[string]string
				Old, New string
			}
		}
		decode(t, s.do(call("GET", at[0]+"/comparison?from=default&to=Survey+2026", "", as)), &c)
		if len(c.Differences) != 1 || c.Differences[0].Field != "region" || c.Differences[0].Label["en"] == "" || c.Differences[0].Old != "Nyanza" || c.Differences[0].New != "Coast" || c.To.Number != 2 {
			t.Errorf("comparison = %+v", c)
		}
		rec := s.do(call("PUT", at[0]+"/default", `{"version":2,"reason":"compared"}`, as, "If-Match", `"1"`))
		if rec.Code != http.StatusOK || rec.Header().Get("ETag") != `"2"` || s.region(t, at[0], as) != "Coast" {
			t.Errorf("chosen: %d %s", rec.Code, rec.Body)
		}
		if got := s.do(call("GET", at[0]+"/as-of?time=2020-01-01T00:00:00Z", "", as)); got.Code != http.StatusNotFound {
			t.Errorf("before the registration: %d %s", got.Code, got.Body)
		}
		if got := s.region(t, at[1]+"/as-of?time="+s.deps.Now().Format(time.RFC3339), as); got != "Nyanza" {
			t.Errorf("as of now: %s", got)
		}

		const q = `"label":"Survey 2026","query":{"q":"otieno"}`
		if got := s.do(call("POST", switches+"/count", "{"+q+"}", as)); strings.TrimSpace(got.Body.String()) != `{"to_switch":2,"already":1}` {
			t.Errorf("count: %d %s", got.Code, got.Body)
		}
		if got := s.do(call("POST", switches, "{"+q+`,"expect_count":1}`, as)); got.Code != http.StatusConflict || !strings.Contains(got.Body.String(), `"code":"count_changed"`) {
			t.Errorf("too many: %d %s", got.Code, got.Body)
		}
		if got := s.do(call("POST", switches, "{"+q+`,"expect_count":2,"reason":"accepted"}`, as)); strings.TrimSpace(got.Body.String()) != `{"switched":2,"skipped":0,"conflicting":0}` {
			t.Errorf("switched: %d %s", got.Code, got.Body)
		}
		for _, path := range at {
			if got := s.region(t, path, as); got != "Coast" {
				t.Errorf("region = %s", got)
			}
		}
	})
}

// region reads one value of a person.
func (s *service) region(t *testing.T, path string, as []string) string {
	t.Helper()
	var p struct{ Values map[string]string }
	decode(t, s.do(call("GET", path, "", as)), &p)
	return p.Values["region"]
}

// TestARegistrantChoosesNoVersion: people read their own versions and change none,
// and of others they learn nothing.
func TestARegistrantChoosesNoVersion(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as, own := s.registrant(t)
		for path, want := range map[string]int{
			own.String() + "/comparison?from=1": 200, s.person.String() + "/comparison?from=1": 404, uuid.NewString() + "/comparison?from=1": 404,
			own.String() + "/as-of?time=2999-01-01T00:00:00Z": 200, s.person.String() + "/as-of?time=2999-01-01T00:00:00Z": 404,
		} {
			if rec := s.do(call("GET", people+"/"+path, "", as)); rec.Code != want {
				t.Errorf("GET %s: got %d, want %d", path, rec.Code, want)
			}
		}
		for _, req := range []*http.Request{
			call("POST", people+"/"+own.String()+"/versions", `{"label":"Mine"}`, as, "If-Match", `"1"`),
			call("PUT", people+"/"+own.String()+"/default", `{"version":1}`, as, "If-Match", `"1"`),
			call("POST", switches, `{"label":"Mine","expect_count":9}`, as), call("POST", switches+"/count", `{"label":"Mine"}`, as),
			call("GET", "/api/v1/statistics", "", as),
		} {
			if rec := s.do(req); rec.Code != http.StatusForbidden {
				t.Errorf("%s %s: got %d %s", req.Method, req.URL.Path, rec.Code, rec.Body)
			}
		}
	})
}

// TestStatisticsThroughREST: small numbers are null, and the time is told.
func TestStatisticsThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		for i := range 9 {
			region := []string{"Coast", "Rift"}[i/6]
			_, err := s.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Set: map[string]string{"full_name": "A", "region": region, "sex": "female"}})
			must(t, err)
		}
		_, err := s.deps.Registry.RefreshStatistics(t.Context(), registry.System(), 0)
		must(t, err)
		var got struct {
			AsOf   time.Time `json:"as_of"`
			People struct {
				Rows  [][]string
				Cells [][]*int64
				Total *int64
			}
		}
		decode(t, s.do(call("GET", "/api/v1/statistics", "", s.as(t, registry.RoleAttester))), &got)
		if !got.AsOf.Equal(s.deps.Now()) {
			t.Errorf("as of %v", got.AsOf)
		}
		for r, line := range got.People.Cells {
			for _, n := range line {
				if n != nil && *n > 0 && *n < registry.MinimumCell {
					t.Errorf("%v shows %d", got.People.Rows[r], *n)
				}
			}
		}
	})
}
