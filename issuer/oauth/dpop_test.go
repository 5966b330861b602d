package oauth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/oauth"
)

const (
	tokenURL    = "https://as.example/oid4vci/token"
	resourceURL = "https://as.example/oid4vci/credential"
)

// prover makes DPoP proofs.
type prover struct {
	key            *ecdsa.PrivateKey
	header, claims object
}

func newProver(t testing.TB) prover {
	key := newKey(t)
	return prover{key, object{"typ": "dpop+jwt", "jwk": publicJWK(t, key)},
		object{"jti": "j1", "htm": "POST", "htu": tokenURL, "iat": noon.Unix()}}
}

func (p prover) proof(t testing.TB) string { return signed(t, p.key, p.header, p.claims) }

func policy(proofs ...string) oauth.DPoPPolicy {
	return oauth.DPoPPolicy{Call: oauth.Call{Method: "POST", URL: tokenURL, DPoP: proofs}, Now: noon,
		FreshNonce: func(nonce string) bool { return nonce == "fresh" }}
}

func TestDPoPProofIsTaken(t *testing.T) {
	t.Parallel()
	p := newProver(t)
	jkt, err := jose.Thumbprint(p.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	for name, claims := range map[string]object{
		"plain":                p.claims,
		"query and fragment":   with(p.claims, "htu", tokenURL+"?a=b#c"),
		"scheme and host case": with(p.claims, "htu", "HTTPS://AS.Example/oid4vci/token"),
		"default port":         with(p.claims, "htu", "https://as.example:443/oid4vci/token"),
		"needless escape":      with(p.claims, "htu", "https://as.example/%6fid4vci/token"),
		"fresh nonce":          with(p.claims, "nonce", "fresh"),
		"10 s slow":            with(p.claims, "iat", noon.Add(-10*time.Second).Unix()),
		"10 s fast":            with(p.claims, "iat", noon.Add(10*time.Second).Unix()),
		"oldest":               with(p.claims, "iat", noon.Add(-5*time.Minute).Unix()),
		"most ahead":           with(p.claims, "iat", noon.Add(time.Minute).Unix()),
		"a fraction":           with(p.claims, "iat", float64(noon.Unix())+0.25),
		"exp long past":        with(p.claims, "exp", 1, "nbf", noon.Add(time.Hour).Unix()),
		"extra claims":         with(p.claims, "ath", "of no token", "x", object{"y": 1}),
		"longest jti":          with(p.claims, "jti", strings.Repeat("j", 512)),
	} {
		got, err := oauth.CheckDPoP(policy(signed(t, p.key, p.header, claims)))
		if err != nil || got.JKT != jkt || got.ID == "" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if want := noon.Add(3*time.Minute + time.Second); got.Expires.Before(want.Add(-3 * time.Minute)) {
			t.Errorf("%s: forgotten at %v, before it is refused for its age", name, got.Expires)
		}
	}
	ed := newEd25519(t)
	if _, err := oauth.CheckDPoP(policy(signed(t, ed, object{"typ": "dpop+jwt", "jwk": publicJWK(t, ed)}, p.claims))); err != nil {
		t.Errorf("EdDSA: %v", err)
	}
}

// TestDPoPProofIsRememberedAsLongAsItIsTaken: the mark of a used proof outlives
// every moment at which the proof would be taken again.
func TestDPoPProofIsRememberedAsLongAsItIsTaken(t *testing.T) {
	t.Parallel()
	p := newProver(t)
	for _, ahead := range []time.Duration{-5 * time.Minute, 0, time.Minute} {
		proof := signed(t, p.key, p.header, with(p.claims, "iat", noon.Add(ahead).Unix()))
		got, err := oauth.CheckDPoP(policy(proof))
		if err != nil {
			t.Fatal(err)
		}
		later := policy(proof)
		later.Now = got.Expires
		if _, err := oauth.CheckDPoP(later); oauth.CodeOf(err) != "invalid_dpop_proof" {
			t.Errorf("iat %v: taken again at %v, when its mark is gone", ahead, got.Expires)
		}
	}
}

func TestRow33DPoPBadSetAtToken(t *testing.T) {
	t.Parallel()
	p := newProver(t)
	other := newKey(t)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := p.proof(t)
	parts := strings.Split(good, ".")
	claim := func(pairs ...any) []string { return []string{signed(t, p.key, p.header, with(p.claims, pairs...))} }
	head := func(pairs ...any) []string { return []string{signed(t, p.key, with(p.header, pairs...), p.claims)} }
	d, err := p.key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	private := with(publicJWK(t, p.key), "d", base64.RawURLEncoding.EncodeToString(d))
	for name, proofs := range map[string][]string{
		"none": nil, "two": {good, good}, "empty": {""}, "malformed": {"a.b.c"}, "two parts": {parts[0] + "." + parts[1]},
		"typ missing": head("typ", nil), "typ JWT": head("typ", "JWT"), "typ in capitals": head("typ", "DPOP+JWT"),
		"alg missing": {strings.Join([]string{encode(t, with(p.header, "alg", nil)), parts[1], parts[2]}, ".")},
		"alg none":    {strings.Join([]string{encode(t, with(p.header, "alg", "none")), parts[1], ""}, ".")},
		"alg RS256":   head("alg", "RS256"), "alg HS256": head("alg", "HS256"), "alg ES384": head("alg", "ES384"), "alg of another key": head("alg", "EdDSA"),
		"jwk absent": head("jwk", nil), "jwk private": head("jwk", private), "jwk symmetric": head("jwk", object{"kty": "oct", "k": "AA"}),
		"jwk of another key": head("jwk", publicJWK(t, other)), "jwk a string": head("jwk", "x"),
		"jwk P-384":   head("jwk", object{"kty": "EC", "crv": "P-384", "x": base64.RawURLEncoding.EncodeToString(p384.X.Bytes()), "y": base64.RawURLEncoding.EncodeToString(p384.Y.Bytes())}),
		"jti missing": claim("jti", nil), "jti empty": claim("jti", ""), "jti a number": claim("jti", 7), "jti too long": claim("jti", strings.Repeat("j", 513)),
		"htm missing": claim("htm", nil), "htm GET": claim("htm", "GET"), "htm in small letters": claim("htm", "post"),
		"htu missing": claim("htu", nil), "htu other host": claim("htu", "https://evil.example/oid4vci/token"), "htu other path": claim("htu", resourceURL),
		"htu other scheme": claim("htu", "http://as.example/oid4vci/token"), "htu other port": claim("htu", "https://as.example:8443/oid4vci/token"),
		"htu with user": claim("htu", "https://as.example@evil.example/oid4vci/token"), "htu escaped slash": claim("htu", "https://as.example/oid4vci%2Ftoken"),
		"htu path only": claim("htu", "/oid4vci/token"), "htu trailing slash": claim("htu", tokenURL+"/"), "htu endless": claim("htu", tokenURL+"?"+strings.Repeat("a", 4096)),
		"htu broken":  claim("htu", "https://as.example/%zz"),
		"iat missing": claim("iat", nil), "iat text": claim("iat", "now"), "iat -1 h": claim("iat", noon.Add(-time.Hour).Unix()), "iat +1 h": claim("iat", noon.Add(time.Hour).Unix()),
		"iat too old by a second": claim("iat", noon.Add(-5*time.Minute-time.Second).Unix()), "iat too far by a second": claim("iat", noon.Add(time.Minute+time.Second).Unix()),
		"bad signature": {parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64))},
		"other claims":  {parts[0] + "." + encode(t, with(p.claims, "jti", "j2")) + "." + parts[2]},
		"crit":          head("crit", []string{"b64"}), "too long": claim("x", strings.Repeat("a", 8<<10)),
		"nonce a number": claim("nonce", 7),
	} {
		_, err := oauth.CheckDPoP(policy(proofs...))
		fails(t, name, err, "invalid_dpop_proof", 400)
	}
}

func TestRow35DPoPAth(t *testing.T) {
	t.Parallel()
	p := newProver(t)
	sum := sha256.Sum256([]byte("the token"))
	ath := base64.RawURLEncoding.EncodeToString(sum[:])
	at := func(claims object) error {
		want := policy(signed(t, p.key, p.header, with(claims, "htu", resourceURL)))
		want.URL, want.AccessToken = resourceURL, "the token"
		_, err := oauth.CheckDPoP(want)
		return err
	}
	if err := at(with(p.claims, "ath", ath)); err != nil {
		t.Error(err)
	}
	other := sha256.Sum256([]byte("another"))
	for name, value := range map[string]any{"missing": nil, "empty": "", "of another token": base64.RawURLEncoding.EncodeToString(other[:]), "padded": ath + "="} {
		fails(t, name, at(with(p.claims, "ath", value)), "invalid_dpop_proof", 400)
	}
}

func TestRow39DPoPNonce(t *testing.T) {
	t.Parallel()
	p := newProver(t)
	for name, tc := range map[string]struct {
		nonce any
		needs bool
		code  string
	}{
		"none, not needed": {nil, false, ""}, "none, needed": {nil, true, "use_dpop_nonce"},
		"fresh": {"fresh", true, ""}, "stale, needed": {"stale", true, "use_dpop_nonce"}, "stale, not needed": {"stale", false, "use_dpop_nonce"},
		"empty": {"", true, "use_dpop_nonce"},
	} {
		want := policy(signed(t, p.key, p.header, with(p.claims, "nonce", tc.nonce)))
		want.NeedsNonce = tc.needs
		if _, err := oauth.CheckDPoP(want); tc.code == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		} else if tc.code != "" {
			fails(t, name, err, tc.code, 400)
		}
	}
}

// TestProofsOfTwoKeysNeverShareAnID: nobody uses up the jti of somebody else.
func TestProofsOfTwoKeysNeverShareAnID(t *testing.T) {
	t.Parallel()
	ids := map[string]bool{}
	for range 2 {
		p := newProver(t)
		for _, jti := range []string{"a", "b"} {
			got, err := oauth.CheckDPoP(policy(signed(t, p.key, p.header, with(p.claims, "jti", jti))))
			if err != nil || ids[got.ID] {
				t.Errorf("%s: %v, seen: %v", jti, err, ids[got.ID])
			}
			ids[got.ID] = true
		}
	}
}

func FuzzDPoP(f *testing.F) {
	p := newProver(f)
	f.Add(p.proof(f))
	f.Add("a.b.c")
	f.Add(signed(f, p.key, with(p.header, "jwk", object{"kty": "EC"}), p.claims))
	f.Fuzz(func(t *testing.T, proof string) {
		got, err := oauth.CheckDPoP(policy(proof))
		if err == nil && (got.JKT == "" || got.ID == "" || !got.Expires.After(noon)) {
			t.Errorf("taken without a key or an id: %+v", got)
		}
		if err != nil && oauth.CodeOf(err) == "" {
			t.Errorf("not a refusal: %v", err)
		}
	})
}
