package oauth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"socialregistry/issuer/oauth"
)

// authority is a certificate and its key.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// certify makes a certificate; by nil signs itself. edit may change its template.
func certify(t testing.TB, name string, by *authority, edit func(*x509.Certificate)) *authority {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(time.Hour),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature}
	if edit != nil {
		edit(template)
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key}
}

func asCA(c *x509.Certificate) {
	c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign
}

func (a *authority) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}))
}

func chainOf(certs ...*authority) []string {
	var chain []string
	for _, c := range certs {
		chain = append(chain, base64.StdEncoding.EncodeToString(c.cert.Raw))
	}
	return chain
}

// attester is a wallet provider with a root, an authority below it and a key, and
// an instance of its wallet.
type attester struct {
	root, middle, leaf *authority
	instance           *ecdsa.PrivateKey
	header, claims     object // of the attestation
	pop                object // claims of the proof of possession
}

func newAttester(t testing.TB) *attester {
	a := &attester{root: certify(t, "root", nil, asCA), instance: newKey(t)}
	a.middle = certify(t, "middle", a.root, asCA)
	a.leaf = certify(t, "leaf", a.middle, nil)
	a.header = object{"typ": "oauth-client-attestation+jwt", "x5c": chainOf(a.leaf, a.middle)}
	a.claims = object{"iss": "https://provider.example", "sub": "wallet", "iat": noon.Unix(), "nbf": noon.Unix(), "exp": noon.Add(5 * time.Minute).Unix(),
		"cnf": object{"jwk": publicJWK(t, a.instance)}, "wallet_name": "A Wallet"}
	a.pop = object{"iss": "wallet", "aud": asIssuer, "jti": "j1", "iat": noon.Unix(), "challenge": "fresh"}
	return a
}

func (a *attester) trust(t testing.TB) oauth.Trust {
	t.Helper()
	trust, err := oauth.NewTrust([]oauth.Provider{{Name: "provider", Roots: a.root.pem()}})
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

func (a *attester) policy(t testing.TB) oauth.AttestationPolicy {
	return oauth.AttestationPolicy{ClientID: "wallet", Issuer: asIssuer, Trust: a.trust(t), Now: noon,
		FreshChallenge: func(c string) bool { return c == "fresh" }}
}

// attempt is what a wallet sends, which a test may change.
type attempt struct {
	key, popKey            crypto.Signer
	header, claims         object
	popHeader, pop         object
	attestation, popOnWire string // instead of what is signed
}

func (a *attester) attempt() attempt {
	return attempt{key: a.leaf.key, popKey: a.instance, header: a.header, claims: a.claims,
		popHeader: object{"typ": "oauth-client-attestation-pop+jwt"}, pop: a.pop}
}

func (x attempt) credentials(t testing.TB) oauth.Credentials {
	c := oauth.Credentials{Method: oauth.AuthAttestation, ClientID: "wallet", Attestation: x.attestation, PoP: x.popOnWire}
	if c.Attestation == "" {
		c.Attestation = signed(t, x.key, x.header, x.claims)
	}
	if c.PoP == "" {
		c.PoP = signed(t, x.popKey, x.popHeader, x.pop)
	}
	return c
}

func TestClientAttestationIsTaken(t *testing.T) {
	t.Parallel()
	a := newAttester(t)
	for name, edit := range map[string]func(*attempt){
		"draft 07":                   func(*attempt) {},
		"draft 08, without iss":      func(x *attempt) { x.claims, x.pop = with(x.claims, "iss", nil), with(x.pop, "iss", nil) },
		"exp alone":                  func(x *attempt) { x.claims = with(x.claims, "iat", nil, "nbf", nil) },
		"with the root in the chain": func(x *attempt) { x.header = with(x.header, "x5c", chainOf(a.leaf, a.middle, a.root)) },
		"an audience in a list":      func(x *attempt) { x.pop = with(x.pop, "aud", []string{asIssuer}) },
		"more claims": func(x *attempt) {
			x.claims = with(x.claims, "status", object{"status_list": object{"idx": 1, "uri": "https://x"}})
		},
	} {
		x := a.attempt()
		edit(&x)
		got, err := oauth.CheckAttestation(x.credentials(t), a.policy(t))
		if err != nil || got.Provider != "provider" || got.JKT == "" || got.ID == "" || got.Expires.Before(noon.Add(5*time.Minute)) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestRow31AttestationSet(t *testing.T) {
	t.Parallel()
	a, foreign := newAttester(t), newAttester(t)
	zero := base64.RawURLEncoding.EncodeToString(make([]byte, 64))
	broken := func(jwt string) string { return jwt[:strings.LastIndex(jwt, ".")+1] + zero }
	unsigned := func(header, claims object) string {
		return encode(t, with(header, "alg", "none")) + "." + encode(t, claims) + "."
	}
	claim := func(pairs ...any) func(*attempt) { return func(x *attempt) { x.claims = with(x.claims, pairs...) } }
	pop := func(pairs ...any) func(*attempt) { return func(x *attempt) { x.pop = with(x.pop, pairs...) } }
	chain := func(key *authority, certs ...*authority) func(*attempt) {
		return func(x *attempt) { x.key, x.header = key.key, with(x.header, "x5c", chainOf(certs...)) }
	}
	own := certify(t, "self", nil, nil)
	late := certify(t, "late", a.middle, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = noon.Add(-time.Hour), noon.Add(-time.Second) })
	early := certify(t, "early", a.middle, func(c *x509.Certificate) { c.NotBefore = noon.Add(time.Second) })
	crypt := certify(t, "crypt", a.middle, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement })
	below := certify(t, "below a leaf", a.leaf, nil)
	for name, edit := range map[string]func(*attempt){
		"attestation: bad signature": func(x *attempt) { x.attestation = broken(signed(t, x.key, x.header, x.claims)) },
		"attestation: alg none":      func(x *attempt) { x.attestation = unsigned(x.header, x.claims) },
		"attestation: other key":     func(x *attempt) { x.key = newKey(t) },
		"attestation: no JWT":        func(x *attempt) { x.attestation = "x" },
		"attestation: typ":           func(x *attempt) { x.header = with(x.header, "typ", "JWT") },
		"attestation: expired":       claim("exp", noon.Unix()),
		"attestation: no exp":        claim("exp", nil),
		"attestation: not yet":       claim("nbf", noon.Add(2*time.Minute).Unix()),
		"attestation: no sub":        claim("sub", nil),
		"attestation: another sub":   claim("sub", "other"),
		"attestation: no cnf":        claim("cnf", nil),
		"attestation: private cnf":   claim("cnf", object{"jwk": with(publicJWK(t, a.instance), "d", "AA")}),
		"pop: bad signature":         func(x *attempt) { x.popOnWire = broken(signed(t, x.popKey, x.popHeader, x.pop)) },
		"pop: alg none":              func(x *attempt) { x.popOnWire = unsigned(x.popHeader, x.pop) },
		"pop: other key than cnf":    func(x *attempt) { x.popKey = newKey(t) },
		"pop: typ":                   func(x *attempt) { x.popHeader = object{"typ": "dpop+jwt"} },
		"pop: aud wrong":             pop("aud", "https://other.example"),
		"pop: no aud":                pop("aud", nil),
		"pop: two audiences":         pop("aud", []string{asIssuer, "https://other.example"}),
		"pop: iss of another":        pop("iss", "other"),
		"pop: no jti":                pop("jti", nil),
		"pop: no iat":                pop("iat", nil),
		"pop: iat an hour ago":       pop("iat", noon.Add(-time.Hour).Unix()),
		"pop: iat in an hour":        pop("iat", noon.Add(time.Hour).Unix()),
		"pop: expired":               pop("exp", noon.Unix()),
		"chain: self-signed leaf":    chain(own, own),
		"chain: untrusted":           chain(foreign.leaf, foreign.leaf, foreign.middle),
		"chain: untrusted with root": chain(foreign.leaf, foreign.leaf, foreign.middle, foreign.root),
		"chain: a link is missing":   chain(a.leaf, a.leaf),
		"chain: an authority signs":  chain(a.middle, a.middle),
		"chain: the root signs":      chain(a.root, a.root),
		"chain: over":                chain(late, late, a.middle),
		"chain: not yet":             chain(early, early, a.middle),
		"chain: not for signatures":  chain(crypt, crypt, a.middle),
		"chain: below a leaf":        chain(below, below, a.leaf, a.middle),
		"chain: too long":            chain(a.leaf, a.leaf, a.middle, a.middle, a.middle, a.middle, a.middle),
		"chain: empty":               func(x *attempt) { x.header = with(x.header, "x5c", []string{}) },
		"chain: no certificate":      func(x *attempt) { x.header = with(x.header, "x5c", []string{"AAAA"}) },
		"chain: base64url":           func(x *attempt) { x.header = with(x.header, "x5c", []string{"-_-_"}) },
		"chain: a text":              func(x *attempt) { x.header = with(x.header, "x5c", "x") },
		"no chain":                   func(x *attempt) { x.header = with(x.header, "x5c", nil) },
		"the key in jwk":             func(x *attempt) { x.header = with(x.header, "x5c", nil, "jwk", publicJWK(t, x.key)) },
	} {
		x := a.attempt()
		edit(&x)
		_, err := oauth.CheckAttestation(x.credentials(t), a.policy(t))
		fails(t, name, err, "invalid_client_attestation", 401)
	}
	for name, value := range map[string]any{"missing": nil, "stale": "stale", "a number": 7} {
		x := a.attempt()
		x.pop = with(x.pop, "challenge", value)
		_, err := oauth.CheckAttestation(x.credentials(t), a.policy(t))
		fails(t, "challenge "+name, err, "use_attestation_challenge", 400)
	}
	for name, call := range map[string]oauth.Call{
		"attestation alone": {ClientAttestation: []string{"a"}}, "pop alone": {ClientAttestationPoP: []string{"a"}},
		"two attestations": {ClientAttestation: []string{"a", "b"}, ClientAttestationPoP: []string{"a"}},
	} {
		_, err := oauth.ReadCredentials(call, nil)
		fails(t, name, err, "invalid_client_attestation", 401)
	}
}

// TestTrustByKey: a provider may be trusted by its keys, and for certain clients.
func TestTrustByKey(t *testing.T) {
	t.Parallel()
	key, other := newKey(t), newEd25519(t)
	set := object{"keys": []any{with(publicJWK(t, key), "kid", "a"), with(publicJWK(t, other), "kid", "b")}}
	trust, err := oauth.NewTrust([]oauth.Provider{{Name: "one", JWKS: set}})
	if err != nil {
		t.Fatal(err)
	}
	claims := object{"exp": noon.Add(time.Minute).Unix()}
	for name, tc := range map[string]struct {
		jwt string
		ok  bool
	}{
		"by kid": {signed(t, key, object{"typ": "x+jwt", "kid": "a"}, claims), true}, "without kid": {signed(t, other, object{"typ": "x+jwt"}, claims), true},
		"another's kid": {signed(t, key, object{"typ": "x+jwt", "kid": "b"}, claims), false}, "unknown kid": {signed(t, key, object{"typ": "x+jwt", "kid": "c"}, claims), false},
		"another key": {signed(t, newKey(t), object{"typ": "x+jwt"}, claims), false}, "another typ": {signed(t, key, object{"typ": "y+jwt"}, claims), false},
		"a chain": {signed(t, key, object{"typ": "x+jwt", "kid": "a", "x5c": chainOf(certify(t, "x", nil, nil))}, claims), false},
		"over":    {signed(t, key, object{"typ": "x+jwt"}, object{"exp": noon.Unix()}), false},
	} {
		got, err := trust.Verify(tc.jwt, "x+jwt", noon)
		if (err == nil) != tc.ok || tc.ok && got.Provider != "one" || !tc.ok && !errors.Is(err, oauth.ErrUntrusted) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	var nobody oauth.Trust
	if _, err := nobody.Verify(signed(t, key, object{"typ": "x+jwt"}, claims), "x+jwt", noon); !errors.Is(err, oauth.ErrUntrusted) {
		t.Errorf("no provider: %v", err)
	}
}

// TestProviderSpeaksForItsOwnClients: of two providers below one authority, each
// attests the clients that it is registered for.
func TestProviderSpeaksForItsOwnClients(t *testing.T) {
	t.Parallel()
	a := newAttester(t)
	for name, tc := range map[string]struct {
		clients [][]string
		ok      bool
	}{
		"any": {[][]string{nil}, true}, "its own": {[][]string{{"wallet"}}, true}, "another's": {[][]string{{"other"}}, false},
		"the second's": {[][]string{{"other"}, {"wallet"}}, true}, "nobody's": {[][]string{{"other"}, {"third"}}, false},
	} {
		var providers []oauth.Provider
		for _, clients := range tc.clients {
			providers = append(providers, oauth.Provider{Name: "p", Clients: clients, Roots: a.root.pem()})
		}
		want := a.policy(t)
		var err error
		if want.Trust, err = oauth.NewTrust(providers); err != nil {
			t.Fatal(err)
		}
		if _, err := oauth.CheckAttestation(a.attempt().credentials(t), want); (err == nil) != tc.ok {
			t.Errorf("%s: %v, want good: %v", name, err, tc.ok)
		}
	}
}

func TestNewTrustRefusesWhatItCannotUse(t *testing.T) {
	t.Parallel()
	a := newAttester(t)
	for name, p := range map[string]oauth.Provider{
		"no PEM": {Roots: "x"}, "a leaf": {Roots: a.leaf.pem()}, "a key": {Roots: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}}))},
		"broken": {Roots: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}}))}, "seventeen": {Roots: strings.Repeat(a.root.pem(), 17)},
		"something after": {Roots: a.root.pem() + "x"}, "empty set": {JWKS: object{"keys": []any{}}},
	} {
		if _, err := oauth.NewTrust([]oauth.Provider{p}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := oauth.NewTrust([]oauth.Provider{{Roots: a.root.pem() + "\n" + a.middle.pem()}}); err != nil {
		t.Errorf("two authorities: %v", err)
	}
}

func FuzzClientAttestation(f *testing.F) {
	a := newAttester(f)
	good := a.attempt().credentials(f)
	want := a.policy(f)
	f.Add(good.Attestation, good.PoP)
	f.Add("a.b.c", "")
	f.Fuzz(func(t *testing.T, attestation, pop string) {
		c, err := oauth.ReadCredentials(oauth.Call{ClientAttestation: []string{attestation}, ClientAttestationPoP: []string{pop}}, nil)
		if err == nil {
			_, err = oauth.CheckAttestation(c, want)
		}
		if err != nil && oauth.CodeOf(err) == "" {
			t.Errorf("not a refusal: %v", err)
		}
	})
}
