package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
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
	run(exercise{"getStatistics", 404, call("GET", "/api/v1/statistics?area=XX", "", auditor), false})
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

// TestStatisticsByAreaThroughREST: an area is told of with its parts, small parts
// together, to whoever has a role in it.
func TestStatisticsByAreaThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		_, err := s.deps.Registry.ImportAreas(t.Context(), staff(registry.RoleAdmin), strings.NewReader(nations+"NL-W-C,NL-W,2,Cape\nNL-W-D,NL-W,2,Dale\n"), false, "")
		must(t, err)
		// besides the one of newService, who lies nowhere and is attested
		for area, n := range map[string]int{"NL-W-BAY": 6, "NL-W-C": 2, "NL-W-D": 7, "NL-E": 5} {
			for range n {
				p, err := s.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Set: map[string]string{
					"given_name": "A", "family_name": "B", "birth_date": "1990-01-01", "region": area, "sex": "female"}})
				must(t, err)
				for _, field := range []string{"given_name", "family_name", "birth_date", "sex"} {
					if area == "NL-W-D" || area == "NL-E" {
						must(t, s.deps.Registry.Attest(t.Context(), staff(registry.RoleAttester), p.ID, 1, []registry.Decision{{Field: field, State: registry.StateAttested}}))
					}
				}
			}
		}
		_, err = s.deps.Registry.RefreshStatistics(t.Context(), registry.System(), 0)
		must(t, err)
		_, err = s.deps.Registry.OpenStaff(t.Context(), registry.System(), "west", "six green kettles", []registry.Grant{{Role: registry.RoleAuditor, Area: "NL-W"}}, "")
		must(t, err)
		west := s.bearer(t, "west", registry.Scopes()...)
		month := s.deps.Now().Format("2006-01")
		for _, c := range []struct {
			path string
			as   []string
			want string
		}{
			{"?area=NL-W", west, "areas [[NL-W-D 7] [(other) 8] 15] attested [[sex (all) 7 7] [sex NL-W-D 7 7] [sex (other) 0 0]]"},
			{"?area=NL-W-D", west, "areas [7] attested [[sex (all) 7 7]]"},
			{"?area=NL-W-C", west, "areas [null] attested []"},
			{"?area=NL-W-BAY", west, "areas [null] attested []"}, // it covers the other
			{"?area=NL-E", west, "outside_area"}, {"?area=NL", west, "outside_area"}, {"", west, "not_allowed"}, {"?area=XX", west, "no_such_area"},
			{"?area=NL", s.as(t, registry.RoleAuditor), "areas [[NL-W 15] [(other) 6] 21] attested [[sex (all) 13 13] [sex NL-W 7 7] [sex (other) 6 6]]"},
			{"", s.as(t, registry.RoleAuditor), "areas [[NL-W 15] [(other) 6] 21] attested [[sex (all) 13 13] [sex NL-W 7 7] [sex (other) 6 6]]"},
		} {
			if got := toldByArea(t, s.do(call("GET", "/api/v1/statistics"+c.path, "", c.as)), month); got != c.want {
				t.Errorf("%s: got %s, want %s", c.path, got, c.want)
			}
		}
	})
}

// toldByArea is the tables of areas in short: the numbers of people, and of those with an
// attested sex in one month and in all; or the code of a problem.
func toldByArea(t *testing.T, rec *httptest.ResponseRecorder, month string) string {
	t.Helper()
	type table struct {
		Rows, Columns [][]string
		Cells         [][]any
		RowTotals     []any `json:"row_totals"`
		ColumnTotals  []any `json:"column_totals"`
	}
	var got struct {
		Code            string
		Areas, Attested table
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Code != "" {
		return got.Code
	}
	areas, attested := []any{}, []any{}
	for i, head := range got.Areas.Rows {
		areas = append(areas, []any{head[0], got.Areas.Cells[i][0]})
	}
	at := slices.IndexFunc(got.Attested.Columns, func(c []string) bool { return c[0] == month })
	for i, head := range got.Attested.Rows {
		if head[0] != "sex" {
			continue
		}
		attested = append(attested, []any{head[0], head[1], got.Attested.Cells[i][at], got.Attested.RowTotals[i]})
	}
	return strings.ReplaceAll(fmt.Sprint("areas ", append(areas, got.Areas.ColumnTotals[0]), " attested ", attested), "<nil>", "null")
}

// TestVersionsOfGroupsThroughREST: a household that was edited and got a member is
// compared with what it was, and read as of a moment.
func TestVersionsOfGroupsThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as := s.as(t, registry.RoleRegistrar)
		path, _, _ := s.newHousehold(t)
		rec := s.do(call("PATCH", path, `{"values":{"rooms_count":"7"}}`, as, "If-Match", `"1"`, "Content-Type", "application/merge-patch+json"))
		if rec.Code != http.StatusOK {
			t.Fatalf("edited: %d %s", rec.Code, rec.Body)
		}
		p, err := s.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Set: map[string]string{"full_name": "Brian Otieno"}})
		must(t, err)
		rec = s.do(call("POST", path+"/members", `{"members":[{"member":"`+p.ID.String()+`","role":"child"}]}`, as))
		if rec.Code != http.StatusCreated {
			t.Fatalf("joined: %d %s", rec.Code, rec.Body)
		}
		var c struct {
			From, To    struct{ Number int }
			Differences []struct{ Field, Old, New string }
		}
		decode(t, s.do(call("GET", path+"/comparison?from=1", "", as)), &c)
		if c.From.Number != 1 || c.To.Number != 2 || len(c.Differences) != 1 || c.Differences[0].Field != "rooms_count" || c.Differences[0].New != "7" {
			t.Errorf("comparison = %+v", c)
		}
		type state struct {
			Version, Size int
			Values        map[string]string
		}
		var now state
		decode(t, s.do(call("GET", path+"/as-of?time="+s.deps.Now().Format(time.RFC3339), "", as)), &now)
		if now.Version != 2 || now.Values["rooms_count"] != "7" || now.Size != 3 {
			t.Errorf("now %+v", now)
		}
		for _, at := range []string{path + "/as-of?time=2026-11-22T11:59:59Z", path + "/as-of?time=2020-01-01T00:00:00Z", people + "/" + p.ID.String() + "/as-of?time=2020-01-01T00:00:00Z", groups + "/" + p.ID.String() + "/as-of"} {
			if rec := s.do(call("GET", at, "", as)); rec.Code != http.StatusNotFound {
				t.Errorf("%s: %d %s", at, rec.Code, rec.Body)
			}
		}
	})
}
