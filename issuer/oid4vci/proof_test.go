package oid4vci_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"socialregistry/did"
	"socialregistry/internal/jose"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/oid4vci"
)

func TestProofByJWK(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := b.accepted("ES256", b.sign(with(b.header(), "kid", nil), with(claims(), "extra", true)))
	if !b.p256.PublicKey.Equal(p.Key) || p.Nonce != "n-1" || !p.IssuedAt.Equal(noon()) || p.KID != "" || p.DID != "" {
		t.Errorf("proof = %+v", p)
	}
	if got := p.JWK["x"]; len(p.JWK) != 4 || got != b.jwk(&b.p256.PublicKey)["x"] {
		t.Errorf("JWK = %v", p.JWK)
	}
	jwt, err := jose.Sign(b.ed, jose.EdDSA, map[string]any{"typ": "openid4vci-proof+jwt", "jwk": b.jwk(b.ed.Public())}, b.json(claims()))
	if err != nil {
		t.Fatal(err)
	}
	if p := b.accepted("EdDSA", jwt); !b.ed.Public().(ed25519.PublicKey).Equal(p.Key) {
		t.Errorf("proof = %+v", p)
	}
}

// A JWK may carry kid, alg and use beside its key; cnf must not repeat them.
func TestProofJWKIsReducedToTheKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	jwk := with(b.jwk(&b.p256.PublicKey), "kid", "wallet-key-of-amina", "alg", "ES256", "use", "sig")
	if p := b.accepted("jwk", b.sign(with(b.header(), "jwk", jwk), claims())); p.JWK["kid"] != nil {
		t.Errorf("JWK = %v", p.JWK)
	}
}

func TestProofByDID(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	kid := b.kid(&b.p256.PublicKey)
	jwkDID := "did:jwk:" + b64(b.json(b.jwk(&b.p256.PublicKey)))
	for _, want := range []string{kid, jwkDID + "#0"} {
		p := b.accepted(want, b.sign(with(b.header(), "jwk", nil, "kid", want), claims()))
		if !b.p256.PublicKey.Equal(p.Key) || p.KID != want || p.DID != want[:strings.Index(want, "#")] || p.JWK != nil {
			t.Errorf("proof = %+v", p)
		}
	}
}

func TestRow47ProofAlg(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	none := b64(b.json(with(b.header(), "alg", "none"))) + "." + b64(b.json(claims())) + "."
	b.refused("none", none)
	b.refused("none with bytes", none+"AAAA")
	b.refused("HS256 with the public key as secret", b.hs256())
	b.refused("RS256", b.sign(with(b.header(), "alg", "RS256"), claims()))
	b.refused("ES384", b.sign(with(b.header(), "alg", "ES384"), claims()))
	b.refused("EdDSA with a P-256 key", b.sign(with(b.header(), "alg", "EdDSA"), claims()))
	b.refused("alg missing", b.sign(with(b.header(), "alg", nil), claims()))
	b.refused("alg twice", b.signRaw([]byte(strings.Replace(string(b.json(b.header())), "{", `{"alg":"none",`, 1)), b.json(claims())))
	b.refused("ES256 with P-384", b.p384())
	b.policy.Algs = []string{"EdDSA"}
	b.refused("ES256 unlisted", b.sign(b.header(), claims()))
}

func TestRow48ProofTypAudIat(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, typ := range []any{"JWT", nil, "jwt", "openid4vci-proof+cwt", "application/openid4vci-proof+jwt", 7} {
		b.refused("typ", b.sign(with(b.header(), "typ", typ), claims()))
	}
	for _, aud := range []any{issuerID + "/", issuerID + "/token", "https://other.example", []any{issuerID}, nil, "", 1, "HTTPS://registry.example"} {
		b.refused("aud", b.sign(b.header(), with(claims(), "aud", aud)))
	}
	at := func(d time.Duration) any { return noon().Add(d).Unix() }
	for _, iat := range []any{nil, at(-time.Hour), at(time.Hour), "1", true, -1, 1e300, at(-oid4vci.ProofAge - time.Second), at(oid4vci.ProofSkew + time.Second)} {
		b.refused("iat", b.sign(b.header(), with(claims(), "iat", iat)))
	}
	for _, iat := range []any{at(-oid4vci.ProofAge), at(oid4vci.ProofSkew), at(0), float64(noon().Unix()) - 0.5} {
		b.accepted("iat", b.sign(b.header(), with(claims(), "iat", iat)))
	}
	for _, c := range []map[string]any{{"exp": at(-2 * time.Minute)}, {"exp": "x"}, {"nbf": at(2 * time.Minute)}, {"nbf": nil}} {
		body := claims()
		maps.Copy(body, c)
		b.refused("exp or nbf", b.sign(b.header(), body))
	}
	b.accepted("exp and nbf", b.sign(b.header(), with(claims(), "exp", at(time.Minute), "nbf", at(0))))
}

func TestRow49ProofHeaderKeys(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	kid := b.kid(&b.p256.PublicKey)
	jwk := b.jwk(&b.p256.PublicKey)
	for name, head := range map[string]map[string]any{
		"jwk and kid":      with(b.header(), "kid", kid),
		"jwk and x5c":      with(b.header(), "x5c", []any{"MIIB"}),
		"kid and x5c":      with(b.header(), "jwk", nil, "kid", kid, "x5c", []any{"MIIB"}),
		"none":             with(b.header(), "jwk", nil),
		"x5c only":         with(b.header(), "jwk", nil, "x5c", []any{"MIIB"}),
		"private jwk":      with(b.header(), "jwk", with(jwk, "d", b64(make([]byte, 32)))),
		"symmetric jwk":    with(b.header(), "jwk", map[string]any{"kty": "oct", "k": "AAAA"}),
		"jwk off curve":    with(b.header(), "jwk", with(jwk, "y", jwk["x"])),
		"jwk a string":     with(b.header(), "jwk", "x"),
		"jwk null":         b.nullJWK(),
		"jwk and null kid": with(b.header(), "kid", json.RawMessage("null")),
		"crit":             with(b.header(), "crit", []any{"exp"}),
		"b64":              with(b.header(), "b64", false),
	} {
		b.refused(name, b.sign(head, claims()))
	}
}

// Row 49: jku and x5u are refused, and the address in them is never asked.
func TestRow49NoOutboundFetch(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	asked := newListener(t)
	for _, name := range []string{"jku", "x5u"} {
		b.refused(name, b.sign(with(b.header(), name, asked.url), claims()))
		b.refused(name+" alone", b.sign(with(b.header(), "jwk", nil, name, asked.url), claims()))
	}
	if asked.count() != 0 {
		t.Errorf("the address was asked %d times", asked.count())
	}
}

func TestRow50ProofKidMismatch(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	mine := b.kid(&b.p256.PublicKey)
	other := b.kid(b.ed.Public())
	id, fragment, _ := strings.Cut(mine, "#")
	otherID, otherFragment, _ := strings.Cut(other, "#")
	for name, kid := range map[string]any{
		"no such method":       id + "#key-1",
		"key in other DID":     otherID + "#" + fragment,
		"other's fragment":     id + "#" + otherFragment,
		"other key":            other,
		"no fragment":          id,
		"empty fragment":       id + "#",
		"not a DID":            "https://wallet.example/key#1",
		"key id":               "key-1",
		"a number":             7,
		"with query":           id + "?a=b#" + fragment,
		"metadata address":     "did:web:169.254.169.254#k",
		"localhost":            "did:web:localhost%3A8080#k",
		"unlisted method":      "did:ion:abc#k",
		"3 kB":                 "did:key:z" + strings.Repeat("6", 3000) + "#k",
		"did:jwk of symmetric": "did:jwk:" + b64([]byte(`{"kty":"oct","k":"AAAA"}`)) + "#0",
	} {
		b.refused(name, b.sign(with(b.header(), "jwk", nil, "kid", kid), claims()))
	}
}

// Row 50: even where did:web is a listed method, no private address is reached.
func TestRow50DIDWebToPrivateAddress(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	asked := newListener(t)
	b.policy.Methods = append(b.policy.Methods, oid4vci.BindDIDWeb)
	b.policy.Resolve = did.NewResolver(asked.host, "localhost:"+asked.port, "169.254.169.254").Key
	for _, host := range []string{strings.Replace(asked.host, ":", "%3A", 1), "localhost%3A" + asked.port, "169.254.169.254"} {
		b.refused(host, b.sign(with(b.header(), "jwk", nil, "kid", "did:web:"+host+"#k"), claims()))
	}
	if asked.count() != 0 {
		t.Errorf("a private address was reached %d times", asked.count())
	}
}

// A configuration binds only by the methods that it lists.
func TestProofBindingMethods(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	byKID := b.sign(with(b.header(), "jwk", nil, "kid", b.kid(&b.p256.PublicKey)), claims())
	b.policy.Methods = []string{oid4vci.BindDIDKey}
	b.refused("jwk where only did:key is listed", b.sign(b.header(), claims()))
	b.accepted("did:key", byKID)
	b.policy.Methods = []string{oid4vci.BindJWK, oid4vci.BindDIDJWK}
	b.refused("did:key where it is not listed", byKID)
	b.policy.Methods = nil
	b.refused("nothing listed", b.sign(b.header(), claims()))
}

func TestRow51ProofSignature(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	good := b.sign(b.header(), claims())
	parts := strings.Split(good, ".")
	body := b64(b.json(with(claims(), "nonce", "n-2")))
	b.refused("claims changed", parts[0]+"."+body+"."+parts[2])
	b.refused("signature of another", parts[0]+"."+parts[1]+"."+strings.Split(newBench(t).sign(b.header(), claims()), ".")[2])
	b.refused("empty signature", parts[0]+"."+parts[1]+".")
	b.refused("signature in ASN.1 length", good+"AA")
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 31, 32, 63} {
		bad := append([]byte{}, sig...)
		bad[i] ^= 1
		b.refused("one bit", parts[0]+"."+parts[1]+"."+b64(bad))
	}
	b.accepted("untouched", good)
}

func TestRow52ProofIss(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, iss := range []any{"wallet", "", issuerID} {
		b.refused("anonymous with iss", b.sign(b.header(), with(claims(), "iss", iss)))
	}
	b.policy.Anonymous, b.policy.ClientID = false, "wallet"
	b.refused("iss of another client", b.sign(b.header(), with(claims(), "iss", "other")))
	b.refused("iss not a string", b.sign(b.header(), with(claims(), "iss", []any{"wallet"})))
	b.accepted("iss is the client", b.sign(b.header(), with(claims(), "iss", "wallet")))
	b.accepted("iss absent", b.sign(b.header(), claims()))
}

// Row 53: a proof without a nonce is no proof; whether a nonce is ours and
// fresh is tested where nonces are kept.
func TestRow53NonceMissing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, nonce := range []any{nil, "", 7, []any{"n-1"}, strings.Repeat("n", 2049)} {
		b.refused("nonce", b.sign(b.header(), with(claims(), "nonce", nonce)))
	}
	b.accepted("2048 bytes", b.sign(b.header(), with(claims(), "nonce", strings.Repeat("n", 2048))))
}

func TestMalformedProof(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	good := b.sign(b.header(), claims())
	for name, jwt := range map[string]string{
		"empty": "", "one part": "abc", "two parts": "a.b", "four parts": good + ".a", "padding": good + "=",
		"line break": good[:9] + "\n" + good[9:], "JSON serialization": `{"payload":"","signatures":[]}`,
		"claims not an object": b.signRaw(b.json(b.header()), []byte(`[]`)),
		"claim twice":          b.signRaw(b.json(b.header()), []byte(`{"aud":"x",`+string(b.json(claims()))[1:])),
		"not UTF-8":            b.signRaw(b.json(b.header()), []byte("{\"a\":\"\xff\"}")),
		"17 kB":                b.sign(b.header(), with(claims(), "pad", strings.Repeat("p", 13<<10))),
	} {
		b.refused(name, jwt)
	}
}

func FuzzCheckProof(f *testing.F) {
	f.Add("eyJ0eXAiOiJvcGVuaWQ0dmNpLXByb29mK2p3dCIsImFsZyI6IkVTMjU2Iiwia2lkIjoiZGlkOmtleTp6I2EifQ.e30.AAAA")
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, jwt string) {
		_, err := oid4vci.CheckProof(context.Background(), jwt, oid4vci.ProofPolicy{
			Issuer: issuerID, Now: noon(), Algs: oid4vci.ProofAlgs(), Anonymous: true,
			Methods: []string{"jwk", "did:key", "did:jwk"}, Resolve: did.NewResolver().Key,
		})
		if oauth.CodeOf(err) != oid4vci.CodeInvalidProof {
			t.Fatalf("%v, want invalid_proof", err)
		}
	})
}
