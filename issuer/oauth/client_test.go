package oauth_test

import (
	"crypto"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"socialregistry/issuer/oauth"
)

const (
	asIssuer      = "https://as.example"
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

func TestReadCredentials(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	assertion := signed(t, key, object{}, object{"sub": "wallet"})
	attestation := signed(t, key, object{"typ": "oauth-client-attestation+jwt"}, object{"sub": "wallet"})
	asserted := url.Values{"client_assertion": {assertion}, "client_assertion_type": {assertionType}}
	attested := oauth.Call{ClientAttestation: []string{attestation}, ClientAttestationPoP: []string{"p"}}
	for name, tc := range map[string]struct {
		call       oauth.Call
		form       url.Values
		method, id string
	}{
		"nothing":                    {oauth.Call{}, url.Values{}, "none", ""},
		"a name":                     {oauth.Call{}, url.Values{"client_id": {"wallet"}}, "none", "wallet"},
		"an assertion":               {oauth.Call{}, asserted, "private_key_jwt", "wallet"},
		"an attestation":             {attested, url.Values{}, "attest_jwt_client_auth", "wallet"},
		"an attestation with a name": {attested, url.Values{"client_id": {"wallet"}}, "attest_jwt_client_auth", "wallet"},
	} {
		got, err := oauth.ReadCredentials(tc.call, tc.form)
		if err != nil || got.Method != tc.method || got.ClientID != tc.id {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	both := oauth.Call{ClientAttestation: attested.ClientAttestation, ClientAttestationPoP: attested.ClientAttestationPoP}
	for name, tc := range map[string]struct {
		call   oauth.Call
		form   url.Values
		code   string
		status int
	}{
		"secret":             {oauth.Call{}, url.Values{"client_id": {"w"}, "client_secret": {"s"}}, "invalid_client", 401},
		"Basic":              {oauth.Call{Authorization: []string{"Basic YTpi"}}, url.Values{}, "invalid_client", 401},
		"two ways":           {both, asserted, "invalid_request", 400},
		"two names":          {oauth.Call{}, url.Values{"client_id": {"a", "b"}}, "invalid_request", 400},
		"long name":          {oauth.Call{}, url.Values{"client_id": {strings.Repeat("a", 513)}}, "invalid_request", 400},
		"strange name":       {oauth.Call{}, url.Values{"client_id": {"a\x00"}}, "invalid_request", 400},
		"another name":       {oauth.Call{}, url.Values{"client_id": {"other"}, "client_assertion": {assertion}, "client_assertion_type": {assertionType}}, "invalid_client", 401},
		"no type":            {oauth.Call{}, url.Values{"client_assertion": {assertion}}, "invalid_request", 400},
		"no JWT":             {oauth.Call{}, url.Values{"client_assertion": {"x"}, "client_assertion_type": {assertionType}}, "invalid_client", 401},
		"attested otherwise": {attested, url.Values{"client_id": {"other"}}, "invalid_client_attestation", 401},
	} {
		_, err := oauth.ReadCredentials(tc.call, tc.form)
		fails(t, name, err, tc.code, tc.status)
	}
}

// asserter makes client assertions.
type asserter struct {
	key    crypto.Signer
	claims object
}

func newAsserter(t testing.TB) asserter {
	return asserter{newKey(t), object{"iss": "wallet", "sub": "wallet", "aud": asIssuer, "jti": "j1", "iat": noon.Unix(), "exp": noon.Add(time.Minute).Unix()}}
}

func (a asserter) policy(t testing.TB) oauth.AssertionPolicy {
	jwk := with(publicJWK(t, a.key), "kid", "k1")
	return oauth.AssertionPolicy{ClientID: "wallet", Keys: object{"keys": []any{jwk}}, Audiences: []string{asIssuer, tokenURL}, Now: noon}
}

func TestClientAssertionIsTaken(t *testing.T) {
	t.Parallel()
	a := newAsserter(t)
	for name, tc := range map[string]struct{ header, claims object }{
		"plain":                  {object{}, a.claims},
		"typ JWT and kid":        {object{"typ": "JWT", "kid": "k1"}, a.claims},
		"its own typ":            {object{"typ": "client-authentication+jwt"}, a.claims},
		"for the token endpoint": {object{}, with(a.claims, "aud", tokenURL)},
		"one audience in a list": {object{}, with(a.claims, "aud", []string{asIssuer})},
		"no iat":                 {object{}, with(a.claims, "iat", nil)},
		"10 s ahead":             {object{}, with(a.claims, "nbf", noon.Add(10*time.Second).Unix())},
		"longest":                {object{}, with(a.claims, "exp", noon.Add(time.Hour).Unix())},
	} {
		got, err := oauth.CheckAssertion(signed(t, a.key, tc.header, tc.claims), a.policy(t))
		if err != nil || got.ID == "" || got.Expires.Before(noon.Add(time.Minute)) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestRow30ClientAssertion(t *testing.T) {
	t.Parallel()
	a := newAsserter(t)
	good := signed(t, a.key, object{}, a.claims)
	parts := strings.Split(good, ".")
	claim := func(pairs ...any) string { return signed(t, a.key, object{}, with(a.claims, pairs...)) }
	for name, assertion := range map[string]string{
		"no JWT": "x", "alg none": encode(t, object{"alg": "none"}) + "." + parts[1] + ".", "alg HS256": signed(t, a.key, object{"alg": "HS256"}, a.claims),
		"alg RS256":    signed(t, a.key, object{"alg": "RS256"}, a.claims),
		"foreign key":  signed(t, newKey(t), object{}, a.claims),
		"key in jwk":   signed(t, newKey(t), object{"jwk": publicJWK(t, newKey(t))}, a.claims),
		"unknown kid":  signed(t, a.key, object{"kid": "k2"}, a.claims),
		"a DPoP proof": signed(t, a.key, object{"typ": "dpop+jwt"}, a.claims),
		"tampered":     parts[0] + "." + encode(t, with(a.claims, "jti", "j2")) + "." + parts[2],
		"signature":    parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64)),
		"expired":      claim("exp", noon.Unix()), "no exp": claim("exp", nil), "exp too far": claim("exp", noon.Add(time.Hour+time.Second).Unix()),
		"exp a text": claim("exp", "soon"),
		"not yet":    claim("nbf", noon.Add(time.Minute+time.Second).Unix()), "iat ahead": claim("iat", noon.Add(time.Hour).Unix()),
		"aud of another": claim("aud", "https://other.example"), "two audiences": claim("aud", []string{asIssuer, "https://other.example"}), "no aud": claim("aud", nil),
		"aud with a slash": claim("aud", asIssuer+"/"),
		"iss of another":   claim("iss", "other"), "no iss": claim("iss", nil), "sub of another": claim("sub", "other"),
		"no jti": claim("jti", nil), "jti too long": claim("jti", strings.Repeat("j", 513)), "too long": claim("x", strings.Repeat("a", 4096)),
	} {
		_, err := oauth.CheckAssertion(assertion, a.policy(t))
		fails(t, name, err, "invalid_client", 401)
	}
	nobody := a.policy(t)
	nobody.Keys = nil
	_, err := oauth.CheckAssertion(good, nobody)
	fails(t, "no keys", err, "invalid_client", 401)
}

func TestKeysOf(t *testing.T) {
	t.Parallel()
	jwk := publicJWK(t, newKey(t))
	many := make([]any, 17)
	for n := range many {
		many[n] = jwk
	}
	for name, tc := range map[string]struct {
		keys []any
		ok   bool
	}{
		"one": {[]any{jwk}, true}, "sixteen": {many[:16], true}, "seventeen": {many, false}, "none": {nil, false}, "a text": {[]any{"x"}, false},
		"private":   {[]any{with(jwk, "d", "AA")}, false},
		"two kids":  {[]any{with(jwk, "kid", "a"), with(publicJWK(t, newEd25519(t)), "kid", "b")}, true},
		"equal kid": {[]any{with(jwk, "kid", "a"), with(publicJWK(t, newKey(t)), "kid", "a")}, false},
	} {
		if keys, err := oauth.KeysOf(object{"keys": tc.keys}); (err == nil) != tc.ok || tc.ok && len(keys) != len(tc.keys) {
			t.Errorf("%s: %d keys, %v", name, len(keys), err)
		}
	}
}

func FuzzClientAssertion(f *testing.F) {
	a := newAsserter(f)
	want := a.policy(f)
	f.Add(signed(f, a.key, object{}, a.claims))
	f.Add("..")
	f.Fuzz(func(t *testing.T, assertion string) {
		form := url.Values{"client_assertion": {assertion}, "client_assertion_type": {assertionType}}
		if _, err := oauth.ReadCredentials(oauth.Call{}, form); err != nil && oauth.CodeOf(err) == "" {
			t.Errorf("not a refusal: %v", err)
		}
		if got, err := oauth.CheckAssertion(assertion, want); err == nil && got.ID == "" || err != nil && oauth.CodeOf(err) != "invalid_client" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func FuzzAuthorizationHeader(f *testing.F) {
	f.Add("Bearer a")
	f.Add("DPoP k1.b==")
	f.Fuzz(func(t *testing.T, header string) {
		scheme, token, err := oauth.AccessToken([]string{header})
		if err == nil && (token == "" || !strings.HasSuffix(header, token) || !strings.EqualFold(header[:len(scheme)], scheme)) {
			t.Errorf("%q gave %q %q", header, scheme, token)
		}
	})
}

// RFC 6749 §5.2: a client that used the Authorization header is answered by a
// challenge of its scheme.
func TestChallengeOfAClient(t *testing.T) {
	t.Parallel()
	for want, try := range map[string]struct {
		call oauth.Call
		form url.Values
	}{
		`Basic realm="credential issuer"`: {oauth.Call{Authorization: []string{"Basic YTpi"}}, url.Values{}},
		"":                                {oauth.Call{}, url.Values{"client_secret": {"x"}}},
	} {
		_, err := oauth.ReadCredentials(try.call, try.form)
		var e *oauth.Error
		if !errors.As(err, &e) || e.Status != 401 || strings.Join(e.Challenges(), "/") != want {
			t.Errorf("%v: %v, want the challenge %q", try, err, want)
		}
	}
}
