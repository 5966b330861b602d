package vci_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

const (
	formMedia = "application/x-www-form-urlencoded"
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636 appendix B
	redirect  = "https://wallet.example/callback"
)

func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// client is a wallet that staff registered, which proves its own key.
type client struct {
	s    *service
	id   string
	key  *ecdsa.PrivateKey
	dpop *ecdsa.PrivateKey // nil: no proof is sent
}

func (s *service) client(id string) *client {
	s.t.Helper()
	c := &client{s: s, id: id, key: newKey(s.t)}
	jwk, err := jose.PublicJWK(c.key.Public())
	s.must(err)
	_, err = s.issuer.RegisterClient(context.Background(), s.admin, ledger.Client{ID: id, Name: "Wallet " + id,
		RedirectURIs: []string{redirect, redirect + "?q=1"}, AuthMethod: oauth.AuthPrivateKeyJWT, JWKS: object{"keys": []any{jwk}},
		GrantTypes: []string{oauth.GrantAuthorizationCode, oauth.GrantPreAuthorizedCode, oauth.GrantRefreshToken}}, "test")
	s.must(err)
	return c
}

func (c *client) jwt(key *ecdsa.PrivateKey, header, claims object) string {
	c.s.t.Helper()
	payload, err := json.Marshal(claims)
	c.s.must(err)
	jwt, err := jose.Sign(key, jose.ES256, header, payload)
	c.s.must(err)
	return jwt
}

// form is what every authenticated request holds, with pairs in it; a pair with
// an empty value takes the name out.
func (c *client) form(base url.Values, pairs ...string) url.Values {
	now := c.s.clock.now()
	base.Set("client_id", c.id)
	base.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	base.Set("client_assertion", c.jwt(c.key, object{"typ": "JWT"}, object{"iss": c.id, "sub": c.id, "aud": c.s.issuer.Identifier(), "jti": secret.RandomID(16),
		"iat": now.Unix(), "exp": now.Unix() + 60}))
	for i := 0; i+1 < len(pairs); i += 2 {
		if base.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			base.Del(pairs[i])
		}
	}
	return base
}

func (c *client) post(path string, form url.Values) answer {
	c.s.t.Helper()
	var headers []string
	if c.dpop != nil {
		headers = []string{"DPoP", c.proofFor("POST", path)}
	}
	return c.s.do("POST", path, formMedia, form.Encode(), headers...)
}

func (c *client) proofFor(method, path string) string {
	jwk, err := jose.PublicJWK(c.dpop.Public())
	c.s.must(err)
	return c.jwt(c.dpop, object{"typ": "dpop+jwt", "jwk": jwk},
		object{"jti": secret.RandomID(16), "htm": method, "htu": c.s.issuer.Identifier() + path, "iat": c.s.clock.now().Unix()})
}

// push sends a good pushed request, changed by pairs.
func (c *client) push(pairs ...string) answer {
	c.s.t.Helper()
	return c.post("/oid4vci/par", c.form(url.Values{"response_type": {"code"}, "redirect_uri": {redirect}, "state": {"s1"},
		"code_challenge": {challenge(verifier)}, "code_challenge_method": {"S256"}, "scope": {sd}}, pairs...))
}

func (c *client) requestURI(pairs ...string) string {
	c.s.t.Helper()
	a := c.push(pairs...)
	if a.status != 201 {
		c.s.t.Fatalf("push: %d %s", a.status, a.body)
	}
	return c.s.json(a)["request_uri"].(string)
}

func (c *client) query(requestURI string) url.Values {
	return url.Values{"client_id": {c.id}, "request_uri": {requestURI}}
}

func (s *service) self(id uuid.UUID) registry.Actor {
	return registry.Actor{AccountID: uuid.New(), Name: "self", Roles: []registry.Role{registry.RoleRegistrant}, RegistrantID: id, Channel: registry.ChannelSelf}
}

// decide is what the person does in the browser; it gives the query of the
// redirect.
func (c *client) decide(person uuid.UUID, requestURI string, allow bool) (url.Values, error) {
	c.s.t.Helper()
	ctx := context.Background()
	decision, err := c.s.issuer.BeginAuthorization(ctx, c.query(requestURI))
	if err != nil {
		return nil, err
	}
	self := c.s.self(person)
	shown, err := c.s.issuer.Authorization(ctx, self, decision)
	if err != nil {
		return nil, err
	}
	location, err := c.s.issuer.Decide(ctx, self, shown.Decision, allow)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(location)
	c.s.must(err)
	if !strings.HasPrefix(location, redirect) || u.Query().Get("iss") != c.s.issuer.Identifier() {
		c.s.t.Errorf("the browser goes to %s", location)
	}
	return u.Query(), nil
}

// code goes the whole way to a code.
func (c *client) code(person uuid.UUID, pairs ...string) string {
	c.s.t.Helper()
	q, err := c.decide(person, c.requestURI(pairs...), true)
	c.s.must(err)
	if q.Get("code") == "" || q.Get("error") != "" {
		c.s.t.Fatalf("no code: %v", q)
	}
	return q.Get("code")
}

// redeem sends a good token request for a code, changed by pairs.
func (c *client) redeem(code string, pairs ...string) answer {
	c.s.t.Helper()
	return c.post("/oid4vci/token", c.form(url.Values{"grant_type": {oauth.GrantAuthorizationCode}, "code": {code},
		"redirect_uri": {redirect}, "code_verifier": {verifier}}, pairs...))
}

func (c *client) refresh(token string, pairs ...string) answer {
	c.s.t.Helper()
	return c.post("/oid4vci/token", c.form(url.Values{"grant_type": {oauth.GrantRefreshToken}, "refresh_token": {token}}, pairs...))
}

// tokens gives the answer to a good authorization.
func (c *client) tokens(person uuid.UUID, pairs ...string) object {
	c.s.t.Helper()
	a := c.redeem(c.code(person, pairs...))
	if a.status != 200 {
		c.s.t.Fatalf("token: %d %s", a.status, a.body)
	}
	return c.s.json(a)
}

// askAs asks for a credential in the client's name.
func (c *client) askAs(token, member, value string) answer {
	c.s.t.Helper()
	p := c.s.proof(c.s.nonce())
	p.claims["iss"] = c.id
	body, err := json.Marshal(object{member: value, "proofs": object{"jwt": []string{p.sign(c.s.t)}}})
	c.s.must(err)
	scheme := "Bearer "
	headers := []string{}
	if c.dpop != nil {
		jwk, err := jose.PublicJWK(c.dpop.Public())
		c.s.must(err)
		sum := sha256.Sum256([]byte(token))
		scheme = "DPoP "
		headers = []string{"DPoP", c.jwt(c.dpop, object{"typ": "dpop+jwt", "jwk": jwk}, object{"jti": secret.RandomID(16), "htm": "POST",
			"htu": c.s.issuer.Identifier() + "/oid4vci/credential", "iat": c.s.clock.now().Unix(), "ath": base64.RawURLEncoding.EncodeToString(sum[:])})}
	}
	return c.s.do("POST", "/oid4vci/credential", "application/json", string(body), append(headers, "Authorization", scheme+token)...)
}

func pairs(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func details(t *testing.T, configIDs ...string) string {
	t.Helper()
	var list []any
	for _, id := range configIDs {
		list = append(list, object{"type": "openid_credential", "credential_configuration_id": id})
	}
	return pairs(t, list)
}
