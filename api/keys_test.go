package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"socialregistry/registry"
)

const issuerKeys = "/api/v1/keys"

func (s *service) exerciseKeys(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	admin, auditor, registrar := s.as(t, registry.RoleAdmin), s.as(t, registry.RoleAuditor), s.as(t, registry.RoleRegistrar)
	rotate := func(as []string) *http.Request {
		return call("POST", issuerKeys, `{"kind":"EdDSA","reason":"yearly"}`, as)
	}
	rec := run(exercise{"rotateKey", 201, rotate(admin), false})
	var made struct {
		KID   string `json:"kid"`
		State string `json:"state"`
	}
	must(t, json.Unmarshal(rec.Body.Bytes(), &made))
	if made.State != "to_come" {
		t.Errorf("the next key is %q, want to_come", made.State)
	}
	run(exercise{"rotateKey", 422, call("POST", issuerKeys, `{"kind":"RS256","reason":"x"}`, admin), true})
	run(exercise{"rotateKey", 422, call("POST", issuerKeys, `{"kind":"ES256","reason":""}`, admin), false})
	exerciseGates(run, "rotateKey", registrar, rotate)
	exerciseBodies(run, "rotateKey", "POST", issuerKeys, admin)
	history := issuerKeys + "/" + made.KID + "/history"
	for operation, path := range map[string]string{"listKeys": issuerKeys, "getKeyHistory": history} {
		read := func(as []string) *http.Request { return call("GET", path, "", as) }
		run(exercise{operation, 200, read(auditor), false})
		run(exercise{operation, 422, call("GET", path+"?x=1", "", auditor), true})
		exerciseGates(run, operation, registrar, read)
	}
	run(exercise{"getKeyHistory", 404, call("GET", issuerKeys+"/nobody/history", "", auditor), false})
	at := issuerKeys + "/" + made.KID + "/revoke"
	revoke := func(as []string) *http.Request { return call("POST", at, `{"reason":"test"}`, as) }
	exerciseGates(run, "revokeKey", registrar, revoke)
	run(exercise{"revokeKey", 422, call("POST", at, `{"reason":""}`, admin), false})
	run(exercise{"revokeKey", 204, revoke(admin), false})
	run(exercise{"revokeKey", 409, revoke(admin), false})
	run(exercise{"revokeKey", 404, call("POST", issuerKeys+"/nobody/revoke", `{"reason":"test"}`, admin), false})
	exerciseBodies(run, "revokeKey", "POST", at, admin)
}
