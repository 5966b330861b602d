package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

const exportsURL = "/api/v1/exports"

// exported asks for a download, waits for it, and gives the path of its record.
func (s *service) exported(t *testing.T, as []string, body string) string {
	t.Helper()
	job := s.do(call("POST", exportsURL, body, as))
	s.work(t, s.db)
	done := s.followed(t, job, as)
	if text(t, done, "state") != "done" {
		t.Fatalf("the job: %s", done.Body)
	}
	return exportsURL + "/" + text(t, done, "result", "id")
}

func (s *service) exerciseExports(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	as, auditor := s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAuditor)
	registrant, me := s.registrant(t)
	const ask = `{"fields":["sex"],"purpose":"aid"}`
	start := func(as []string) *http.Request { return call("POST", exportsURL, ask, as) }
	run(exercise{"startExport", 202, start(as), false})
	count := func(as []string) *http.Request { return call("POST", exportsURL+"/count", ask, as) }
	run(exercise{"countExport", 200, count(as), false})
	for operation, path := range map[string]string{"startExport": "", "countExport": "/count"} {
		run(exercise{operation, 422, call("POST", exportsURL+path, `{"fields":["shoe"],"purpose":"aid"}`, as), false})
		exerciseBodies(run, operation, "POST", exportsURL+path, as)
	}
	exerciseGates(run, "startExport", auditor, start)
	exerciseGates(run, "countExport", auditor, count)
	list := run(exercise{"listExports", 200, call("GET", exportsURL+"?limit=1", "", auditor), false})
	run(exercise{"listExports", 422, call("GET", exportsURL+"?limit=0", "", as), true})
	exerciseGates(run, "listExports", registrant, func(as []string) *http.Request { return call("GET", exportsURL, "", as) })
	at := exportsURL + "/" + member(t, list, "items").([]any)[0].(map[string]any)["id"].(string)
	run(exercise{"getExport", 200, call("GET", at, "", as), false})
	run(exercise{"getExport", 404, call("GET", exportsURL+"/"+uuid.NewString(), "", as), false})
	exerciseGates(run, "getExport", registrant, func(as []string) *http.Request { return call("GET", at, "", as) })

	for operation, method := range map[string]string{"getExportFile": "GET", "dropExportFile": "DELETE"} {
		run(exercise{operation, 409, call(method, at+"/file", "", as), false})
		run(exercise{operation, 404, call(method, exportsURL+"/"+uuid.NewString()+"/file", "", as), false})
		exerciseGates(run, operation, auditor, func(as []string) *http.Request { return call(method, at+"/file", "", as) })
	}
	s.work(t, s.db)
	run(exercise{"getExportFile", 200, call("GET", at+"/file", "", as), false})
	run(exercise{"dropExportFile", 204, call("DELETE", at+"/file", "", as), false})
	run(exercise{"getExportFile", 410, call("GET", at+"/file", "", as), false})

	of := "/api/v1/registrants/" + me.String() + "/exports"
	run(exercise{"listExportsOf", 200, call("GET", of, "", registrant), false})
	run(exercise{"listExportsOf", 404, call("GET", "/api/v1/registrants/"+uuid.NewString()+"/exports", "", auditor), false})
	run(exercise{"listExportsOf", 422, call("GET", of+"?after=x", "", auditor), false})
	exerciseGates(run, "listExportsOf", as, func(as []string) *http.Request { return call("GET", of, "", as) })
}

// TestACancelledDownloadThroughREST: a job is ended with the scope that asks for one,
// its record says so, and so does the history.
func TestACancelledDownloadThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		name := s.newStaff(t, registry.RoleRegistrar)
		as, narrow := s.bearer(t, name, registry.ScopeExportsRead), s.bearer(t, name, registry.ScopePeopleRead)
		job := s.do(call("POST", exportsURL, `{"fields":["sex"],"purpose":"aid"}`, as)).Header().Get("Location")
		if rec := s.do(call("POST", job+"/cancel", "", narrow)); rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "insufficient_scope") {
			t.Errorf("a token without exports:read: %d %s", rec.Code, rec.Body)
		}
		if rec := s.do(call("POST", job+"/cancel", "", as)); text(t, rec, "state") != "cancelled" || text(t, rec, "cancelled_by") != name {
			t.Errorf("ended: %d %s", rec.Code, rec.Body)
		}
		if rec := s.do(call("GET", exportsURL, "", as)); member(t, rec, "items").([]any)[0].(map[string]any)["state"] != "cancelled" {
			t.Errorf("its record: %s", rec.Body)
		}
		log, err := s.deps.Registry.AdminHistoryPage(t.Context(), registry.System(), "job:"+strings.TrimPrefix(job, jobsURL+"/"), "", 0)
		if err != nil || len(log.Entries) != 1 || log.Entries[0].Actor != name {
			t.Errorf("history %+v, %v", log.Entries, err)
		}
	})
}

// TestADownloadThroughREST: chosen fields of whom a query finds, attested values
// only, counted before, in both formats; the record tells the registrant who took
// them and what for.
func TestADownloadThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as, attester := s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAttester)
		registrant, me := s.registrant(t)
		must(t, s.deps.Registry.Attest(t.Context(), staff(registry.RoleAttester), me, 1, []registry.Decision{{Field: "full_name", State: registry.StateAttested}}))
		const query = `"fields":["full_name","sex"],"query":{"q":"dalia"}`
		if rec := s.do(call("POST", exportsURL+"/count", "{"+query+"}", as)); member(t, rec, "rows") != 1.0 {
			t.Errorf("counted: %s", rec.Body)
		}
		if rec := s.do(call("POST", exportsURL, "{"+query+"}", as)); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), `"purpose"`) {
			t.Errorf("without a purpose: %d %s", rec.Code, rec.Body)
		}
		at := s.exported(t, attester, "{"+query+`,"purpose":"bulk attestation","attested_only":true,"attestations":true}`)
		file := s.do(call("GET", at+"/file", "", attester))
		lines := strings.Split(file.Body.String(), "\n")
		if len(lines) != 3 || !strings.HasPrefix(lines[0], "registration_number,version_no,full_name,full_name:attestation,full_name:comment,") ||
			!strings.Contains(lines[1], ",1,Dalia Haddad,ATTESTED,,attester,") {
			t.Errorf("the file: %s", file.Body)
		}
		if h := file.Header(); h.Get("Cache-Control") != "no-store" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment; filename=person-") ||
			h.Get("Content-Type") != "text/csv; charset=utf-8" {
			t.Errorf("headers %v", h)
		}
		book := s.do(call("GET", s.exported(t, as, "{"+query+`,"purpose":"a list","format":"xlsx"}`)+"/file", "", as))
		if !strings.HasPrefix(book.Body.String(), "PK\x03\x04") || !strings.Contains(book.Header().Get("Content-Type"), "spreadsheetml") {
			t.Errorf("the workbook: %v", book.Header())
		}
		if rec := s.do(call("GET", at+"/file", "", as)); rec.Code != http.StatusNotFound {
			t.Errorf("somebody else's file: %d", rec.Code)
		}
		of := s.do(call("GET", "/api/v1/registrants/"+me.String()+"/exports", "", registrant))
		items := member(t, of, "items").([]any)
		if len(items) != 2 || items[1].(map[string]any)["purpose"] != "bulk attestation" || items[1].(map[string]any)["rows"] != 1.0 {
			t.Errorf("the registrant is told: %s", of.Body)
		}
		if rec := s.do(call("GET", exportsURL, "", s.as(t, registry.RoleAuditor))); len(member(t, rec, "items").([]any)) != 2 {
			t.Errorf("the auditor sees: %s", rec.Body)
		}
		narrow := s.bearer(t, s.newStaff(t, registry.RoleRegistrar), registry.ScopePeopleRead)
		if rec := s.do(call("POST", exportsURL, "{"+query+`,"purpose":"p"}`, narrow)); rec.Code != http.StatusForbidden {
			t.Errorf("a token without exports:read: %d", rec.Code)
		}
		must(t, d.Exec("UPDATE role_assignment SET kind = 'household' WHERE role = 'attester'").Error)
		if rec := s.do(call("GET", at+"/file", "", attester)); rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "bounds_changed") {
			t.Errorf("a file that the account has no right to any more: %d %s", rec.Code, rec.Body)
		}

		// A workbook is imported over REST too.
		sent := s.do(call("POST", "/api/v1/imports?mode=update", book.Body.String(), as, "Content-Type", registry.ExportXLSX.MediaType()))
		if sent.Code != http.StatusCreated {
			t.Fatalf("sent back: %d %s", sent.Code, sent.Body)
		}
		check := s.do(call("POST", sent.Header().Get("Location")+"/check", "", as))
		s.work(t, d)
		if done := s.followed(t, check, as); member(t, done, "result", "unchanged") != 1.0 || member(t, done, "result", "failed") != 0.0 {
			t.Errorf("the workbook read back: %s", done.Body)
		}
	})
}
