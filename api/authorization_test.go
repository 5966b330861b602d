package api_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

// walletKey is the key of a client with the given id, which is registered here.
func (s *service) walletKey(t *testing.T, id string) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	jwk, err := jose.PublicJWK(key.Public())
	must(t, err)
	_, err = s.deps.Issuer.RegisterClient(t.Context(), staff(registry.RoleAdmin), ledger.Client{ID: id, Name: "Wallet",
		RedirectURIs: []string{"https://wallet.example/cb"}, AuthMethod: oauth.AuthPrivateKeyJWT,
		JWKS: map[string]any{"keys": []any{jwk}}, GrantTypes: []string{oauth.GrantAuthorizationCode}}, "test")
	must(t, err)
	return key
}

// assertion is the client's proof of itself (RFC 7523 §2.2), as form parameters.
func (s *service) assertion(t *testing.T, id string, key *ecdsa.PrivateKey) url.Values {
	t.Helper()
	now := s.deps.Now().Unix()
	claims, err := json.Marshal(map[string]any{"iss": id, "sub": id, "aud": s.deps.PublicURL, "jti": secret.RandomID(16), "iat": now, "exp": now + 60})
	must(t, err)
	jwt, err := jose.Sign(key, jose.ES256, map[string]any{"typ": "JWT"}, claims)
	must(t, err)
	return url.Values{"client_id": {id}, "client_assertion": {jwt},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
}

func (s *service) exercisePush(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	key := s.walletKey(t, "wallet-1")
	push := func(form url.Values) *http.Request {
		return request("POST", "/oid4vci/par", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	}
	good := s.assertion(t, "wallet-1", key)
	for name, value := range map[string]string{"response_type": "code", "redirect_uri": "https://wallet.example/cb", "scope": sdJWTConfig,
		"code_challenge": strings.Repeat("a", 43), "code_challenge_method": "S256"} {
		good.Set(name, value)
	}
	run(exercise{"pushRequest", 201, push(good), false})
	run(exercise{"pushRequest", 400, push(s.assertion(t, "wallet-1", key)), true})
	run(exercise{"pushRequest", 401, push(url.Values{"client_id": {"wallet-1"}}), true})
	revoke := func(form url.Values) *http.Request {
		return request("POST", "/oid4vci/revoke", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	}
	token := s.assertion(t, "wallet-1", key)
	token.Set("token", "none")
	run(exercise{"revokeToken", 200, revoke(token), false})
	run(exercise{"revokeToken", 400, revoke(s.assertion(t, "wallet-1", key)), true})
	run(exercise{"revokeToken", 401, revoke(url.Values{"client_id": {"wallet-1"}, "token": {"none"}}), false})
	for operation, path := range map[string]string{"pushRequest": "/oid4vci/par", "revokeToken": "/oid4vci/revoke"} {
		run(exercise{operation, 413, request("POST", path, strings.Repeat("a", 1<<20), "Content-Type", "application/x-www-form-urlencoded"), true})
		run(exercise{operation, 415, request("POST", path, "{}", "Content-Type", "application/json"), true})
		flood := request("POST", path, "", "Content-Type", "application/x-www-form-urlencoded")
		flood.RemoteAddr = "192.0.2.99:1" // whose bucket is empty: see exerciseToken
		run(exercise{operation, 429, flood, true})
	}
}
