package openid_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/internal/jose"
	"socialregistry/internal/openid"
)

func wants(t *testing.T, what string, err error, code string) {
	t.Helper()
	if err == nil || fault.CodeOf(err) != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// A provider that does as it should says who signed in, and is told who we are by our
// key, for it alone, once.
func TestAGoodProvider(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	c := p.client(5 * time.Second)
	address, err := c.Address(t.Context(), challenge(), false)
	must(t, err)
	u, err := url.Parse(address)
	must(t, err)
	q := u.Query()
	if !strings.HasPrefix(address, p.URL+"/auth?") || q.Get("state") != "the-state" || q.Get("nonce") != "the-nonce" || q.Get("code_challenge_method") != "S256" ||
		len(q.Get("code_challenge")) != 43 || strings.Contains(address, "a-verifier") || q.Has("prompt") || q.Has("max_age") {
		t.Errorf("sent to %s", address)
	}
	again, err := c.Address(t.Context(), challenge(), true)
	must(t, err)
	if !strings.Contains(again, "prompt=login") || !strings.Contains(again, "max_age=0") {
		t.Errorf("sent to %s", again)
	}
	p.claims["auth_time"] = start.Add(-time.Minute).Unix()
	claims, err := c.Claims(t.Context(), challenge(), url.Values{"code": {"the-code"}})
	must(t, err)
	if claims["sub"] != "person-1" || claims["individual_id"] != "KE-1" || !openid.AskedAt(claims).Equal(start.Add(-time.Minute)) {
		t.Errorf("claims %v", claims)
	}
	form := p.form[0]
	if form.Get("code") != "the-code" || form.Get("code_verifier") != challenge().Verifier || form.Has("client_secret") {
		t.Errorf("posted %v", form)
	}
	payload, err := jose.Payload(form.Get("client_assertion"))
	must(t, err)
	said, err := jose.DecodeObject(payload)
	must(t, err)
	if said["iss"] != "registry" || said["sub"] != "registry" || said["aud"] != p.URL+"/token" || said["jti"] == "" {
		t.Errorf("we say of ourselves %s", payload)
	}
	if _, err := p.signIn(); err != nil {
		t.Error(err)
	}
	other, err := jose.Payload(p.form[1].Get("client_assertion"))
	must(t, err)
	if string(other) == string(payload) {
		t.Error("we say the same twice")
	}
}

// No token does that is not the provider's own, for us, for this sign-in, and now.
func TestHostileTokens(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	good, sign := p.claims, p.sign
	if _, err := p.signIn(); err != nil {
		t.Fatal(err)
	}
	set := func(name string, value any) func() { return func() { p.claims[name] = value } }
	for what, change := range map[string]func(){
		"of another issuer":             set("iss", "https://evil.example"),
		"of an issuer like it":          set("iss", p.URL+"/"),
		"for another client":            set("aud", "another"),
		"for nobody":                    set("aud", []string{}),
		"for two, and none is named":    set("aud", []string{"registry", "another"}),
		"presented by another":          set("azp", "another"),
		"of another sign-in":            set("nonce", "another"),
		"of no sign-in":                 func() { delete(p.claims, "nonce") },
		"over":                          set("exp", start.Add(-time.Second).Unix()),
		"without an end":                func() { delete(p.claims, "exp") },
		"of tomorrow":                   set("nbf", start.Add(24*time.Hour).Unix()),
		"about nobody":                  set("sub", ""),
		"about far too long a name":     set("sub", strings.Repeat("s", 256)),
		"about somebody else":           set("sub", "person-2"), // than UserInfo
		"with a time that is none":      set("exp", "tomorrow"),
		"signed by nobody":              func() { p.sign = p.unsigned },
		"signed by what is public":      func() { p.sign = p.confused(false) },
		"signed by what is public, PEM": func() { p.sign = p.confused(true) },
		"signed by another key":         func() { key := newKey(t); p.sign = func(c map[string]any) string { return p.signed(key, c) } },
		"not there":                     func() { p.sign = func(map[string]any) string { return "" } },
		"not a token":                   func() { p.sign = func(map[string]any) string { return "a.b.c" } },
		"signed, and changed after": func() {
			p.sign = func(c map[string]any) string {
				parts := strings.Split(sign(c), ".")
				c["sub"] = "person-2"
				return parts[0] + "." + b64(p.json(c)) + "." + parts[2]
			}
		},
	} {
		p.claims, p.sign = map[string]any{}, sign
		for name, value := range good {
			p.claims[name] = value
		}
		change()
		claims, err := p.signIn()
		wants(t, what, err, "provider_untrusted")
		if claims != nil {
			t.Errorf("%s: says %v", what, claims)
		}
	}
}

// Metadata that are another's, or lead away, are not followed; nothing of that is asked.
func TestHostileMetadata(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked for %s", r.URL) }))
	t.Cleanup(elsewhere.Close)
	for what, tc := range map[string]struct {
		name string
		to   any
		code string
	}{
		"of another issuer":       {"issuer", "https://evil.example", "provider_away"},
		"of an issuer like it":    {"issuer", "", "provider_away"},
		"keys of another host":    {"jwks_uri", elsewhere.URL + "/keys", "provider_away"},
		"codes to another host":   {"token_endpoint", elsewhere.URL + "/token", "provider_away"},
		"persons of another host": {"userinfo_endpoint", elsewhere.URL + "/info", "provider_away"},
		"of no form":              {"jwks_uri", 7, "provider_away"},
	} {
		p := newProvider(t)
		p.metadata[tc.name] = tc.to
		_, err := p.signIn()
		wants(t, what, err, tc.code)
	}
}

// What is huge, leads elsewhere, is slow, or is no answer costs no more than its bounds.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("the redirect was followed to %s", r.URL) }))
	t.Cleanup(elsewhere.Close)
	const personal = "Amina Yusuf KE44712209"
	answers := map[string]http.HandlerFunc{
		"huge": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if _, err := w.Write([]byte(`{"x":"`)); err != nil {
				return
			}
			for range 64 {
				if _, err := w.Write([]byte(strings.Repeat("x", 1<<20))); err != nil {
					return
				}
			}
			t.Error("64 MB were read")
		},
		"moved":  http.RedirectHandler(elsewhere.URL+"/x", http.StatusTemporaryRedirect).ServeHTTP,
		"broken": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, personal, http.StatusInternalServerError) },
		"refused": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"error":"`+personal+`"}`, http.StatusBadRequest)
		},
		"not JSON":       func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>" + personal)) },
		"nothing at all": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	for _, path := range []string{"/.well-known/openid-configuration", "/keys", "/token", "/info"} {
		for what, answer := range answers {
			p := newProvider(t)
			p.handlers[path] = answer
			claims, err := p.signIn()
			if code := fault.CodeOf(err); err == nil || code != "provider_away" && code != "provider_untrusted" {
				t.Errorf("%s %s: %v, says %v", path, what, err, claims)
				continue
			}
			if (path == "/token" || path == "/info") && strings.Contains(err.Error(), "Amina") {
				t.Errorf("%s %s: the cause is personal: %v", path, what, err)
			}
			if len(err.Error()) > 400 {
				t.Errorf("%s %s: the cause has %d bytes", path, what, len(err.Error()))
			}
		}
	}
}

func TestASlowProvider(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/.well-known/openid-configuration", "/keys", "/token", "/info"} {
		p := newProvider(t)
		done, end := context.WithCancel(context.Background())
		p.handlers[path] = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done.Done() })
		_, err := p.client(100*time.Millisecond).Claims(t.Context(), challenge(), url.Values{"code": {"the-code"}})
		end()
		wants(t, path, err, "provider_away")
	}
}

// The answer in the browser is the provider's own, and a code of OAuth says why not.
func TestHostileCallbacks(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	for what, tc := range map[string]struct {
		answer []string
		code   string
		cause  bool
	}{
		"another issuer's": {[]string{"iss", "https://evil.example"}, "provider_untrusted", true},
		"no code":          {[]string{"code", ""}, "provider_refused", true},
		"the person's no":  {[]string{"error", "access_denied"}, "provider_refused", false},
		"our mistake":      {[]string{"error", "invalid_scope"}, "provider_refused", true},
		"its mistake":      {[]string{"error", "server_error"}, "provider_away", true},
		"a text":           {[]string{"error", "Amina Yusuf\nlevel=ERROR"}, "provider_refused", true},
	} {
		_, err := p.signIn(tc.answer...)
		wants(t, what, err, tc.code)
		if got := strings.Contains(err.Error(), "provider says") || strings.Contains(err.Error(), "another issuer"); got != tc.cause || strings.Contains(err.Error(), "Amina") {
			t.Errorf("%s: the cause is %v", what, err)
		}
	}
	if slices.Contains(p.asked, "/token") {
		t.Error("a code was taken to the provider")
	}
	if _, err := p.signIn("iss", p.URL); err != nil {
		t.Error(err)
	}
	p.metadata["authorization_response_iss_parameter_supported"] = true
	_, err := p.signIn()
	wants(t, "the issuer is not named", err, "provider_untrusted")
}

// What UserInfo says besides is taken for what it is: it verifies no other address, and
// does not say when somebody signed in.
func TestUserInfoSaysNoMoreThanItMay(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	p.claims["email"] = "amina@example.org"
	p.info["email"], p.info["email_verified"], p.info["auth_time"], p.info["sub"] = "other@example.org", true, start.Unix(), "person-1"
	claims, err := p.signIn()
	must(t, err)
	if claims["email"] != "amina@example.org" || claims["email_verified"] != nil {
		t.Errorf("claims %v", claims)
	}
	if at := openid.AskedAt(claims); !at.IsZero() {
		t.Errorf("asked at %v", at)
	}
	for _, odd := range []any{nil, "1763812800", true, -1.0, 1e300} {
		if at := openid.AskedAt(map[string]any{"auth_time": odd}); !at.IsZero() {
			t.Errorf("%v is %v", odd, at)
		}
	}
}

// What was discovered stays while the provider is away; what never was is not there.
func TestAProviderThatGoesAway(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	now := start
	c, err := openid.New(openid.Config{Issuer: p.URL, ClientID: "registry", Redirect: "https://registry.example/cb", Key: newKey(t), Now: func() time.Time { return now }, Patience: time.Second})
	must(t, err)
	_, err = c.Address(t.Context(), challenge(), false)
	must(t, err)
	p.Close()
	now = now.Add(2 * time.Hour)
	if _, err := c.Address(t.Context(), challenge(), false); err != nil {
		t.Errorf("what was found is forgotten: %v", err)
	}
	_, err = p.client(time.Second).Address(t.Context(), challenge(), false)
	wants(t, "never seen", err, "provider_away")
}
