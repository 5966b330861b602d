package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/api"
	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

// restRoutes are the routes of the REST interface, with an id that is somebody's
// in the place of :id, one that is nothing's for a document or a request, and 1 in
// that of other parameters.
func (s *service) restRoutes(t *testing.T) []api.Route {
	t.Helper()
	all, err := api.Routes(s.deps)
	must(t, err)
	var out []api.Route
	for _, r := range all {
		if strings.HasPrefix(r.Path, "/api/v1/") {
			r.Path = parameter.ReplaceAllString(strings.NewReplacer(":id", s.person.String(), ":document", uuid.NewString(), ":request", uuid.NewString()).Replace(r.Path), "1")
			out = append(out, r)
		}
	}
	if len(out) < 10 {
		t.Fatalf("only %d routes: the test is hollow", len(out))
	}
	return out
}

// TestNobodyReachesTheREST: without a token, and with a bad one, every route
// answers 401 with a challenge, and does nothing.
func TestNobodyReachesTheREST(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		for _, r := range s.restRoutes(t) {
			for name, as := range map[string][]string{"nobody": nil, "bad token": {"Authorization", "Bearer sr_pat_x"}, "dead session": {"Cookie", "sr_session=planted"}} {
				rec := s.do(call(r.Method, r.Path, "", as))
				if rec.Code != http.StatusUnauthorized || rec.Header().Get("WWW-Authenticate") == "" || rec.Header().Get("Content-Type") != "application/problem+json" {
					t.Errorf("%s %s, %s: got %d %v", r.Method, r.Path, name, rec.Code, rec.Header())
				}
			}
		}
	})
}

// TestEveryReadHasOneScope: a token with each scope alone opens a read by one of
// them only, or by any if it is of no registrant and no secret. Jobs are followed
// by any token of the account that asked for them; a file may carry values,
// decisions, or both.
func TestEveryReadHasOneScope(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		s.hurry(t)
		programs, open := s.oneScopeEach(t), []string{fields, fields + "/1", groupKinds, groupKinds + "/1", programmes, programmes + "/1"}
		open = append(open, "/api/v1/jobs", "/api/v1/jobs/"+s.person.String())
		files := []registry.Scope{registry.ScopeAttestationsWrite, registry.ScopeImportsWrite}
		for _, r := range s.restRoutes(t) {
			if r.Method != http.MethodGet || slices.Contains(open, r.Path) {
				continue
			}
			var by []registry.Scope
			for scope, as := range programs {
				rec := s.do(call("GET", r.Path, "", as))
				if rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "insufficient_scope") {
					by = append(by, scope)
				}
			}
			slices.Sort(by)
			if len(by) > 1 && !(strings.HasPrefix(r.Path, "/api/v1/imports") && slices.Equal(by, files)) {
				t.Errorf("GET %s is open to %v", r.Path, by)
			}
		}
	})
}

// hurry lets a second pass with each request, so that many of them are not too
// many for one account.
func (s *service) hurry(t *testing.T) {
	t.Helper()
	clock := s.deps.Now()
	s.deps.Now = func() time.Time { clock = clock.Add(time.Second); return clock }
	handler, err := api.New(s.deps)
	must(t, err)
	s.Handler, s.deps.Now = handler, func() time.Time { return clock }
}

// oneScopeEach gives a program per scope, all of one administrator's account.
func (s *service) oneScopeEach(t *testing.T) map[registry.Scope][]string {
	t.Helper()
	programs, name := map[registry.Scope][]string{}, s.newStaff(t, registry.RoleAdmin)
	for _, scope := range registry.Scopes() {
		programs[scope] = s.bearer(t, name, scope)
	}
	return programs
}

// TestPeopleAreWrittenByScope: the scopes of the writes, of which a body must be
// good to get that far.
func TestPeopleAreWrittenByScope(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		path := people + "/" + s.person.String()
		for scope, as := range s.oneScopeEach(t) {
			for want, req := range map[registry.Scope]*http.Request{
				registry.ScopePeopleWrite:       call("PATCH", path, `{"values":{"sex":"x"}}`, as, "If-Match", `"1"`, "Content-Type", mergePatch),
				registry.ScopeAttestationsWrite: call("POST", path+"/attestations", `{"decisions":[{"field":"x","state":"NEW"}]}`, as, "If-Match", `"1"`),
			} {
				rec, code := s.do(req), http.StatusForbidden
				if scope == want {
					code = http.StatusUnprocessableEntity
				}
				if rec.Code != code {
					t.Errorf("%s %s with %s: got %d %s, want %d", req.Method, req.URL.Path, scope, rec.Code, rec.Body, code)
				}
			}
		}
	})
}

// TestSomebodyElsesRecordIsNotThere: to a registrant, every address under another
// person is the same answer as under nobody.
func TestSomebodyElsesRecordIsNotThere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as, own := s.registrant(t)
		for _, at := range []string{"", "/attestations", "/versions", "/versions/1", "/history", "/kinship"} {
			for who, want := range map[string]int{own.String(): 200, s.person.String(): 404, uuid.NewString(): 404, "x": 404} {
				if rec := s.do(call("GET", people+"/"+who+at, "", as)); rec.Code != want {
					t.Errorf("GET %s of %s: got %d, want %d", at, who, rec.Code, want)
				}
			}
		}
		edit := func(who string) (int, string) {
			rec := s.do(call("PATCH", people+"/"+who, `{"values":{"locality":"Kisumu"}}`, as, "If-Match", `"1"`, "Content-Type", mergePatch))
			return rec.Code, withoutID(rec.Body.String())
		}
		theirs, saysTheirs := edit(s.person.String())
		nobodys, saysNobodys := edit(uuid.NewString())
		if theirs != http.StatusNotFound || theirs != nobodys || saysTheirs != saysNobodys {
			t.Errorf("somebody else's: %d %s; nobody's: %d %s", theirs, saysTheirs, nobodys, saysNobodys)
		}
		if code, says := edit(own.String()); code != http.StatusOK {
			t.Errorf("the own: %d %s", code, says)
		}
	})
}

// withoutID cuts the request id out of a problem.
func withoutID(problem string) string {
	before, after, _ := strings.Cut(problem, `"request_id":"`)
	_, after, _ = strings.Cut(after, `"`)
	return before + after
}

// TestMalformedIDsAreNowhere: also those that other programs would read as ids.
func TestMalformedIDsAreNowhere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as, id := s.as(t, registry.RoleAdmin), s.person.String()
		for text, want := range map[string]int{
			id: 200, strings.ToUpper(id): 200, "x": 404, "1": 404, "%00": 404, "%FF": 404, "{" + id + "}": 404, "urn:uuid:" + id: 404,
			strings.ReplaceAll(id, "-", ""): 404, id + "0": 404, uuid.Nil.String(): 404, "..": 404, "'": 404,
		} {
			if rec := s.do(call("GET", people+"/"+strings.NewReplacer("{", "%7B", "}", "%7D").Replace(text), "", as)); rec.Code != want {
				t.Errorf("%s: got %d %s, want %d", text, rec.Code, rec.Body, want)
			}
		}
		for number, want := range map[string]int{"1": 200, "2": 404, "0": 404, "01": 404, "-1": 404, "1.0": 404, "99999999999": 404, "x": 404} {
			if rec := s.do(call("GET", people+"/"+id+"/versions/"+number, "", as)); rec.Code != want {
				t.Errorf("version %s: got %d, want %d", number, rec.Code, want)
			}
		}
	})
}

// TestTheDescriptionNamesEveryScope: and no other.
func TestTheDescriptionNamesEveryScope(t *testing.T) {
	t.Parallel()
	var described []registry.Scope
	for _, name := range description(t).Components.Schemas["Scope"].Value.Enum {
		described = append(described, registry.Scope(name.(string)))
	}
	if want := registry.Scopes(); !slices.Equal(described, want) {
		t.Errorf("openapi.yaml has %v, want %v", described, want)
	}
}

// TestNothingOfRESTLeaksIntoLogsAndMetrics: neither tokens nor keys nor what is
// looked for, also after refusals.
func TestNothingOfRESTLeaksIntoLogsAndMetrics(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	as := s.as(t, registry.RoleRegistrar)
	s.do(call("GET", people+"?q=Zubeida", "", as))
	s.do(call("GET", people+"/"+s.person.String()+"?name=Zubeida", "", as))
	for range 2 {
		s.do(call("POST", people, `{"values":{"full_name":"Brian Otieno","national_id":"KE-1"}}`, as, "Idempotency-Key", "key-of-brian"))
	}
	s.do(call("POST", people, `{"values":{"full_name":"Brian Otieno","national_id":"KE-1"},"reason":"Zubeida"`, as))
	s.do(call("GET", people, "", []string{"Authorization", as[1] + "x"}))
	metrics := s.do(request("GET", "/metrics", "")).Body.String()
	for place, kept := range map[string]string{"log": s.log.String(), "metrics": metrics} {
		for _, secret := range []string{"sr_pat_", strings.TrimPrefix(as[1], "Bearer sr_pat_"), "Zubeida", "Otieno", "KE-1", "key-of-brian", s.person.String()} {
			if strings.Contains(kept, secret) {
				t.Errorf("the %s holds %q", place, secret)
			}
		}
		if !strings.Contains(kept, "/api/v1/people/:id") {
			t.Errorf("the %s does not name the route: the test is hollow", place)
		}
	}
}
