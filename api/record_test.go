package api_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/uuid"

	"socialregistry/registry"
)

// exerciseRecords drives what hangs on one person: attestations, versions,
// history.
func (s *service) exerciseRecords(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	auditor, path := s.as(t, registry.RoleAuditor), people+"/"+s.person.String()
	narrow := s.bearer(t, s.newStaff(t, registry.RoleAdmin), registry.ScopeSettingsRead)
	for operation, at := range map[string]string{
		"listAttestations": "/attestations", "listVersions": "/versions", "getVersion": "/versions/1", "listHistory": "/history",
	} {
		read := func(as []string) *http.Request { return call("GET", path+at, "", as) }
		run(exercise{operation, 200, read(auditor), false})
		exerciseGates(run, operation, narrow, read)
		run(exercise{operation, 404, call("GET", people+"/"+uuid.NewString()+at, "", auditor), false})
	}
	for operation, at := range map[string]string{"listVersions": "/versions", "listHistory": "/history"} {
		run(exercise{operation, 422, call("GET", path+at+"?after=x", "", auditor), false})
	}
	s.exerciseAttest(t, run)
	s.exerciseUnlock(t, run)
}

func (s *service) exerciseUnlock(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	registrar, path := s.as(t, registry.RoleRegistrar), people+"/"+s.person.String()+"/unlock"
	unlock := func(as []string) *http.Request { return call("POST", path, `{"reason":"they rang"}`, as) }
	run(exercise{"unlockPerson", 204, unlock(registrar), false})
	run(exercise{"unlockPerson", 404, call("POST", people+"/"+uuid.NewString()+"/unlock", `{"reason":"they rang"}`, registrar), false})
	run(exercise{"unlockPerson", 422, call("POST", path, `{"reason":" "}`, registrar), false})
	exerciseGates(run, "unlockPerson", s.as(t, registry.RoleAuditor), unlock)
	exerciseBodies(run, "unlockPerson", "POST", path, registrar)
}

func (s *service) exerciseAttest(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	attester := s.as(t, registry.RoleAttester)
	p, err := s.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Set: map[string]string{"full_name": "Emeka Obi", "sex": "male"}})
	must(t, err)
	path := people + "/" + p.ID.String() + "/attestations"
	const good = `{"decisions":[{"field":"sex","state":"REJECTED","comment":"not what the document says"}]}`
	attest := func(as []string) *http.Request { return call("POST", path, good, as, "If-Match", `"1"`) }
	run(exercise{"attest", 200, attest(attester), false})
	exerciseGates(run, "attest", s.as(t, registry.RoleRegistrar), attest)
	run(exercise{"attest", 404, call("POST", people+"/"+uuid.NewString()+"/attestations", good, attester, "If-Match", `"1"`), false})
	run(exercise{"attest", 412, call("POST", path, good, attester, "If-Match", `"2"`), false})
	run(exercise{"attest", 422, call("POST", path, `{"decisions":[{"field":"sex","state":"REJECTED"}]}`, attester, "If-Match", `"1"`), false})
	run(exercise{"attest", 428, call("POST", path, good, attester), true})
	exerciseBodies(run, "attest", "POST", path, attester, "If-Match", `"1"`)
}

// exerciseSettings drives the definitions of fields and the history of settings.
func (s *service) exerciseSettings(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	auditor := s.as(t, registry.RoleAuditor)
	run(exercise{"listFields", 200, call("GET", "/api/v1/fields", "", auditor), false})
	run(exercise{"listFields", 401, call("GET", "/api/v1/fields", "", nil), false})
	run(exercise{"listFields", 422, call("GET", "/api/v1/fields?sort=key", "", auditor), true})
	history := func(as []string) *http.Request { return call("GET", "/api/v1/history?subject=token:x", "", as) }
	run(exercise{"listAdminHistory", 200, history(auditor), false})
	exerciseGates(run, "listAdminHistory", s.as(t, registry.RoleRegistrar), history)
	run(exercise{"listAdminHistory", 422, call("GET", "/api/v1/history?subject=a&subject=b", "", auditor), true})
	changes := func(query string, as []string) *http.Request { return call("GET", "/api/v1/changes"+query, "", as) }
	run(exercise{"listChanges", 200, changes("?limit=200", auditor), false})
	run(exercise{"listChanges", 200, changes("?actor=nobody&channel=staff&since=2020-01-01T00:00:00Z", auditor), false})
	run(exercise{"listChanges", 404, changes("?import="+uuid.NewString(), auditor), false})
	run(exercise{"listChanges", 422, changes("?since=31-31-2026", auditor), true})
	exerciseGates(run, "listChanges", s.as(t, registry.RoleRegistrar), func(as []string) *http.Request { return changes("", as) })
}
