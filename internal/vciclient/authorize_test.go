package vciclient_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/internal/vciclient"
)

func now() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }

// server answers PAR and token requests as a test tells it.
type server struct {
	*vciclient.Server
	issuer *vciclient.Issuer
	asked  []*http.Request // with their forms parsed
	answer func(n int, w http.ResponseWriter, r *http.Request)
}

func newServer(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *server {
	t.Helper()
	s := &server{answer: answer}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		s.asked = append(s.asked, r)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		s.answer(len(s.asked), w, r)
	}))
	t.Cleanup(h.Close)
	s.Server = &vciclient.Server{ID: h.URL, AuthorizationEndpoint: h.URL + "/authorize?tenant=1", PAREndpoint: h.URL + "/par", TokenEndpoint: h.URL + "/token",
		ChallengeMethods: []string{"S256"}, IssParameter: true}
	s.issuer = &vciclient.Issuer{ID: h.URL, Configurations: map[string]vciclient.Configuration{"Person": {Scope: "person"}}}
	return s
}

func pushed(_ int, w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusCreated)
	fmt.Fprint(w, `{"request_uri":"urn:ietf:params:oauth:request_uri:abc","expires_in":60}`)
}

func signer(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// RFC 9126 §2.1, §4, RFC 7636 §4.3, OID4VCI 1.0 §5.1: what is pushed, and what
// the browser gets.
func TestPush(t *testing.T) {
	t.Parallel()
	s := newServer(t, pushed)
	key := signer(t)
	c := vciclient.New(vciclient.Config{Now: now, ID: "wallet", RedirectURI: "https://wallet.example/cb", Auth: vciclient.PrivateKeyJWT{Key: key, KID: "k1"}, DPoP: signer(t)})
	a, err := c.Push(context.Background(), s.issuer, s.Server, vciclient.AuthorizationRequest{Configurations: []string{"Person"}, IssuerState: "offer-1"})
	if err != nil {
		t.Fatal(err)
	}
	form := s.asked[0].PostForm
	for name, want := range map[string]string{"response_type": "code", "client_id": "wallet", "redirect_uri": "https://wallet.example/cb", "code_challenge_method": "S256",
		"state": a.State, "issuer_state": "offer-1", "scope": "", "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
		"authorization_details": `[{"credential_configuration_id":"Person","type":"openid_credential"}]`} {
		if got := form.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if len(form.Get("code_challenge")) != 43 || strings.Contains(s.asked[0].PostForm.Encode(), a.Verifier) {
		t.Errorf("code_challenge = %q; the verifier must stay here", form.Get("code_challenge"))
	}
	payload, err := jose.Verify(form.Get("client_assertion"), key.Public(), jose.ES256)
	var claims map[string]any
	if err != nil || json.Unmarshal(payload, &claims) != nil || claims["aud"] != s.ID || claims["sub"] != "wallet" || claims["iss"] != "wallet" {
		t.Errorf("assertion: %s, %v", payload, err)
	}
	if want := s.AuthorizationEndpoint[:len(s.AuthorizationEndpoint)-len("?tenant=1")] + "?client_id=wallet&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Aabc&tenant=1"; a.URL != want {
		t.Errorf("URL = %q, want %q", a.URL, want)
	}
	if proof, err := jose.Header(s.asked[0].Header.Get("DPoP")); err != nil || proof["typ"] != "dpop+jwt" {
		t.Errorf("DPoP header: %v, %v", proof, err)
	}
	_, err = c.Push(context.Background(), s.issuer, s.Server, vciclient.AuthorizationRequest{Configurations: []string{"Person"}, ByScope: true})
	if form := s.asked[1].PostForm; err != nil || form.Get("scope") != "person" || form.Has("authorization_details") || form.Has("issuer_state") {
		t.Errorf("by scope: %v, %v", form, err)
	}
}

// RFC 9207 §2.4, RFC 6749 §4.1.2: whose answer the browser brings.
func TestCodeIsTakenFromTheRightAnswerOnly(t *testing.T) {
	t.Parallel()
	s := newServer(t, pushed)
	c := vciclient.New(vciclient.Config{Now: now, ID: "wallet", RedirectURI: "https://wallet.example/cb"})
	a, err := c.Push(context.Background(), s.issuer, s.Server, vciclient.AuthorizationRequest{Configurations: []string{"Person"}})
	if err != nil {
		t.Fatal(err)
	}
	good := url.Values{"code": {"code-1"}, "state": {a.State}, "iss": {s.ID}}
	for name, change := range map[string]struct {
		set  func(url.Values)
		want string
	}{
		"good":        {func(url.Values) {}, ""},
		"other state": {func(q url.Values) { q.Set("state", a.State[1:]) }, "another state"},
		"no state":    {func(q url.Values) { q.Del("state") }, "another state"},
		"other iss":   {func(q url.Values) { q.Set("iss", "https://evil.example") }, "another server"},
		"no iss":      {func(q url.Values) { q.Del("iss") }, "another server"},
		"iss twice":   {func(q url.Values) { q.Add("iss", s.ID) }, "twice"},
		"no code":     {func(q url.Values) { q.Del("code") }, "without a code"},
		"denied":      {func(q url.Values) { q.Set("error", "access_denied") }, "access_denied"},
	} {
		q, err := url.ParseQuery(good.Encode())
		if err != nil {
			t.Fatal(err)
		}
		change.set(q)
		code, err := a.Code(&url.URL{RawQuery: q.Encode()})
		if change.want == "" && (err != nil || code != "code-1") || change.want != "" && (err == nil || !strings.Contains(err.Error(), change.want)) {
			t.Errorf("%s: %q, %v; want %q", name, code, err, change.want)
		}
	}
}

// RFC 9449 §8: the nonce that the server demands is in the second try, and in
// every request after it; a server that is never content is not asked for ever.
func TestDPoPNonceIsRepeatedOnce(t *testing.T) {
	t.Parallel()
	for _, stubborn := range []bool{false, true} {
		s := newServer(t, func(n int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("DPoP-Nonce", fmt.Sprintf("nonce-%d", n))
			if n == 1 || stubborn {
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(w, `{"error":"use_dpop_nonce"}`)
				return
			}
			fmt.Fprint(w, `{"access_token":"t","token_type":"DPoP"}`)
		})
		c := vciclient.New(vciclient.Config{Now: now, DPoP: signer(t)})
		grant := &vciclient.PreAuthorizedGrant{Code: "code"}
		_, err := c.Redeem(context.Background(), s.Server, grant, "")
		if (err != nil) != stubborn || len(s.asked) != 2 {
			t.Fatalf("stubborn %v: %v after %d requests", stubborn, err, len(s.asked))
		}
		if got := nonceIn(t, s.asked[0]); got != "" {
			t.Errorf("the first proof has a nonce %q", got)
		}
		if got := nonceIn(t, s.asked[1]); got != "nonce-1" {
			t.Errorf("the second proof has the nonce %q", got)
		}
	}
}

func nonceIn(t *testing.T, r *http.Request) string {
	t.Helper()
	payload, err := jose.Payload(r.Header.Get("DPoP"))
	if err != nil {
		t.Fatal(err)
	}
	var claims struct{ Nonce string }
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims.Nonce
}

// The request as bytes is what net/http would have sent.
func TestRequestBytes(t *testing.T) {
	t.Parallel()
	r := vciclient.Request{Method: "POST", URL: "https://issuer.example/token?a=1", Header: http.Header{"DPoP": {"x", "y"}, "Accept": {"*/*"}}, Body: []byte("a=b")}
	got, err := r.Bytes()
	want := "POST /token?a=1 HTTP/1.1\r\nHost: issuer.example\r\nConnection: close\r\nContent-Length: 3\r\nAccept: */*\r\nDPoP: x\r\nDPoP: y\r\n\r\na=b"
	if err != nil || string(got) != want {
		t.Errorf("got %q, want %q, %v", got, want, err)
	}
}
