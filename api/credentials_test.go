package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/issuer"
	"socialregistry/registry"
)

const credentials = "/api/v1/credentials"

// issued issues a credential about s.person and gives its path.
func (s *service) issued(t *testing.T) string {
	t.Helper()
	if rec := s.do(s.credentialRequest(t, sdJWTConfig, sdJWTConfig)); rec.Code != http.StatusOK {
		t.Fatalf("issue: %d %s", rec.Code, rec.Body)
	}
	list, err := s.deps.Issuer.Issued(t.Context(), staff(registry.RoleAdmin), s.person)
	must(t, err)
	for _, c := range list { // all of one moment
		if c.State == "issued" && c.Format != issuer.FormatPaper {
			return credentials + "/" + c.ID.String()
		}
	}
	t.Fatal("what was issued is not there")
	return ""
}

func (s *service) exerciseIssued(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	registrar, auditor, narrow := s.as(t, registry.RoleRegistrar), s.as(t, registry.RoleAuditor), s.narrow(t)
	path, list := s.issued(t), people+"/"+s.person.String()+"/credentials"
	run(exercise{"listCredentials", 200, call("GET", list, "", auditor), false})
	run(exercise{"listCredentials", 404, call("GET", people+"/"+uuid.NewString()+"/credentials", "", auditor), false})
	run(exercise{"listCredentials", 422, call("GET", list+"?x=1", "", auditor), true})
	exerciseGates(run, "listCredentials", narrow, func(as []string) *http.Request { return call("GET", list, "", as) })
	run(exercise{"listIssuedCredentials", 200, call("GET", credentials+"?state=issued&registrant_id="+s.person.String(), "", auditor), false})
	run(exercise{"listIssuedCredentials", 200, call("GET", credentials+"?limit=1", "", auditor), false})
	owner, _ := s.registrant(t)
	run(exercise{"listIssuedCredentials", 404, call("GET", credentials+"?registrant_id="+uuid.NewString(), "", owner), false})
	run(exercise{"listIssuedCredentials", 422, call("GET", credentials+"?since=soon", "", auditor), true})
	exerciseGates(run, "listIssuedCredentials", narrow, func(as []string) *http.Request { return call("GET", credentials, "", as) })
	run(exercise{"getCredential", 200, call("GET", path, "", auditor), false})
	run(exercise{"getCredential", 404, call("GET", credentials+"/"+uuid.NewString(), "", auditor), false})
	exerciseGates(run, "getCredential", narrow, func(as []string) *http.Request { return call("GET", path, "", as) })
	for _, step := range []string{"restore", "suspend", "restore", "withdraw"} {
		do := func(as []string) *http.Request {
			return call("POST", path+"/"+step, `{"reason":"the phone was lost"}`, as)
		}
		operation, want := step+"Credential", 200
		if rec := s.do(call("GET", path, "", auditor)); step == "restore" && strings.Contains(rec.Body.String(), `"state":"issued"`) {
			want = 409
		}
		exerciseBodies(run, operation, "POST", path+"/"+step, registrar)
		run(exercise{operation, 422, call("POST", path+"/"+step, `{"reason":""}`, registrar), false})
		run(exercise{operation, 404, call("POST", credentials+"/"+uuid.NewString()+"/"+step, `{"reason":"x"}`, registrar), false})
		exerciseGates(run, operation, auditor, do)
		run(exercise{operation, want, do(registrar), false})
		if want == 200 {
			run(exercise{operation, 409, do(registrar), false})
		}
	}
	fresh := s.issued(t) + "/reissue"
	again := func(as []string) *http.Request { return call("POST", fresh, `{"tx_code":true}`, as) }
	run(exercise{"reissueCredential", 201, again(registrar), false})
	exerciseBodies(run, "reissueCredential", "POST", fresh, registrar)
	exerciseGates(run, "reissueCredential", auditor, again)
	run(exercise{"reissueCredential", 404, call("POST", credentials+"/"+uuid.NewString()+"/reissue", "{}", registrar), false})
	must(t, s.deps.Issuer.Suspend(t.Context(), staff(registry.RoleAdmin), uuid.MustParse(strings.Split(fresh, "/")[4]), "lost"))
	run(exercise{"reissueCredential", 409, again(registrar), false})
	s.do(call("POST", strings.TrimSuffix(fresh, "/reissue")+"/withdraw", `{"reason":"done"}`, registrar))
}

// The life of a credential over the interface: each step with its reason, by whose
// hand; a registrant learns nothing of another's.
func TestLifeThroughREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		path, registrar := s.issued(t), s.as(t, registry.RoleRegistrar)
		for _, step := range []string{"suspend", "restore", "withdraw"} {
			if rec := s.do(call("POST", path+"/"+step, `{"reason":"because of `+step+`"}`, registrar)); rec.Code != http.StatusOK {
				t.Fatalf("%s: %d %s", step, rec.Code, rec.Body)
			}
		}
		var life struct {
			State string
			Steps []struct{ Step, By, Reason string }
		}
		must(t, json.Unmarshal(s.do(call("GET", path, "", registrar)).Body.Bytes(), &life))
		var told []string
		for _, step := range life.Steps {
			told = append(told, step.Step+": "+step.Reason)
		}
		if got, want := strings.Join(told, "; "), "offered: ; issued: ; suspended: because of suspend; restored: because of restore; withdrawn: because of withdraw"; got != want || life.State != "withdrawn" {
			t.Errorf("%s, %s; want %s", life.State, got, want)
		}
		if last := life.Steps[len(life.Steps)-1]; !strings.HasPrefix(last.By, "staff-") {
			t.Errorf("withdrawn by %q, want the account", last.By)
		}
		me, _ := s.registrant(t)
		for _, req := range []*http.Request{call("GET", path, "", me), call("POST", path+"/withdraw", `{"reason":"x"}`, me), call("POST", path+"/suspend", `{"reason":"x"}`, me),
			call("POST", path+"/reissue", "{}", me), call("GET", people+"/"+s.person.String()+"/credentials", "", me)} {
			if rec := s.do(req); rec.Code != http.StatusNotFound {
				t.Errorf("%s %s by another registrant: %d %s", req.Method, req.URL.Path, rec.Code, rec.Body)
			}
		}
	})
}
