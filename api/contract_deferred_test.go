package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"socialregistry/api"
	"socialregistry/did"
	"socialregistry/internal/db"
	"socialregistry/issuer"
	"socialregistry/registry"
)

// deferring is the service with another issuer, whose configuration waits for
// details that are not attested yet, and a person without any that are.
func (s *service) deferring(t *testing.T, config string) *service {
	t.Helper()
	var document db.JSON
	must(t, s.db.Raw("SELECT document FROM credential_configuration WHERE id = ?", config).Row().Scan(&document))
	document["deferred"] = true
	must(t, s.db.Exec("UPDATE credential_configuration SET document = ? WHERE id = ?", document, config).Error)
	out := *s
	var err error
	out.deps.Issuer, err = issuer.Open(t.Context(), issuer.Config{DB: s.db, Registry: s.deps.Registry, Master: s.master, PublicURL: publicURL,
		Now: s.deps.Now, Resolver: did.NewResolver()})
	must(t, err)
	out.Handler, err = api.New(out.deps)
	must(t, err)
	p, err := s.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Reason: "test", Set: map[string]string{
		"given_name": "Amina", "family_name": "Testperson", "birth_date": "1990-04-02"}})
	must(t, err)
	out.person = p.ID
	return &out
}

func (s *service) decideAll(t *testing.T, state registry.State) {
	t.Helper()
	p, err := s.deps.Registry.Person(t.Context(), staff(registry.RoleRegistrar), s.person)
	must(t, err)
	var decisions []registry.Decision
	for _, field := range []string{"given_name", "family_name", "birth_date"} {
		decisions = append(decisions, registry.Decision{Field: field, State: state, Comment: "test"})
	}
	must(t, s.deps.Registry.Attest(t.Context(), staff(registry.RoleAttester), s.person, p.VersionNo, decisions))
}

func (s *service) exerciseDeferred(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	const path, kind = "/oid4vci/deferred", "application/json"
	d := s.deferring(t, sdJWTConfig)
	ask := d.credentialRequest(t, sdJWTConfig, sdJWTConfig)
	authorization := ask.Header.Get("Authorization")
	handler := s.Handler
	s.Handler = d.Handler
	defer func() { s.Handler = handler }()
	promise := run(exercise{"createCredential", 202, ask, false})
	var body map[string]any
	must(t, json.Unmarshal(promise.Body.Bytes(), &body))
	fetch := func() *http.Request {
		raw, err := json.Marshal(map[string]any{"transaction_id": body["transaction_id"]})
		must(t, err)
		return request("POST", path, string(raw), "Content-Type", kind, "Authorization", authorization)
	}
	run(exercise{"createDeferredCredential", 202, fetch(), false})
	d.decideAll(t, registry.StateAttested)
	run(exercise{"createDeferredCredential", 200, fetch(), false})
	run(exercise{"createDeferredCredential", 400, fetch(), false})
	run(exercise{"createDeferredCredential", 401, request("POST", path, `{"transaction_id":"x"}`, "Content-Type", kind), false})
	run(exercise{"createDeferredCredential", 413, request("POST", path, strings.Repeat(" ", 1<<20), "Content-Type", kind, "Authorization", authorization), true})
	run(exercise{"createDeferredCredential", 415, request("POST", path, "{}", "Content-Type", "text/plain", "Authorization", authorization), true})
}

func (s *service) exerciseNotification(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	const path, kind = "/oid4vci/notification", "application/json"
	ask := s.credentialRequest(t, ldpConfig, ldpConfig)
	authorization := ask.Header.Get("Authorization")
	tell := func(id string) *http.Request {
		raw, err := json.Marshal(map[string]any{"notification_id": id, "event": "credential_accepted"})
		must(t, err)
		return request("POST", path, string(raw), "Content-Type", kind, "Authorization", authorization)
	}
	run(exercise{"createNotification", 204, tell(text(t, s.do(ask), "notification_id")), false})
	run(exercise{"createNotification", 400, tell("guess"), false})
	run(exercise{"createNotification", 401, request("POST", path, `{"notification_id":"x","event":"credential_accepted"}`, "Content-Type", kind), false})
	run(exercise{"createNotification", 413, request("POST", path, strings.Repeat(" ", 1<<20), "Content-Type", kind, "Authorization", authorization), true})
	run(exercise{"createNotification", 415, request("POST", path, "{}", "Content-Type", "text/plain", "Authorization", authorization), true})
}
