package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

// Over REST too, an old session changes no telephone, and neither does a token.
func TestRESTMovesNoContactWithoutAProof(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		p, err := s.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Set: map[string]string{"full_name": "Dalia Haddad"}})
		must(t, err)
		code, _, err := s.deps.Registry.NewActivationCode(t.Context(), staff(registry.RoleRegistrar), p.ID)
		must(t, err)
		token, _, err := s.deps.Registry.Activate(t.Context(), p.Number, code, "six green kettles")
		must(t, err)
		session := []string{"Cookie", "sr_session=" + token}
		at, tag := "/api/v1/people/"+p.ID.String(), `"1"`
		edit := func(as []string, values string) (int, string) {
			t.Helper()
			rec := s.do(call("PATCH", at, `{"values":{`+values+`}}`, as, "If-Match", tag, "Content-Type", mergePatch))
			if new := rec.Header().Get("ETag"); rec.Code == http.StatusOK && new != "" {
				tag = new
			}
			return rec.Code, rec.Body.String()
		}
		if code, body := edit(session, `"phone_number":"+254711000001"`); code != http.StatusOK {
			t.Fatalf("just signed in: %d %s", code, body)
		}
		must(t, d.Exec("UPDATE session SET proved_at = ?", db.TimeOf(s.deps.Now().Add(-time.Hour))).Error)
		for _, values := range []string{`"phone_number":"+254711000002"`, `"phone_number":null`, `"email":"thief@example.org","locality":"Maralal"`} {
			if code, body := edit(session, values); code != http.StatusForbidden || !strings.Contains(body, "step_up_needed") {
				t.Errorf("%s by an old session: %d %s", values, code, body)
			}
		}
		rec := s.do(call("POST", at+"/change-requests", `{"values":{"email":"thief@example.org"}}`, session, "Idempotency-Key", "one"))
		if rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "step_up_needed") {
			t.Errorf("asked for by an old session: %d %s", rec.Code, rec.Body)
		}
		if code, body := edit(session, `"locality":"Maralal"`); code != http.StatusOK {
			t.Errorf("no contact: %d %s", code, body)
		}
		self, err := s.deps.Registry.Session(t.Context(), token)
		must(t, err)
		secret, _, err := s.deps.Registry.CreateToken(t.Context(), self, s.tokenRequest(registry.Scopes()))
		must(t, err)
		lent := []string{"Authorization", "Bearer " + secret}
		if code, body := edit(lent, `"phone_number":"+254711000003"`); code != http.StatusForbidden || !strings.Contains(body, "session_needed") {
			t.Errorf("by a token: %d %s", code, body)
		}
	})
}
