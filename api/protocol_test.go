package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"socialregistry/internal/dbtest"
)

// TestRow42TokenInQueryOrForm: a good access token anywhere but in the header is
// no token (RFC 9700 §2.3; FAPI 2.0 §5.3.4).
func TestRow42TokenInQueryOrForm(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	good := s.credentialRequest(t, sdJWTConfig, sdJWTConfig)
	token := strings.TrimPrefix(good.Header.Get("Authorization"), "Bearer ")
	good.Header.Del("Authorization")
	good.URL.RawQuery = "access_token=" + url.QueryEscape(token)
	form := request("POST", "/oid4vci/credential", "access_token="+url.QueryEscape(token), "Content-Type", "application/x-www-form-urlencoded")
	for name, req := range map[string]*http.Request{"query": good, "form": form} {
		rec := s.do(req)
		if rec.Code != http.StatusUnauthorized || !strings.HasPrefix(rec.Header().Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s: got %d %s", name, rec.Code, rec.Body)
		}
	}
}

// TestRow59BodiesThatAreNoRequest: each gets its status and its word, none a 500.
func TestRow59BodiesThatAreNoRequest(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	token := s.credentialRequest(t, sdJWTConfig, sdJWTConfig).Header.Get("Authorization")
	const kind, bad = "application/json", "invalid_credential_request"
	for name, tc := range map[string]struct {
		kind, body string
		status     int
		code       string
	}{
		"10 MB":           {kind, `{"a":"` + strings.Repeat("a", 10<<20) + `"}`, 413, "invalid_request"},
		"depth 10,000":    {kind, strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000), 400, bad},
		"doubled member":  {kind, `{"credential_configuration_id":"a","credential_configuration_id":"b"}`, 400, bad},
		"invalid UTF-8":   {kind, "{\"credential_configuration_id\":\"\xff\"}", 400, bad},
		"text":            {"text/plain", `{}`, 415, "invalid_request"},
		"no type":         {"", `{}`, 415, "invalid_request"},
		"empty":           {kind, ``, 400, bad},
		"not JSON":        {kind, `credential`, 400, bad},
		"array":           {kind, `[]`, 400, bad},
		"two objects":     {kind, `{}{}`, 400, bad},
		"NUL in a string": {kind, "{\"a\":\"\x00\"}", 400, bad},
	} {
		rec := s.do(request("POST", "/oid4vci/credential", tc.body, "Content-Type", tc.kind, "Authorization", token))
		var body struct{ Error string }
		decode(t, rec, &body)
		if rec.Code != tc.status || body.Error != tc.code {
			t.Errorf("%s: got %d %s, want %d %s", name, rec.Code, rec.Body, tc.status, tc.code)
		}
	}
}

// TestChunkedBodyIsCut: a body that does not say its length is cut at the limit.
func TestChunkedBodyIsCut(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	for size, want := range map[int]int{64 << 10: 400, 64<<10 + 1: 413} {
		req := request("POST", "/oid4vci/token", strings.Repeat("a", size), "Content-Type", "application/x-www-form-urlencoded")
		req.ContentLength = -1
		if rec := s.do(req); rec.Code != want {
			t.Errorf("%d bytes: got %d %s, want %d", size, rec.Code, rec.Body, want)
		}
	}
}
