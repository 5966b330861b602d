package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

const programmes = "/api/v1/programmes"

func (s *service) exerciseProgrammes(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	admin, registrar := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleRegistrar)
	const good = `{"code":"works","label":{"en":"Public works"},"start":"2020-01-01","reason":"budget"}`
	define := func(as []string) *http.Request { return call("POST", programmes, good, as) }
	run(exercise{"defineProgramme", 201, define(admin), false})
	run(exercise{"defineProgramme", 409, define(admin), false})
	run(exercise{"defineProgramme", 422, call("POST", programmes, `{"code":"x","label":{"en":"X"},"start":"2020-02-30"}`, admin), true})
	exerciseGates(run, "defineProgramme", registrar, define)
	exerciseBodies(run, "defineProgramme", "POST", programmes, admin)

	run(exercise{"listProgrammes", 200, call("GET", programmes, "", registrar), false})
	run(exercise{"listProgrammes", 401, call("GET", programmes, "", nil), false})
	run(exercise{"listProgrammes", 422, call("GET", programmes+"?x=1", "", registrar), true})
	run(exercise{"getProgramme", 200, call("GET", programmes+"/works", "", registrar), false})
	run(exercise{"getProgramme", 401, call("GET", programmes+"/works", "", nil), false})
	run(exercise{"getProgramme", 404, call("GET", programmes+"/none", "", registrar), false})

	edit := func(path, body string, as []string, headers ...string) *http.Request {
		return call("PATCH", path, body, as, append([]string{"Content-Type", mergePatch}, headers...)...)
	}
	const patch = `{"label":{"en":"Works"},"end":"2030-12-31","reason":"five years"}`
	run(exercise{"editProgramme", 200, edit(programmes+"/works", patch, admin, "If-Match", `"1"`), false})
	run(exercise{"editProgramme", 412, edit(programmes+"/works", patch, admin, "If-Match", `"1"`), false})
	run(exercise{"editProgramme", 428, edit(programmes+"/works", patch, admin), true})
	run(exercise{"editProgramme", 404, edit(programmes+"/none", patch, admin, "If-Match", `"1"`), false})
	run(exercise{"editProgramme", 422, edit(programmes+"/works", `{"end":"2019-01-01"}`, admin, "If-Match", `"2"`), false})
	exerciseGates(run, "editProgramme", registrar, func(as []string) *http.Request { return edit(programmes+"/works", patch, as, "If-Match", `"2"`) })
	exerciseBodies(run, "editProgramme", "PATCH", programmes+"/works", admin, "Content-Type", mergePatch, "If-Match", `"2"`)
}

// exerciseEnrolments needs the programme that exerciseProgrammes defined.
func (s *service) exerciseEnrolments(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	registrar, attester := s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAttester)
	_, err := s.deps.Registry.DefineProgramme(t.Context(), staff(registry.RoleAdmin),
		registry.Programme{Code: "shelter", Label: map[string]string{"en": "Shelter"}, Start: "2020-01-01", Kinds: []string{"household"}}, "")
	must(t, err)
	group, _, _ := s.newHousehold(t)
	for who, c := range map[string]struct{ path, nowhere, programme string }{
		"Person": {people + "/" + s.newPerson(t, "Chi").String(), people + "/" + uuid.NewString(), "works"},
		"Group":  {group, groups + "/" + uuid.NewString(), "shelter"},
	} {
		body := func(status string) string {
			return fmt.Sprintf(`{"programme":%q,"status":%q,"reason":"board"}`, c.programme, status)
		}
		enrol := func(at, body string, as []string, version string) *http.Request {
			return call("POST", at+"/enrolments", body, as, "If-Match", version)
		}
		operation := "enrol" + who
		run(exercise{operation, 200, enrol(c.path, body("APPLIED"), registrar, `"1"`), false})
		run(exercise{operation, 409, enrol(c.path, body("SUSPENDED"), registrar, `"2"`), false})
		run(exercise{operation, 412, enrol(c.path, body("ENROLLED"), registrar, `"1"`), false})
		run(exercise{operation, 422, enrol(c.path, body("DONE"), registrar, `"2"`), true})
		run(exercise{operation, 404, enrol(c.nowhere, body("APPLIED"), registrar, `"1"`), false})
		run(exercise{operation, 428, call("POST", c.path+"/enrolments", body("ENROLLED"), registrar), true})
		exerciseGates(run, operation, attester, func(as []string) *http.Request { return enrol(c.path, body("ENROLLED"), as, `"2"`) })
		exerciseBodies(run, operation, "POST", c.path+"/enrolments", registrar, "If-Match", `"2"`)

		read := func(as []string) *http.Request { return call("GET", c.path+"/enrolments", "", as) }
		run(exercise{"list" + who + "Enrolments", 200, read(attester), false})
		exerciseGates(run, "list"+who+"Enrolments", s.narrow(t), read)
		run(exercise{"list" + who + "Enrolments", 404, call("GET", c.nowhere+"/enrolments", "", attester), false})
	}
	enrolled := func(as []string) *http.Request {
		return call("GET", programmes+"/works/enrolments?status=APPLIED", "", as)
	}
	run(exercise{"listEnrolled", 200, enrolled(attester), false})
	exerciseGates(run, "listEnrolled", s.narrow(t), enrolled)
	run(exercise{"listEnrolled", 404, call("GET", programmes+"/none/enrolments?status=APPLIED", "", attester), false})
	run(exercise{"listEnrolled", 422, call("GET", programmes+"/works/enrolments?status=x", "", attester), true})
}

// TestAnEnrolmentThroughREST: somebody is enrolled, the enrolment is attested as
// any other fact, and the decision is stale once it is suspended.
func TestAnEnrolmentThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		admin, registrar, attester := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAttester)
		if rec := s.do(call("POST", programmes, `{"code":"cash","label":{"en":"Cash"},"start":"2020-01-01"}`, admin)); rec.Code != http.StatusCreated {
			t.Fatalf("define: %d %s", rec.Code, rec.Body)
		}
		path := people + "/" + s.newPerson(t, "Amina").String()
		enrol := func(status, version string) {
			t.Helper()
			rec := s.do(call("POST", path+"/enrolments", `{"programme":"cash","status":"`+status+`"}`, registrar, "If-Match", version))
			if rec.Code != http.StatusOK {
				t.Fatalf("%s: %d %s", status, rec.Code, rec.Body)
			}
		}
		state := func() any {
			t.Helper()
			var got struct {
				Items []struct {
					Field, State string
					Changed      bool
				}
			}
			decode(t, s.do(call("GET", path+"/attestations", "", attester)), &got)
			for _, f := range got.Items {
				if f.Field == "programme_cash" {
					return fmt.Sprint(f.State, " ", f.Changed)
				}
			}
			return nil
		}
		enrol("ENROLLED", `"1"`)
		if rec := s.do(call("POST", path+"/attestations", `{"decisions":[{"field":"programme_cash","state":"ATTESTED"}]}`, attester, "If-Match", `"2"`)); rec.Code != http.StatusOK {
			t.Fatalf("attest: %d %s", rec.Code, rec.Body)
		}
		if got := state(); got != "ATTESTED false" {
			t.Errorf("state = %v", got)
		}
		rec := s.do(call("PATCH", path, `{"values":{"programme_cash":"EXITED"}}`, admin, "If-Match", `"2"`, "Content-Type", mergePatch))
		if rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("an administrator edits it: %d %s", rec.Code, rec.Body)
		}
		enrol("SUSPENDED", `"2"`)
		if got := state(); got != "NEW true" {
			t.Errorf("state after a suspension = %v", got)
		}
	})
}

// TestFindByProgrammeThroughREST: people and groups are found by where they stand in a
// programme, in lists, and in the queries of downloads and switches.
func TestFindByProgrammeThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as := s.as(t, registry.RoleRegistrar)
		_, err := s.deps.Registry.DefineProgramme(t.Context(), staff(registry.RoleAdmin), registry.Programme{Code: "cash", Label: map[string]string{"en": "Cash"}, Start: "2020-01-01"}, "")
		must(t, err)
		for name, status := range map[string]string{"Amina": "APPLIED", "Brian": "ENROLLED", "Chi": ""} {
			at := people + "/" + s.newPerson(t, name).String()
			if rec := s.do(call("POST", at+"/enrolments", `{"programme":"cash","status":"`+status+`"}`, as, "If-Match", `"1"`)); status != "" && rec.Code != http.StatusOK {
				t.Fatalf("%s: %d %s", name, rec.Code, rec.Body)
			}
		}
		for query, n := range map[string]int{"programme=cash": 2, "programme=cash&enrolment=APPLIED": 1, "programme=cash&enrolment=EXITED": 0, "programme=cash&q=brian": 1, "programme=cash&enrolment=APPLIED&q=brian": 0, "q=chi&as_written=true": 1} {
			if got, total := s.names(t, people, query, as); len(got) != n || total != n {
				t.Errorf("%q found %v of %d, want %d", query, got, total, n)
			}
		}
		if got, _ := s.names(t, groups, "programme=cash", as); len(got) != 0 {
			t.Errorf("groups: %v", got)
		}
		for _, query := range []string{"programme=none", "programme=cash&enrolment=applied", "enrolment=APPLIED", "programme=%00", "programme=cash&programme=cash"} {
			for _, path := range []string{people, groups} {
				if rec := s.do(call("GET", path+"?"+query, "", as)); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), `"code":"bad_query"`) {
					t.Errorf("%s: %d %s", query, rec.Code, rec.Body)
				}
			}
		}
		export := func(query string) *httptest.ResponseRecorder {
			return s.do(call("POST", exportsURL+"/count", `{"fields":["sex"],"purpose":"aid","query":`+query+`}`, as))
		}
		if rec := export(`{"programme":"cash","enrolment":"ENROLLED"}`); rec.Code != http.StatusOK || member(t, rec, "rows") != 1.0 {
			t.Errorf("a download: %d %s", rec.Code, rec.Body)
		}
		if rec := export(`{"programme":"none"}`); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("a download of a programme that is not there: %d %s", rec.Code, rec.Body)
		}
		rec := s.do(call("POST", switches+"/count", `{"label":"Survey","query":{"programme":"cash"}}`, as))
		if rec.Code != http.StatusOK || member(t, rec, "to_switch") != 0.0 {
			t.Errorf("a switch: %d %s", rec.Code, rec.Body)
		}
	})
}
