package oauth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/oauth"
)

type object = map[string]any

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newEd25519(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func publicJWK(t testing.TB, key crypto.Signer) object {
	t.Helper()
	jwk, err := jose.PublicJWK(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return jwk
}

// signed makes a JWT whose header may say what it likes: nothing is checked.
func signed(t testing.TB, key crypto.Signer, header, claims object) string {
	t.Helper()
	h := maps.Clone(header)
	if _, given := h["alg"]; !given {
		if h["alg"] = "ES256"; isEd25519(key) {
			h["alg"] = "EdDSA"
		}
	}
	input := encode(t, h) + "." + encode(t, claims)
	return input + "." + base64.RawURLEncoding.EncodeToString(signature(t, key, []byte(input)))
}

func isEd25519(key crypto.Signer) bool { _, ok := key.(ed25519.PrivateKey); return ok }

func signature(t testing.TB, key crypto.Signer, input []byte) []byte {
	t.Helper()
	if k, ok := key.(ed25519.PrivateKey); ok {
		return ed25519.Sign(k, input)
	}
	h := crypto.SHA256.New()
	h.Write(input)
	r, s, err := ecdsa.Sign(rand.Reader, key.(*ecdsa.PrivateKey), h.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	out := make([]byte, 64)
	r.FillBytes(out[:32])
	s.FillBytes(out[32:])
	return out
}

func encode(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// with is a copy of m with pairs of names and values set; a nil value takes the
// member away.
func with(m object, pairs ...any) object {
	c := maps.Clone(m)
	for i := 0; i+1 < len(pairs); i += 2 {
		if name := pairs[i].(string); pairs[i+1] == nil {
			delete(c, name)
		} else {
			c[name] = pairs[i+1]
		}
	}
	return c
}

// fails expects a refusal by code and status.
func fails(t *testing.T, name string, err error, code string, status int) {
	t.Helper()
	var e *oauth.Error
	if !errors.As(err, &e) || e.Code != code || e.Status != status {
		t.Errorf("%s: %v, want %d %s", name, err, status, code)
	}
}
