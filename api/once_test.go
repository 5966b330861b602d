package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

// TestARepeatedPostCreatesOnce: with its key it gets the first answer again, byte
// for byte; a key is for one request, and one that failed is free.
func TestARepeatedPostCreatesOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as := s.as(t, registry.RoleRegistrar)
		create := func(name, key string) *httptest.ResponseRecorder {
			return s.do(call("POST", people, `{"values":{"full_name":"`+name+`"}}`, as, "Idempotency-Key", key))
		}
		first, again := create("Brian Otieno", `"8e03978e-40d5"`), create("Brian Otieno", `8e03978e-40d5`) // quoted or not
		if first.Code != http.StatusCreated || first.Header().Get("Idempotency-Replayed") != "" {
			t.Fatalf("first: %d %s %v", first.Code, first.Body, first.Header())
		}
		if again.Code != first.Code || again.Body.String() != first.Body.String() || again.Header().Get("Idempotency-Replayed") != "true" {
			t.Errorf("again: %d %s %v", again.Code, again.Body, again.Header())
		}
		for _, name := range []string{"Location", "ETag", "Content-Type"} {
			if got, want := again.Header().Get(name), first.Header().Get(name); got != want || want == "" {
				t.Errorf("again: %s = %q, want %q", name, got, want)
			}
		}
		if rec := create("Chipo Banda", "8e03978e-40d5"); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), "idempotency_key_reused") {
			t.Errorf("another request: %d %s", rec.Code, rec.Body)
		}
		if rec := create("", "k2"); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), "invalid_values") {
			t.Errorf("refused: %d %s", rec.Code, rec.Body)
		}
		if rec := create("Chipo Banda", "k2"); rec.Code != http.StatusCreated {
			t.Errorf("after a refusal: %d %s", rec.Code, rec.Body)
		}
		if rec := s.do(call("POST", people, `{"values":`, as, "Idempotency-Key", "k3")); rec.Code != http.StatusBadRequest {
			t.Errorf("malformed: %d %s", rec.Code, rec.Body)
		}
		if rec := create("Dalia Haddad", "k3"); rec.Code != http.StatusCreated {
			t.Errorf("after a malformed one: %d %s", rec.Code, rec.Body)
		}
		for _, bad := range []string{"", `"`, `""`, `"a`, `a"b`, "a b", "a,b", "é", strings.Repeat("a", 256)} {
			if rec := create("Emeka Obi", bad); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), "bad_idempotency_key") {
				t.Errorf("key %.20q: %d %s", bad, rec.Code, rec.Body)
			}
		}
		if rec := create("Emeka Obi", strings.Repeat("a", 255)); rec.Code != http.StatusCreated {
			t.Errorf("255 characters: %d", rec.Code)
		}
	})
}

// atWork claims a key for a request of a program, as a server does that is carrying
// the request out.
func (s *service) atWork(t *testing.T, as []string, key, method, path, body string) {
	t.Helper()
	actor, err := s.deps.Registry.ByToken(t.Context(), strings.TrimPrefix(as[1], "Bearer "))
	must(t, err)
	_, _, err = s.deps.Registry.ClaimKey(t.Context(), actor, key, []byte(method), []byte(path), []byte(jsonBody), []byte(body))
	must(t, err)
}

// TestABrokenBodyWithAKeyIsTheClientsFault: and frees the key.
func TestABrokenBodyWithAKeyIsTheClientsFault(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	as := s.as(t, registry.RoleRegistrar)
	const body = `{"values":{"full_name":"Brian Otieno"}}`
	broken := call("POST", people, body, as, "Idempotency-Key", "k")
	broken.Body = io.NopCloser(io.MultiReader(strings.NewReader(body[:9]), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if rec := s.do(broken); rec.Code != http.StatusBadRequest || !strings.Contains(rec.Body.String(), "unreadable_body") {
		t.Errorf("broken: %d %s", rec.Code, rec.Body)
	}
	if rec := s.do(call("POST", people, strings.Repeat(" ", 1<<20), as, "Idempotency-Key", "k")); rec.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d %s", rec.Code, rec.Body)
	}
	if rec := s.do(call("POST", people, body, as, "Idempotency-Key", "k")); rec.Code != http.StatusCreated {
		t.Errorf("whole: %d %s", rec.Code, rec.Body)
	}
}

// TestPostsAtOnceWithOneKeyCreateOne: whoever comes second is told to wait, or
// gets the answer.
func TestPostsAtOnceWithOneKeyCreateOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		as := s.as(t, registry.RoleRegistrar)
		var all sync.WaitGroup
		codes := make([]int, 6)
		for i := range codes {
			all.Go(func() {
				codes[i] = s.do(call("POST", people, `{"values":{"full_name":"Brian Otieno"}}`, as, "Idempotency-Key", "k")).Code
			})
		}
		all.Wait()
		for _, code := range codes {
			if code != http.StatusCreated && code != http.StatusConflict {
				t.Errorf("got %v, want 201 and 409 only", codes)
			}
		}
		found, err := s.deps.Registry.Search(t.Context(), staff(registry.RoleAuditor), registry.Query{Text: "Brian Otieno"})
		if err != nil || len(found.People) != 1 {
			t.Errorf("%d people, %v", len(found.People), err)
		}
	})
}
