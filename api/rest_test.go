package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/registry"
)

const (
	jsonBody   = "application/json"
	mergePatch = "application/merge-patch+json"
)

// as gives the headers of a program that acts for a member of staff with these
// roles, always the same one, whose token has all scopes.
func (s *service) as(t *testing.T, roles ...registry.Role) []string {
	t.Helper()
	key := fmt.Sprint(roles)
	if s.programs[key] == nil {
		s.programs[key] = s.bearer(t, s.newStaff(t, roles...), registry.Scopes()...)
	}
	return s.programs[key]
}

// newStaff opens an account and gives its name.
func (s *service) newStaff(t *testing.T, roles ...registry.Role) string {
	t.Helper()
	name := "staff-" + strings.ToLower(strings.Map(letters, uuid.NewString())) + "x"
	_, err := s.deps.Registry.CreateStaff(t.Context(), registry.System(), name, "six green kettles", roles)
	must(t, err)
	return name
}

// bearer gives the headers of a program with a new token of a staff account.
func (s *service) bearer(t *testing.T, username string, scopes ...registry.Scope) []string {
	t.Helper()
	secret, _, err := s.deps.Registry.CreateTokenFor(t.Context(), registry.System(), username, s.tokenRequest(scopes))
	must(t, err)
	return []string{"Authorization", "Bearer " + secret}
}

func (s *service) tokenRequest(scopes []registry.Scope) registry.TokenRequest {
	return registry.TokenRequest{Name: "tests", Scopes: scopes, ExpiresAt: s.deps.Now().AddDate(0, 0, 30)}
}

func letters(r rune) rune {
	if r == '-' {
		return -1
	}
	return 'a' + r%26
}

// call makes a request of the REST interface: as gives who calls, headers what
// else there is to say. A body is JSON unless headers say otherwise.
func call(method, path, body string, as []string, headers ...string) *http.Request {
	req := request(method, path, body, as...)
	if body != "" {
		req.Header.Set("Content-Type", jsonBody)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return req
}

// exerciseGates drives what every operation refuses alike: 401 to nobody, 403 to
// one who lacks the role. req makes a request that would else be good.
func exerciseGates(run func(exercise) *httptest.ResponseRecorder, operation string, lacksRole []string, req func(as []string) *http.Request) {
	run(exercise{operation, 401, req(nil), false})
	run(exercise{operation, 403, req(lacksRole), false})
}

// exerciseBodies drives what every body is refused for: an unknown member, the
// wrong type, too many bytes. headers are those of a good request.
func exerciseBodies(run func(exercise) *httptest.ResponseRecorder, operation, method, path string, as []string, headers ...string) {
	run(exercise{operation, 400, call(method, path, `{"no_such_member":1}`, as, headers...), true})
	run(exercise{operation, 413, call(method, path, strings.Repeat(" ", 1<<20), as, headers...), true})
	run(exercise{operation, 415, call(method, path, "{}", as, append(slices.Clone(headers), "Content-Type", "text/plain")...), true})
}

// registrant gives the headers of a program that acts for a new registered
// person, and the person's id.
func (s *service) registrant(t *testing.T) (as []string, id uuid.UUID) {
	t.Helper()
	p, err := s.deps.Registry.Register(t.Context(), staff(registry.RoleRegistrar), registry.Change{Set: map[string]string{"full_name": "Dalia Haddad"}})
	must(t, err)
	return s.activated(t, p), p.ID
}

// activated activates the account of somebody who is registered, and gives the headers
// of its personal access token.
func (s *service) activated(t *testing.T, p registry.Person) []string {
	t.Helper()
	code, _, err := s.deps.Registry.NewActivationCode(t.Context(), staff(registry.RoleRegistrar), p.ID)
	must(t, err)
	session, _, err := s.deps.Registry.Activate(t.Context(), p.Number, code, "six green kettles")
	must(t, err)
	self, err := s.deps.Registry.Session(t.Context(), session)
	must(t, err)
	secret, _, err := s.deps.Registry.CreateToken(t.Context(), self, s.tokenRequest(registry.Scopes()))
	must(t, err)
	return []string{"Authorization", "Bearer " + secret}
}
