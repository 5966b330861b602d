package api_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"socialregistry/api"
	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

// form posts a form of a page, as a browser without scripts does.
func form(path string, values ...string) *http.Request {
	body := url.Values{}
	for i := 0; i < len(values); i += 2 {
		body.Set(values[i], values[i+1])
	}
	return request("POST", path, body.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
}

// TestGuessingAtManyNamesIsSlowed: thirty refused tries of one address, whatever
// the names, and the next is not looked at; a good one costs nothing, another
// address is not held up, and time helps.
func TestGuessingAtManyNamesIsSlowed(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	clock := s.deps.Now()
	s.deps.Now = func() time.Time { return clock }
	handler, err := api.New(s.deps)
	must(t, err)
	s.Handler = handler
	_, err = s.deps.Registry.CreateStaff(t.Context(), registry.System(), "amina", "six green kettles", []registry.Role{registry.RoleAuditor})
	must(t, err)
	good := func() *httptest.ResponseRecorder {
		return s.do(form("/login", "username", "amina", "password", "six green kettles"))
	}
	for n := range 30 {
		if n%10 == 0 {
			if rec := good(); rec.Code != http.StatusSeeOther {
				t.Fatalf("good sign-in after %d bad ones: %d", n, rec.Code)
			}
		}
		bad := form("/login", "username", "name"+strconv.Itoa(n), "password", "wrong")
		if n%2 == 1 {
			bad = form("/activate", "number", "SR-"+strconv.Itoa(n), "code", "1", "passphrase", "six green kettles", "repeat", "six green kettles")
		}
		if rec := s.do(bad); rec.Code != http.StatusUnprocessableEntity {
			t.Fatalf("try %d: %d", n, rec.Code)
		}
	}
	for _, path := range []string{"/login", "/activate"} {
		rec := s.do(form(path, "username", "amina", "password", "six green kettles"))
		if rec.Code != http.StatusTooManyRequests || rec.Header().Get("Retry-After") == "" || !strings.Contains(rec.Header().Get("Content-Type"), "text/html") {
			t.Errorf("%s after thirty: %d, %v, want a page with 429 and Retry-After", path, rec.Code, rec.Header())
		}
	}
	other := form("/login", "username", "amina", "password", "six green kettles")
	other.RemoteAddr = "127.0.0.2:1"
	if rec := s.do(other); rec.Code != http.StatusSeeOther {
		t.Errorf("another address: %d", rec.Code)
	}
	clock = clock.Add(2 * time.Second)
	if rec := good(); rec.Code != http.StatusSeeOther {
		t.Errorf("two seconds later: %d", rec.Code)
	}
}

// TestPathsThatNoDatabaseReads: what PostgreSQL cannot store is simply not there.
func TestPathsThatNoDatabaseReads(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		for _, path := range []string{"/oid4vci/offers/%00", "/oid4vci/offers/a%FF", "/status/token/%00", "/status/bitstring/%FF%00", "/credentials/types/%00"} {
			if rec := s.do(request("GET", path, "")); rec.Code != http.StatusNotFound {
				t.Errorf("%s: %d %s, want 404", path, rec.Code, rec.Body)
			}
		}
		for _, req := range []*http.Request{
			form("/login", "username", "a\x00b", "password", "wrong\x00"),
			form("/activate", "number", "SR-1\x00", "code", "\x00", "passphrase", "six green kettles", "repeat", "six green kettles"),
		} {
			if rec := s.do(req); rec.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d, want 422", req.URL, rec.Code)
			}
		}
	})
}

// TestRow16FloodOfTokenRequests: after a thousand requests at once an address
// waits; another does not, and time helps.
func TestRow16FloodOfTokenRequests(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	clock := s.deps.Now()
	s.deps.Now = func() time.Time { return clock }
	handler, err := api.New(s.deps)
	must(t, err)
	s.Handler = handler
	ask := func(from string) *httptest.ResponseRecorder {
		r := request("POST", "/oid4vci/token", "{}", "Content-Type", "application/json") // refused for its type
		r.RemoteAddr = from
		return s.do(r)
	}
	for n := range 1000 {
		if rec := ask("192.0.2.7:1"); rec.Code != http.StatusUnsupportedMediaType {
			t.Fatalf("request %d: %d", n+1, rec.Code)
		}
	}
	rec := ask("192.0.2.7:2")
	if wait, _ := strconv.Atoi(rec.Header().Get("Retry-After")); rec.Code != http.StatusTooManyRequests || wait < 1 {
		t.Errorf("one too many: %d %v", rec.Code, rec.Header())
	}
	if rec := ask("192.0.2.8:1"); rec.Code != http.StatusUnsupportedMediaType {
		t.Errorf("another address: %d", rec.Code)
	}
	clock = clock.Add(time.Second)
	if rec := ask("192.0.2.7:3"); rec.Code != http.StatusUnsupportedMediaType {
		t.Errorf("a second later: %d", rec.Code)
	}
}
