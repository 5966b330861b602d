package api_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

const tokens = "/api/v1/tokens"

// signedIn gives the cookie of a new member of staff.
func (s *service) signedIn(t *testing.T, name string, roles ...registry.Role) []string {
	t.Helper()
	_, err := s.deps.Registry.CreateStaff(t.Context(), registry.System(), name, "six green kettles", roles)
	must(t, err)
	session, _, err := s.deps.Registry.SignIn(t.Context(), name, "six green kettles")
	must(t, err)
	return []string{"Cookie", "sr_session=" + session}
}

// exerciseTokens drives the operations on personal access tokens.
func (s *service) exerciseTokens(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	session, byToken := s.signedIn(t, "token-keeper", registry.RoleRegistrar), s.as(t, registry.RoleAdmin)
	const good = `{"name":"nightly export","scopes":["people:read"],"expires_at":"2026-12-22T12:00:00Z","reason":"asked for by the ministry"}`
	create := func(as []string) *http.Request { return call("POST", tokens, good, as) }
	made := run(exercise{"createPersonalToken", 201, create(session), false})
	exerciseGates(run, "createPersonalToken", byToken, create) // no token makes another
	run(exercise{"createPersonalToken", 422, call("POST", tokens, `{"name":"","scopes":["root"],"expires_at":"2025-01-01T00:00:00Z"}`, session), false})
	exerciseBodies(run, "createPersonalToken", "POST", tokens, session)
	for range registry.MaxTokens - 1 {
		s.do(create(session))
	}
	run(exercise{"createPersonalToken", 409, create(session), false})

	show := func(as []string) *http.Request { return call("GET", tokens, "", as) }
	run(exercise{"listTokens", 200, show(session), false})
	exerciseGates(run, "listTokens", byToken, show)

	revoke := func(as []string) *http.Request { return call("DELETE", made.Header().Get("Location"), "", as) }
	exerciseGates(run, "revokePersonalToken", byToken, revoke)
	run(exercise{"revokePersonalToken", 204, revoke(session), false})
	run(exercise{"revokePersonalToken", 404, call("DELETE", tokens+"/"+uuid.NewString(), "", session), false})
}

// TestATokenThroughItsLife: made by its owner, shown once, good for its scopes,
// over when it is revoked.
func TestATokenThroughItsLife(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		session := s.signedIn(t, "amina", registry.RoleRegistrar)
		rec := s.do(call("POST", tokens, `{"name":"export","scopes":["people:read"],"expires_at":"2026-12-22T12:00:00Z"}`, session))
		var made struct{ ID, Token string }
		decode(t, rec, &made)
		if rec.Code != http.StatusCreated || !strings.HasPrefix(made.Token, registry.TokenPrefix) || rec.Header().Get("Location") != tokens+"/"+made.ID {
			t.Fatalf("made: %d %s", rec.Code, rec.Body)
		}
		if rec := s.do(call("GET", tokens, "", session)); strings.Contains(rec.Body.String(), made.Token) || !strings.Contains(rec.Body.String(), made.ID) {
			t.Errorf("the list: %s", rec.Body)
		}
		bearer := []string{"Authorization", "Bearer " + made.Token}
		for path, want := range map[string]int{people + "?q=zubeida": 200, "/api/v1/history?subject=x": 403, tokens: 403} {
			rec := s.do(call("GET", path, "", bearer))
			if rec.Code != want {
				t.Errorf("%s: got %d, want %d", path, rec.Code, want)
			}
			if got := rec.Header().Get("WWW-Authenticate"); want == 403 && got != `Bearer error="insufficient_scope"` {
				t.Errorf("%s: WWW-Authenticate %q", path, got)
			}
		}
		if rec := s.do(call("DELETE", tokens+"/"+made.ID, "", session)); rec.Code != http.StatusNoContent {
			t.Errorf("revoke: %d %s", rec.Code, rec.Body)
		}
		rec = s.do(call("GET", people, "", bearer))
		if rec.Code != http.StatusUnauthorized || rec.Header().Get("WWW-Authenticate") != `Bearer error="invalid_token"` {
			t.Errorf("revoked: %d %v", rec.Code, rec.Header())
		}
	})
}

// TestABadBearerNeverFallsBackToTheCookie: who sends a token wants to be known by
// it, and another site's page cannot send one.
func TestABadBearerNeverFallsBackToTheCookie(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		session := s.signedIn(t, "amina", registry.RoleAdmin)
		good := s.as(t, registry.RoleAdmin)[1]
		for header, want := range map[string]int{
			"": 200, good: 200, "bearer " + strings.TrimPrefix(good, "Bearer "): 200, good + "x": 401, good[:len(good)-1]: 401, "Bearer": 401, "Bearer ": 401,
			"Bearer sr_pat_" + strings.Repeat("A", 43): 401, "Bearer \x7f": 401, "Basic YTpi": 401, strings.Replace(good, "sr_pat_", "", 1): 401,
			"Bearer sr_pat_" + strings.Repeat("x", 9000): 401,
		} {
			req := call("GET", people, "", session)
			if header != "" {
				req.Header.Set("Authorization", header)
			}
			if rec := s.do(req); rec.Code != want || want == 401 && rec.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%.40q: got %d %v, want %d", header, rec.Code, rec.Header(), want)
			}
		}
		double := call("GET", people, "", session)
		double.Header["Authorization"] = []string{good, good}
		if rec := s.do(double); rec.Code != http.StatusUnauthorized {
			t.Errorf("two tokens: %d", rec.Code)
		}
	})
}

// TestRESTRefusesOtherSites: a write by cookie keeps the protection of the pages;
// one by token needs none.
func TestRESTRefusesOtherSites(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		session, bearer := s.signedIn(t, "amina", registry.RoleRegistrar), s.as(t, registry.RoleRegistrar)
		const body = `{"values":{"full_name":"Brian Otieno"}}`
		for name, tc := range map[string]struct {
			req  *http.Request
			want int
		}{
			"cookie, other site":      {call("POST", people, body, session, "Sec-Fetch-Site", "cross-site"), 403},
			"cookie, other origin":    {call("POST", people, body, session, "Origin", "https://evil.example"), 403},
			"cookie, patch":           {call("PATCH", people+"/"+s.person.String(), body, session, "Sec-Fetch-Site", "cross-site"), 403},
			"cookie, delete":          {call("DELETE", tokens+"/x", "", session, "Sec-Fetch-Site", "same-site"), 403},
			"cookie, empty header":    {call("POST", people, body, session, "Sec-Fetch-Site", "cross-site", "Authorization", ""), 403},
			"cookie, own site":        {call("POST", people, body, session, "Sec-Fetch-Site", "same-origin"), 201},
			"token, other site":       {call("POST", people, body, bearer, "Sec-Fetch-Site", "cross-site"), 201},
			"token beside the cookie": {call("POST", people, body, append(session, "Authorization", "Bearer x"), "Sec-Fetch-Site", "cross-site"), 401},
		} {
			if rec := s.do(tc.req); rec.Code != tc.want {
				t.Errorf("%s: got %d %s, want %d", name, rec.Code, rec.Body, tc.want)
			}
		}
	})
}

// TestOneAccountIsSlowedDown: after a thousand requests at once an account waits,
// and nobody else does.
func TestOneAccountIsSlowedDown(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	as, other := s.as(t, registry.RoleAuditor), s.as(t, registry.RoleAdmin)
	seen := map[int]int{}
	for range 1010 {
		rec := s.do(call("GET", people+"/x", "", as))
		seen[rec.Code]++
		if rec.Code == 429 && (rec.Header().Get("Retry-After") == "" || rec.Header().Get("Content-Type") != "application/problem+json") {
			t.Fatalf("429 with %v", rec.Header())
		}
	}
	if seen[404] != 1000 || seen[429] != 10 {
		t.Errorf("got %v, want 1000 of 404 and 10 of 429", seen)
	}
	if rec := s.do(call("GET", people+"/x", "", other)); rec.Code != http.StatusNotFound {
		t.Errorf("another account: %d", rec.Code)
	}
}

// TestTokensEndWithTheirTime: at its last moment a token is over.
func TestTokensEndWithTheirTime(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	session := s.signedIn(t, "amina", registry.RoleRegistrar)
	for ends, want := range map[string]int{
		s.deps.Now().Format(time.RFC3339): 422, s.deps.Now().Add(time.Second).Format(time.RFC3339): 201,
		s.deps.Now().Add(registry.MaxTokenLife).Format(time.RFC3339): 201, s.deps.Now().Add(registry.MaxTokenLife + time.Second).Format(time.RFC3339): 422,
	} {
		rec := s.do(call("POST", tokens, `{"name":"n","scopes":["people:read"],"expires_at":`+strconv.Quote(ends)+`}`, session))
		if rec.Code != want {
			t.Errorf("until %s: got %d %s, want %d", ends, rec.Code, rec.Body, want)
		}
	}
}
