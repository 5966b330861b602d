package api_test

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"testing"

	"socialregistry/internal/dbtest"
)

func TestUnknownAddressesAndMethods(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	for _, tc := range []struct {
		method, path, accept string
		status               int
		kind, allow          string
	}{
		{"GET", "/oid4vci/nothing", "", 404, "application/json", ""},
		{"GET", "/.well-known/nothing", "", 404, "application/problem+json", ""},
		{"GET", "/nothing", "text/html", 404, "text/html; charset=utf-8", ""},
		{"GET", "/nothing", "*/*", 404, "application/problem+json", ""},
		{"GET", "/healthz/", "", 404, "application/problem+json", ""}, // no redirect to a guess
		{"GET", "/HEALTHZ", "", 404, "application/problem+json", ""},
		{"GET", "/oid4vci/token", "", 405, "application/json", "OPTIONS, POST"},
		{"DELETE", "/jwks.json", "", 405, "application/problem+json", "GET, HEAD, OPTIONS"},
		{"POST", "/healthz", "", 405, "application/problem+json", "GET, HEAD"},
		{"BREW", "/healthz", "", 405, "application/problem+json", "GET, HEAD"},
	} {
		rec := s.do(request(tc.method, tc.path, "", "Accept", tc.accept))
		allow := strings.Split(rec.Header().Get("Allow"), ", ")
		slices.Sort(allow)
		if rec.Code != tc.status || rec.Header().Get("Content-Type") != tc.kind || strings.Join(allow, ", ") != tc.allow {
			t.Errorf("%s %s: got %d %q, Allow %v; want %d %q, %q", tc.method, tc.path, rec.Code, rec.Header().Get("Content-Type"), allow, tc.status, tc.kind, tc.allow)
		}
	}
}

func TestSecurityHeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	for _, path := range []string{"/", "/login", "/healthz", "/jwks.json", "/nothing", "/oid4vci/offers/x"} {
		rec := s.do(request("GET", path, "", "Accept", "text/html"))
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'",
			"X-Content-Type-Options":  "nosniff",
			"Referrer-Policy":         "same-origin",
		} {
			if got := rec.Header().Get(name); got != want {
				t.Errorf("%s: %s = %q, want %q", path, name, got, want)
			}
		}
		if rec.Header().Get("X-Request-Id") == "" || rec.Header().Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: headers %v", path, rec.Header())
		}
		if path != "/jwks.json" && rec.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control = %q", path, rec.Header().Get("Cache-Control"))
		}
	}
}

// TestOpenToWalletsOnly: pages of other sites may call what a web wallet needs,
// and nothing else; nowhere with cookies.
func TestOpenToWalletsOnly(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	for path, open := range map[string]bool{
		"/.well-known/openid-credential-issuer": true, "/.well-known/did.json": true, "/jwks.json": true, "/contexts/v1": true,
		"/credentials/types/none": true, "/status/token/none": true, "/oid4vci/offers/none": true,
		"/healthz": false, "/metrics": false, "/login": false, "/me": false, "/admin": false,
	} {
		rec := s.do(request("GET", path, "", "Origin", "https://wallet.example"))
		if got := rec.Header().Get("Access-Control-Allow-Origin") == "*"; got != open {
			t.Errorf("GET %s: open = %v, want %v", path, got, open)
		}
		if rec.Header().Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("GET %s lets other sites use cookies", path)
		}
	}
	for _, path := range []string{"/oid4vci/token", "/oid4vci/nonce", "/oid4vci/credential"} {
		rec := s.do(request("OPTIONS", path, "", "Origin", "https://wallet.example", "Access-Control-Request-Method", "POST"))
		if rec.Code != http.StatusNoContent || rec.Header().Get("Access-Control-Allow-Methods") != "POST" || !strings.Contains(rec.Header().Get("Access-Control-Allow-Headers"), "Authorization") {
			t.Errorf("preflight of %s: %d %v", path, rec.Code, rec.Header())
		}
	}
}

// TestRow74CrossSitePosts: what changes something is refused to other sites' pages.
func TestRow74CrossSitePosts(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	for name, tc := range map[string]struct {
		path    string
		headers []string
		refused bool
	}{
		"cross-site":        {"/login", []string{"Sec-Fetch-Site", "cross-site"}, true},
		"same-site":         {"/login", []string{"Sec-Fetch-Site", "same-site"}, true},
		"foreign origin":    {"/login", []string{"Origin", "https://evil.example"}, true},
		"null origin":       {"/login", []string{"Origin", "null"}, true},
		"same origin":       {"/login", []string{"Sec-Fetch-Site", "same-origin", "Origin", publicURL}, false},
		"no browser":        {"/login", nil, false},
		"wallet's nonce":    {"/oid4vci/nonce", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://wallet.example"}, false},
		"log out elsewhere": {"/logout", []string{"Sec-Fetch-Site", "cross-site"}, true},
	} {
		rec := s.do(request("POST", tc.path, "a=b", append(tc.headers, "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")...))
		if got := rec.Code == http.StatusForbidden; got != tc.refused {
			t.Errorf("%s: got %d, refused: %v, want %v", name, rec.Code, got, tc.refused)
		}
	}
}

// TestRow76HostHeaderIsNeverBelieved: URLs come from the settings only.
func TestRow76HostHeaderIsNeverBelieved(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	for _, path := range []string{
		"/.well-known/openid-credential-issuer", "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/.well-known/jwt-vc-issuer",
		"/.well-known/did.json",
		"/contexts/v1", "/vocab", "/credentials/types/person", s.offer(t, ldpConfig), "/login", "/", "/me", "/nothing",
	} {
		req := request("GET", path, "", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "gopher", "Forwarded", "host=evil.example", "Accept", "text/html")
		req.Host = "evil.example"
		rec := s.do(req)
		for name, values := range rec.Header() {
			if strings.Contains(strings.Join(values, " "), "evil") {
				t.Errorf("%s: the header %s believes the request: %v", path, name, values)
			}
		}
		if strings.Contains(rec.Body.String(), "evil") || strings.Contains(rec.Body.String(), "gopher") {
			t.Errorf("%s: the body believes the request: %s", path, rec.Body)
		}
	}
}

// TestRow78NothingLeaksIntoLogsAndMetrics: after whole
// issues and refused ones, neither holds codes, tokens, proofs or claims.
func TestRow78NothingLeaksIntoLogsAndMetrics(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	offer := s.offer(t, sdJWTConfig)
	code := text(t, s.do(request("GET", offer, "")), "grants", preAuthorized, "pre-authorized_code")
	good := s.credentialRequest(t, ldpConfig, ldpConfig)
	token := strings.TrimPrefix(good.Header.Get("Authorization"), "Bearer ")
	if rec := s.do(good); rec.Code != http.StatusOK {
		t.Fatalf("got %d %s", rec.Code, rec.Body)
	}
	replay := request("POST", "/oid4vci/credential", "{", "Content-Type", "application/json", "Authorization", "Bearer "+token)
	s.do(replay)
	s.do(request("GET", "/jwks.json?access_token="+token, ""))
	s.do(request("GET", "/me?name=Zubeida", ""))
	metrics := s.do(request("GET", "/metrics", "")).Body.String()
	for place, kept := range map[string]string{"log": s.log.String(), "metrics": metrics} {
		for name, secret := range map[string]string{
			"code": code, "token": token, "offer id": strings.TrimPrefix(offer, "/oid4vci/offers/"),
			"given name": "Zubeida", "family name": "Okonjo", "birth date": "1990-04-02", "proof": "eyJ", "person's id": s.person.String(),
		} {
			if strings.Contains(kept, secret) {
				t.Errorf("the %s holds the %s", place, name)
			}
		}
		if !strings.Contains(kept, "/oid4vci/offers/:id") {
			t.Errorf("the %s does not name the route: the test is hollow", place)
		}
	}
}

// TestRow79ErrorsOfTheProtocolAreClean: two members, their charset, never stored.
func TestRow79ErrorsOfTheProtocolAreClean(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	for _, req := range []*http.Request{
		request("POST", "/oid4vci/token", ""), request("POST", "/oid4vci/token", "grant_type=%zz", "Content-Type", "application/x-www-form-urlencoded"),
		request("POST", "/oid4vci/token", "grant_type=\u00e9\"\\", "Content-Type", "application/x-www-form-urlencoded"),
		request("POST", "/oid4vci/credential", "{}"), request("POST", "/oid4vci/credential", "{", "Authorization", "Bearer x", "Content-Type", "application/json"),
		request("GET", "/oid4vci/offers/none", ""), request("GET", "/oid4vci/none", ""), request("PUT", "/oid4vci/token", ""),
	} {
		rec := s.do(req)
		if rec.Code < 400 || rec.Code > 499 || rec.Header().Get("Cache-Control") != "no-store" || rec.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %d %v", req.Method, req.URL.Path, rec.Code, rec.Header())
		}
		var body map[string]string
		decode(t, rec, &body)
		for name, value := range body {
			if name != "error" && name != "error_description" || strings.ContainsFunc(value, func(r rune) bool { return r < 0x20 || r > 0x7e || r == '"' || r == '\\' }) {
				t.Errorf("%s %s: member %s = %q", req.Method, req.URL.Path, name, value)
			}
		}
	}
}

// TestRow63GuessingOffersIsSlowed: of 1,000 guesses a few get the one answer that
// there is for them, the rest a 429; whoever has a link is not held up by them.
func TestRow63GuessingOffersIsSlowed(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	seen, bodies := map[int]int{}, map[string]bool{}
	for range 1000 {
		rec := s.do(request("GET", "/oid4vci/offers/"+strings.ToLower(rand.Text()), ""))
		seen[rec.Code]++
		if rec.Code == 404 {
			bodies[rec.Body.String()] = true
		}
		if rec.Code == 429 && rec.Header().Get("Retry-After") == "" {
			t.Fatal("429 without Retry-After")
		}
	}
	if seen[404] != 30 || seen[429] != 970 || len(bodies) != 1 {
		t.Errorf("got %v and %d bodies, want 30 of 404 with one body and 970 of 429", seen, len(bodies))
	}
	if rec := s.do(request("GET", s.offer(t, ldpConfig), "")); rec.Code != http.StatusOK {
		t.Errorf("a good link is held up: %d", rec.Code)
	}
	other := request("GET", "/oid4vci/offers/none", "")
	other.RemoteAddr = "127.0.0.2:1"
	if rec := s.do(other); rec.Code != http.StatusNotFound {
		t.Errorf("somebody else is slowed too: %d", rec.Code)
	}
}

func TestMetricsAreForThisMachine(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	for name, tc := range map[string]struct {
		address string
		headers []string
		want    int
	}{
		"this machine":         {"127.0.0.1:1", nil, 200},
		"this machine, v6":     {"[::1]:1", nil, 200},
		"elsewhere":            {"203.0.113.9:1", nil, 403},
		"elsewhere, token":     {"203.0.113.9:1", []string{"Authorization", "Bearer " + metricsToken}, 200},
		"elsewhere, wrong":     {"203.0.113.9:1", []string{"Authorization", "Bearer " + metricsToken + "x"}, 403},
		"elsewhere, empty":     {"203.0.113.9:1", []string{"Authorization", "Bearer "}, 403},
		"through a proxy here": {"127.0.0.1:1", []string{"X-Forwarded-For", "203.0.113.9"}, 403},
	} {
		req := request("GET", "/metrics", "", tc.headers...)
		req.RemoteAddr = tc.address
		if rec := s.do(req); rec.Code != tc.want {
			t.Errorf("%s: got %d, want %d", name, rec.Code, tc.want)
		}
	}
}

// TestWalletsOfAnyOriginMaySendAndReadTheHeadersOfOAuth: a web wallet sends DPoP
// proofs and attestations, and reads the nonce and the challenge of every answer.
func TestWalletsOfAnyOriginMaySendAndReadTheHeadersOfOAuth(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.New(t, "sqlite"))
	for _, path := range []string{"/oid4vci/token", "/oid4vci/nonce", "/oid4vci/credential", "/oid4vci/challenge"} {
		asked := s.do(request("OPTIONS", path, "", "Origin", "https://wallet.example", "Access-Control-Request-Method", "POST"))
		for _, name := range []string{"Authorization", "Content-Type", "DPoP", "OAuth-Client-Attestation", "OAuth-Client-Attestation-PoP"} {
			if !slices.Contains(strings.Split(asked.Header().Get("Access-Control-Allow-Headers"), ", "), name) {
				t.Errorf("%s: a page may not send %s: %v", path, name, asked.Header())
			}
		}
		rec := s.do(request("POST", path, "", "Origin", "https://wallet.example", "OAuth-Client-Attestation", "x"))
		for _, name := range []string{"DPoP-Nonce", "OAuth-Client-Attestation-Challenge", "WWW-Authenticate"} {
			if !slices.Contains(strings.Split(rec.Header().Get("Access-Control-Expose-Headers"), ", "), name) {
				t.Errorf("%s: a page may not read %s: %v", path, name, rec.Header())
			}
		}
		if rec.Header().Get("DPoP-Nonce") == "" || rec.Header().Get("OAuth-Client-Attestation-Challenge") == "" {
			t.Errorf("%s: %d without nonce or challenge: %v", path, rec.Code, rec.Header())
		}
	}
}
