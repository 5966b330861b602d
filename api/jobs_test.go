package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/jobs"
	"socialregistry/registry"
)

const (
	jobsURL = "/api/v1/jobs"
	imports = "/api/v1/imports"
	people3 = "national_id,full_name,sex\nKE-1,Mina Tal,female\nKE-2,Omar Haddad,male\nKE-3,Lea Haddad,woman\n"
)

// work works off the jobs that are due, as a server does.
func (s *service) work(t *testing.T, d *db.DB) {
	t.Helper()
	runner, err := jobs.New(jobs.Config{DB: d, Handlers: s.deps.Registry.JobHandlers(), Ended: s.deps.Registry.JobEnded, Now: s.deps.Now})
	must(t, err)
	_, err = runner.Drain(t.Context())
	must(t, err)
}

// followed gives the job that a 202 leads to.
func (s *service) followed(t *testing.T, rec *httptest.ResponseRecorder, as []string) *httptest.ResponseRecorder {
	t.Helper()
	if rec.Code != http.StatusAccepted {
		t.Fatalf("not accepted: %d %s", rec.Code, rec.Body)
	}
	return s.do(call("GET", rec.Header().Get("Location"), "", as))
}

func (s *service) exerciseJobs(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	admin, attester := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleAttester)
	registrant, _ := s.registrant(t)
	audit := func(as []string) *http.Request { return call("POST", "/api/v1/audits", `{"chains":true}`, as) }
	job := run(exercise{"startAudit", 202, audit(admin), false}).Header().Get("Location")
	run(exercise{"startAudit", 409, audit(s.as(t, registry.RoleAuditor)), false})
	exerciseGates(run, "startAudit", attester, audit)
	exerciseBodies(run, "startAudit", "POST", "/api/v1/audits", admin)
	count := func(as []string) *http.Request { return call("POST", "/api/v1/statistics/refresh", "", as) }
	run(exercise{"startStatistics", 202, count(admin), false})
	run(exercise{"startStatistics", 409, count(s.bearer(t, s.newStaff(t, registry.RoleAdmin), registry.Scopes()...)), false})
	exerciseGates(run, "startStatistics", attester, count)

	run(exercise{"listJobs", 200, call("GET", jobsURL+"?kind=audit&state=queued&limit=1", "", admin), false})
	run(exercise{"listJobs", 422, call("GET", jobsURL+"?state=over", "", admin), true})
	exerciseGates(run, "listJobs", registrant, func(as []string) *http.Request { return call("GET", jobsURL, "", as) })
	run(exercise{"getJob", 200, call("GET", job, "", admin), false})
	run(exercise{"getJob", 404, call("GET", job, "", attester), false})
	exerciseGates(run, "getJob", registrant, func(as []string) *http.Request { return call("GET", job, "", as) })
	cancel := func(as []string) *http.Request { return call("POST", job+"/cancel", "", as) }
	exerciseGates(run, "cancelJob", registrant, cancel)
	run(exercise{"cancelJob", 404, cancel(attester), false})
	run(exercise{"cancelJob", 200, cancel(admin), false})
	run(exercise{"cancelJob", 409, cancel(admin), false})
}

func (s *service) exerciseImports(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	as, attester := s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAttester)
	send := func(as []string) *http.Request {
		return csv(imports+"?name=people.csv&all_or_nothing=false&map[sex]=sex&dates=dmy&reason=survey&collected_at=2026-11-01T00:00:00Z", people3, as)
	}
	at := run(exercise{"uploadImport", 201, send(as), false}).Header().Get("Location")
	run(exercise{"uploadImport", 422, csv(imports+"?mode=merge", people3, as), true})
	run(exercise{"uploadImport", 404, csv(imports+"?mapping=nothing", people3, as), false})
	run(exercise{"uploadImport", 415, call("POST", imports, "{}", as), true})
	huge := csv(imports, people3, as)
	huge.ContentLength = registry.MaxUpload * 2
	run(exercise{"uploadImport", 413, huge, true})
	exerciseGates(run, "uploadImport", attester, send)
	run(exercise{"listImports", 200, call("GET", imports+"?limit=1", "", as), false})
	run(exercise{"listImports", 422, call("GET", imports+"?after=x", "", as), true})
	exerciseGates(run, "listImports", s.as(t, registry.RoleAuditor), func(as []string) *http.Request { return call("GET", imports, "", as) })

	run(exercise{"listImportProblems", 422, call("GET", at+"/problems?after=x", "", as), true})
	run(exercise{"applyImport", 409, call("POST", at+"/apply", "", as), false}) // nobody has looked at it
	for operation, x := range map[string]struct {
		method, path string
		good         int
	}{
		"getImport": {"GET", "", 200}, "listImportProblems": {"GET", "/problems", 200}, "getImportProblemsFile": {"GET", "/problems.csv", 200},
		"checkImport": {"POST", "/check", 202},
	} {
		run(exercise{operation, x.good, call(x.method, at+x.path, "", as), false})
		run(exercise{operation, 404, call(x.method, imports+"/"+uuid.NewString()+x.path, "", as), false})
		exerciseGates(run, operation, attester, func(as []string) *http.Request { return call(x.method, at+x.path, "", as) })
	}
	undo := func(as []string) *http.Request { return call("POST", at+"/undo", `{"reason":"the wrong file"}`, as) }
	run(exercise{"undoImport", 409, undo(as), false}) // nothing was applied
	run(exercise{"undoImport", 404, call("POST", imports+"/"+uuid.NewString()+"/undo", `{}`, as), false})
	run(exercise{"undoImport", 422, call("POST", s.appliedImport(t)+"/undo", `{"reason":"`+strings.Repeat("x", 501)+`"}`, as), false})
	run(exercise{"undoImport", 201, call("POST", s.appliedImport(t)+"/undo", `{"reason":"the wrong file"}`, as), false})
	exerciseGates(run, "undoImport", attester, undo)
	exerciseBodies(run, "undoImport", "POST", at+"/undo", as)
	_, err := s.deps.Registry.CheckImport(t.Context(), staff(registry.RoleRegistrar), uuid.MustParse(at[len(imports)+1:]), nil)
	must(t, err)
	apply := func(as []string) *http.Request { return call("POST", at+"/apply", "", as) }
	run(exercise{"applyImport", 202, apply(as), false})
	run(exercise{"applyImport", 404, call("POST", imports+"/"+uuid.NewString()+"/apply", "", as), false})
	exerciseGates(run, "applyImport", attester, apply)
	discard := func(as []string) *http.Request { return call("DELETE", at, "", as) }
	exerciseGates(run, "discardImport", attester, discard)
	run(exercise{"discardImport", 404, call("DELETE", imports+"/"+uuid.NewString(), "", as), false})
	run(exercise{"discardImport", 204, discard(as), false})
	run(exercise{"discardImport", 409, discard(as), false})
	run(exercise{"checkImport", 409, call("POST", at+"/check", "", as), false})
}

// appliedImport gives the address of an import that was applied, of somebody new.
func (s *service) appliedImport(t *testing.T) string {
	t.Helper()
	res, err := s.deps.Registry.Import(t.Context(), staff(registry.RoleRegistrar), strings.NewReader("full_name\nSuad "+uuid.NewString()+"\n"),
		registry.ImportOptions{Mode: registry.ImportCreate})
	must(t, err)
	return imports + "/" + res.Batch.String()
}

// TestAnImportThroughREST: a file is sent, checked, and applied, each step by a
// job that its owner follows; the rows with problems are read and left out.
func TestAnImportThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as := s.as(t, registry.RoleRegistrar)
		sent := s.do(csv(imports+"?name=C:\\people.csv&reason=survey&map[sex]=sex", people3, as))
		at := sent.Header().Get("Location")
		if sent.Code != http.StatusCreated || !strings.Contains(sent.Body.String(), `"name":"people.csv"`) || !strings.Contains(sent.Body.String(), `"state":"uploaded"`) {
			t.Fatalf("sent: %d %s", sent.Code, sent.Body)
		}
		checking := s.do(call("POST", at+"/check", "", as))
		if got := text(t, s.followed(t, checking, as), "state"); got != "queued" {
			t.Errorf("before anybody works: %s", got)
		}
		s.work(t, d)
		done := s.followed(t, checking, as)
		if text(t, done, "state") != "done" || member(t, done, "result", "created") != 2.0 || member(t, done, "result", "failed") != 1.0 {
			t.Errorf("checked: %s", done.Body)
		}
		if rec := s.do(call("GET", at, "", as)); text(t, rec, "state") != "checked" || member(t, rec, "result", "problem_count") != 1.0 {
			t.Errorf("the import: %s", rec.Body)
		}
		problems := s.do(call("GET", at+"/problems?limit=1", "", as))
		first := member(t, problems, "items").([]any)[0].(map[string]any)
		if first["line"] != 4.0 || first["column"] != "sex" || problems.Header().Get("Link") == "" {
			t.Errorf("problems: %s", problems.Body)
		}
		if file := s.do(call("GET", at+"/problems.csv", "", as)).Body.String(); strings.Count(file, "\n") != 2 || !strings.Contains(file, "4,sex,") {
			t.Errorf("problems as a file: %q", file)
		}

		applying := s.do(call("POST", at+"/apply", "", as))
		if again := s.do(call("POST", at+"/apply", "", as)); again.Header().Get("Location") != applying.Header().Get("Location") {
			t.Errorf("asked twice, two jobs: %s", again.Body)
		}
		s.work(t, d)
		if done := s.followed(t, applying, as); text(t, done, "state") != "done" || member(t, done, "result", "created") != 2.0 || member(t, done, "result", "already_applied") != false {
			t.Errorf("applied: %s", done.Body)
		}
		if rec := s.do(call("GET", "/api/v1/people?q=omar+haddad", "", as)); len(member(t, rec, "items").([]any)) != 1 {
			t.Errorf("found: %s", rec.Body)
		}
		if rec := s.do(call("POST", at+"/apply", "", as)); rec.Code != http.StatusConflict || !strings.Contains(rec.Body.String(), "import_ended") {
			t.Errorf("applied again: %d %s", rec.Code, rec.Body)
		}
	})
}

// TestJobsThroughREST: who may follow and end a job, what a failed one says, and
// a bulk switch that does not keep its client waiting.
func TestJobsThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		admin, registrar, other := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAttester)
		broken := s.do(csv(imports, "shoe size\n41\n", registrar))
		job := s.do(call("POST", broken.Header().Get("Location")+"/check", "", registrar))
		s.work(t, d)
		failed := s.followed(t, job, registrar)
		if text(t, failed, "state") != "failed" || text(t, failed, "error", "code") != "no_known_header" || strings.Contains(failed.Body.String(), "result") {
			t.Errorf("a file without columns: %s", failed.Body)
		}
		if rec := s.followed(t, job, other); rec.Code != http.StatusNotFound {
			t.Errorf("somebody else's job: %d %s", rec.Code, rec.Body)
		}
		narrow := s.bearer(t, s.newStaff(t, registry.RoleAuditor), registry.ScopePeopleRead)
		if rec := s.followed(t, job, narrow); rec.Code != http.StatusNotFound {
			t.Errorf("an auditor's token without settings:read: %d %s", rec.Code, rec.Body)
		}
		if text(t, s.followed(t, job, admin), "id") == "" {
			t.Error("an administrator does not see the job")
		}

		_, err := s.deps.Registry.AddVersion(t.Context(), staff(registry.RoleRegistrar), s.person, "Survey",
			registry.Change{Set: map[string]string{"locality": "Quay"}, ExpectVersion: 1}, false)
		must(t, err)
		switching := s.do(call("POST", switches, `{"label":"Survey","query":{"q":"zubeida"},"expect_count":1,"reason":"accepted"}`, registrar, "Prefer", "respond-async, wait=10"))
		if switching.Header().Get("Preference-Applied") != "respond-async" {
			t.Errorf("headers %v", switching.Header())
		}
		var args string
		must(t, d.Raw("SELECT args FROM job WHERE kind = 'default_switch'").Scan(&args).Error)
		if args == "" || strings.Contains(args, "zubeida") || strings.Contains(args, "Survey") {
			t.Errorf("a search stands open in the queue: %q", args)
		}
		s.work(t, d)
		if done := s.followed(t, switching, registrar); text(t, done, "state") != "done" || member(t, done, "result", "switched") != 1.0 {
			t.Errorf("switched: %s", done.Body)
		}
		if rec := s.do(call("GET", "/api/v1/people/"+s.person.String(), "", registrar)); text(t, rec, "values", "locality") != "Quay" {
			t.Errorf("after the switch: %s", rec.Body)
		}
		body, err := io.ReadAll(s.do(call("GET", jobsURL+"?kind=default_switch", "", registrar)).Body)
		if must(t, err); strings.Count(string(body), `"kind"`) != 1 {
			t.Errorf("listed: %s", body)
		}
	})
}
