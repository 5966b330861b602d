package openid_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/internal/openid"
)

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// provider is an OpenID Provider behind a real socket that does what a test says.
type provider struct {
	*httptest.Server
	t   *testing.T
	key *ecdsa.PrivateKey

	mu       sync.Mutex
	metadata map[string]any          // put over the discovery document
	handlers map[string]http.Handler // in the place of ours, by path
	claims   map[string]any          // of the ID Token
	sign     func(claims map[string]any) string
	info     map[string]any
	asked    []string     // paths
	form     []url.Values // that came to the token endpoint
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{t: t, key: newKey(t), metadata: map[string]any{}, handlers: map[string]http.Handler{}}
	p.Server = httptest.NewServer(http.HandlerFunc(p.answer))
	t.Cleanup(p.Close)
	p.claims = map[string]any{"iss": p.URL, "aud": "registry", "sub": "person-1", "nonce": "the-nonce", "iat": start.Unix(), "exp": start.Add(time.Minute).Unix()}
	p.info = map[string]any{"sub": "person-1", "individual_id": "KE-1"}
	p.sign = func(claims map[string]any) string { return p.signed(p.key, claims) }
	return p
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p *provider) signed(key *ecdsa.PrivateKey, claims map[string]any) string {
	p.t.Helper()
	token, err := jose.Sign(key, jose.ES256, map[string]any{"kid": "one"}, p.json(claims))
	if err != nil {
		p.t.Error(err)
	}
	return token
}

func (p *provider) json(v any) []byte {
	p.t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		p.t.Error(err)
	}
	return out
}

// unsigned is a token that says of itself that nobody signed it.
func (p *provider) unsigned(claims map[string]any) string {
	return b64([]byte(`{"alg":"none"}`)) + "." + b64(p.json(claims)) + "."
}

// confused is a token whose secret is what everybody knows: the public key, as PEM or as
// it stands in the key set.
func (p *provider) confused(asPEM bool) func(map[string]any) string {
	return func(claims map[string]any) string {
		secret := p.json(p.jwk())
		if asPEM {
			der, err := x509.MarshalPKIXPublicKey(p.key.Public())
			if err != nil {
				p.t.Error(err)
			}
			secret = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		}
		signed := b64([]byte(`{"alg":"HS256","kid":"one"}`)) + "." + b64(p.json(claims))
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(signed))
		return signed + "." + b64(mac.Sum(nil))
	}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (p *provider) jwk() map[string]any {
	key, err := jose.PublicJWK(p.key.Public())
	if err != nil {
		p.t.Error(err)
	}
	key["kid"], key["alg"], key["use"] = "one", jose.ES256, "sig"
	return key
}

func (p *provider) answer(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.URL.Path)
	other := p.handlers[r.URL.Path]
	p.mu.Unlock()
	if other != nil {
		other.ServeHTTP(w, r)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		doc := map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
			"userinfo_endpoint": p.URL + "/info", "id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"}}
		maps.Copy(doc, p.metadata)
		w.Write(p.json(doc))
	case "/keys":
		w.Write(p.json(map[string]any{"keys": []any{p.jwk()}}))
	case "/token":
		if err := r.ParseForm(); err != nil {
			p.t.Error(err)
		}
		p.form = append(p.form, r.PostForm)
		answer := map[string]any{"access_token": "access", "token_type": "Bearer"}
		if token := p.sign(p.claims); token != "" {
			answer["id_token"] = token
		}
		w.Write(p.json(answer))
	case "/info":
		w.Write(p.json(p.info))
	default:
		http.NotFound(w, r)
	}
}

func (p *provider) client(patience time.Duration) *openid.Client {
	p.t.Helper()
	c, err := openid.New(openid.Config{Issuer: p.URL, ClientID: "registry", Redirect: "https://registry.example/login/provider/callback", Key: newKey(p.t),
		Now: func() time.Time { return start }, Patience: patience})
	must(p.t, err)
	return c
}

func challenge() openid.Challenge {
	return openid.Challenge{State: "the-state", Nonce: "the-nonce", Verifier: "a-verifier-of-at-least-forty-three-characters"}
}

// signIn takes a code to the provider.
func (p *provider) signIn(answer ...string) (map[string]any, error) {
	p.t.Helper()
	query := url.Values{"code": {"the-code"}, "state": {"the-state"}}
	for i := 0; i+1 < len(answer); i += 2 {
		query.Set(answer[i], answer[i+1])
	}
	return p.client(5*time.Second).Claims(p.t.Context(), challenge(), query)
}
