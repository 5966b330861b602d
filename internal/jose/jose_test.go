package jose_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"strings"
	"testing"

	"socialregistry/internal/jose"
)

// hsm is a signer that gives out no private key.
type hsm struct{ inner crypto.Signer }

func (h hsm) Public() crypto.PublicKey { return h.inner.Public() }
func (h hsm) Sign(r io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	return h.inner.Sign(r, digest, o)
}

func p256(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func ed(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// token makes a compact JWS with any header over any payload, signed with Ed25519.
func token(k ed25519.PrivateKey, header, payload string) string {
	in := b64(header) + "." + b64(payload)
	return in + "." + b64(string(ed25519.Sign(k, []byte(in))))
}

func TestSignAndVerify(t *testing.T) {
	t.Parallel()
	ec, okp := p256(t), ed(t)
	for name, c := range map[string]struct {
		key crypto.Signer
		alg string
	}{"P-256": {ec, "ES256"}, "P-256 behind a signer": {hsm{ec}, "ES256"}, "Ed25519": {okp, "EdDSA"}, "Ed25519 behind a signer": {hsm{okp}, "EdDSA"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			jwk, err := jose.PublicJWK(c.key.Public())
			if err != nil {
				t.Fatal(err)
			}
			tok, err := jose.Sign(c.key, c.alg, map[string]any{"typ": "dpop+jwt", "jwk": jwk, "nonce": "n-1"}, []byte(`{"a":1}`))
			if err != nil {
				t.Fatal(err)
			}
			got, err := jose.Verify(tok, c.key.Public(), "ES256", "EdDSA")
			if err != nil || string(got) != `{"a":1}` {
				t.Fatalf("Verify = %s, %v", got, err)
			}
			h, err := jose.Header(tok)
			if err != nil || h["typ"] != "dpop+jwt" || h["alg"] != c.alg || h["nonce"] != "n-1" || !sameMap(h["jwk"], jwk) {
				t.Fatalf("Header = %v, %v", h, err)
			}
			if p, err := jose.Payload(tok); err != nil || string(p) != `{"a":1}` {
				t.Fatalf("Payload = %s, %v", p, err)
			}
		})
	}
}

func sameMap(got any, want map[string]any) bool {
	m, ok := got.(map[string]any)
	return ok && maps.Equal(m, want)
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	k := p256(t)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private := map[string]any{"kty": "OKP", "crv": "Ed25519", "x": b64(strings.Repeat("x", 32)), "d": b64(strings.Repeat("d", 32))}
	for name, c := range map[string]struct {
		key    crypto.Signer
		alg    string
		header map[string]any
		want   error
	}{
		"alg of another key":  {k, "EdDSA", nil, jose.ErrAlgorithm},
		"none":                {k, "none", nil, jose.ErrAlgorithm},
		"HS256":               {k, "HS256", nil, jose.ErrAlgorithm},
		"no alg":              {k, "", nil, jose.ErrAlgorithm},
		"P-384":               {p384, "ES384", nil, jose.ErrKey},
		"header says another": {k, "ES256", map[string]any{"alg": "EdDSA"}, jose.ErrAlgorithm},
		"crit":                {k, "ES256", map[string]any{"crit": []string{"exp"}}, jose.ErrMalformed},
		"b64":                 {k, "ES256", map[string]any{"b64": false}, jose.ErrMalformed},
		"private jwk":         {k, "ES256", map[string]any{"jwk": private}, jose.ErrKey},
		"header not JSON":     {k, "ES256", map[string]any{"x": func() {}}, jose.ErrMalformed},
	} {
		if _, err := jose.Sign(c.key, c.alg, c.header, []byte("x")); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestVerifyRefusesAlgorithms(t *testing.T) {
	t.Parallel()
	ec, okp := p256(t), ed(t)
	jwk, err := jose.PublicJWK(okp.Public())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(jwk)
	if err != nil {
		t.Fatal(err)
	}
	in := b64(`{"alg":"HS256"}`) + "." + b64("{}")
	mac := hmac.New(sha256.New, raw) // the public key taken for a shared secret
	mac.Write([]byte(in))
	good := token(okp, `{"alg":"EdDSA"}`, "{}")
	for name, c := range map[string]struct {
		tok  string
		key  crypto.PublicKey
		algs []string
		want error
	}{
		"not in the list":   {good, okp.Public(), []string{"ES256"}, jose.ErrAlgorithm},
		"empty list":        {good, okp.Public(), nil, jose.ErrAlgorithm},
		"key of another":    {good, ec.Public(), []string{"ES256", "EdDSA"}, jose.ErrAlgorithm},
		"none":              {b64(`{"alg":"none"}`) + "." + b64("{}") + ".", okp.Public(), []string{"EdDSA", "none"}, jose.ErrAlgorithm},
		"None":              {token(okp, `{"alg":"None"}`, "{}"), okp.Public(), []string{"EdDSA", "None"}, jose.ErrAlgorithm},
		"HS256":             {in + "." + b64(string(mac.Sum(nil))), okp.Public(), []string{"EdDSA", "HS256"}, jose.ErrAlgorithm},
		"HS256, bytes":      {in + "." + b64(string(mac.Sum(nil))), raw, []string{"HS256"}, jose.ErrKey},
		"private key given": {good, okp, []string{"EdDSA"}, jose.ErrKey},
		"nil key":           {good, nil, []string{"EdDSA"}, jose.ErrKey},
		"short key":         {good, okp.Public().(ed25519.PublicKey)[:31], []string{"EdDSA"}, jose.ErrKey},
	} {
		if _, err := jose.Verify(c.tok, c.key, c.algs...); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestVerifyRefusesShapes(t *testing.T) {
	t.Parallel()
	k := ed(t)
	good := token(k, `{"alg":"EdDSA"}`, "{}")
	for name, tok := range map[string]string{
		"empty": "", "two parts": "a.b", "four parts": good + ".x", "JSON serialization": `{"payload":"","signatures":[]}`,
		"padding": good + "==", "line break": good[:5] + "\n" + good[5:], "standard alphabet": strings.Replace(good, "_", "/", 1) + "+",
		"header not JSON":  token(k, `EdDSA`, "{}"),
		"header an array":  token(k, `["EdDSA"]`, "{}"),
		"header trailing":  token(k, `{"alg":"EdDSA"} {}`, "{}"),
		"member twice":     token(k, `{"alg":"EdDSA","alg":"EdDSA"}`, "{}"),
		"member twice, in": token(k, `{"alg":"EdDSA","jwk":{"x":1,"x":2}}`, "{}"),
		"escaped twin":     token(k, `{"alg":"EdDSA","\u0061lg":"EdDSA"}`, "{}"),
		"crit":             token(k, `{"alg":"EdDSA","crit":["exp"],"exp":1}`, "{}"),
		"crit empty":       token(k, `{"alg":"EdDSA","crit":[]}`, "{}"),
		"b64":              token(k, `{"alg":"EdDSA","b64":false}`, "{}"),
		"no alg":           token(k, `{"typ":"JWT"}`, "{}"),
		"alg a number":     token(k, `{"alg":1}`, "{}"),
		"not UTF-8":        token(k, "{\"alg\":\"EdDSA\",\"kid\":\"\xff\"}", "{}"),
		"too deep":         token(k, `{"alg":"EdDSA","x":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)+`}`, "{}"),
		"too long":         token(k, `{"alg":"EdDSA"}`, strings.Repeat(" ", 4<<20)),
	} {
		if _, err := jose.Verify(tok, k.Public(), "EdDSA"); !errors.Is(err, jose.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
}

func TestVerifyRefusesEveryFlippedBit(t *testing.T) {
	t.Parallel()
	ec, okp := p256(t), ed(t)
	for _, k := range []crypto.Signer{ec, okp} {
		alg, err := jose.AlgOf(k.Public())
		if err != nil {
			t.Fatal(err)
		}
		tok, err := jose.Sign(k, alg, map[string]any{"kid": "k1"}, []byte(`{"name":"Amina"}`))
		if err != nil {
			t.Fatal(err)
		}
		for i := range len(tok) * 8 {
			bad := []byte(tok)
			bad[i/8] ^= 1 << (i % 8)
			if _, err := jose.Verify(string(bad), k.Public(), alg); err == nil {
				t.Fatalf("%s: bit %d flipped and still verified", alg, i)
			}
		}
		if _, err := jose.Verify(tok, ed(t).Public(), "EdDSA"); err == nil {
			t.Error("verified with a foreign key")
		}
	}
}

func TestES256SignatureHas64Bytes(t *testing.T) {
	t.Parallel()
	k := p256(t)
	in := b64(`{"alg":"ES256"}`) + "." + b64("{}")
	sum := sha256.Sum256([]byte(in))
	der, err := k.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	for name, sig := range map[string][]byte{"DER": der, "empty": {}, "zeros": make([]byte, 64), "65 bytes": make([]byte, 65)} {
		if _, err := jose.Verify(in+"."+b64(string(sig)), k.Public(), "ES256"); !errors.Is(err, jose.ErrSignature) {
			t.Errorf("%s: %v, want ErrSignature", name, err)
		}
	}
}
