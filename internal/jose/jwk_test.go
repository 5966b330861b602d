package jose_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"socialregistry/internal/jose"
)

func TestJWKRoundTrip(t *testing.T) {
	t.Parallel()
	for _, key := range []crypto.PublicKey{p256(t).Public(), ed(t).Public()} {
		m, err := jose.PublicJWK(key)
		if err != nil {
			t.Fatal(err)
		}
		got, err := jose.ParseJWK(m)
		if err != nil || !reflect.DeepEqual(got, key) {
			t.Errorf("ParseJWK(PublicJWK) = %v, %v", got, err)
		}
		m["alg"], _ = jose.AlgOf(key)
		m["kid"], m["use"] = "k1", "sig"
		if _, err := jose.ParseJWK(m); err != nil {
			t.Errorf("with kid, alg and use: %v", err)
		}
	}
}

// RFC 8037 appendix A.2 and A.3.
func TestThumbprint(t *testing.T) {
	t.Parallel()
	key, err := jose.ParseJWK(map[string]any{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := jose.Thumbprint(key)
	if want := "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"; err != nil || got != want {
		t.Errorf("Thumbprint = %s, %v, want %s", got, err, want)
	}
	m, err := jose.PublicJWK(key)
	if err != nil || len(m) != 3 || m["kty"] != "OKP" || m["crv"] != "Ed25519" {
		t.Errorf("PublicJWK = %v, %v", m, err)
	}
}

func TestParseJWKRefuses(t *testing.T) {
	t.Parallel()
	ec, err := jose.PublicJWK(p256(t).Public())
	if err != nil {
		t.Fatal(err)
	}
	okp, err := jose.PublicJWK(ed(t).Public())
	if err != nil {
		t.Fatal(err)
	}
	with := func(base map[string]any, name string, v any) map[string]any {
		m := maps.Clone(base)
		m[name] = v
		return m
	}
	without := func(base map[string]any, name string) map[string]any {
		m := maps.Clone(base)
		delete(m, name)
		return m
	}
	zeros := b64(strings.Repeat("\x00", 32))
	for name, m := range map[string]map[string]any{
		"nil": nil, "empty": {}, "symmetric": {"kty": "oct", "k": zeros},
		"RSA":              {"kty": "RSA", "n": zeros, "e": "AQAB"},
		"EC with d":        with(ec, "d", zeros),
		"OKP with d":       with(okp, "d", zeros),
		"d is null":        with(okp, "d", nil),
		"EC with k":        with(ec, "k", zeros),
		"off the curve":    with(ec, "y", ec["x"]),
		"zero point":       with(with(ec, "x", zeros), "y", zeros),
		"x over the field": with(ec, "x", b64(strings.Repeat("\xff", 32))),
		"short x":          with(ec, "x", b64(strings.Repeat("\x01", 31))),
		"long x":           with(ec, "x", b64(strings.Repeat("\x01", 33))),
		"x padded":         with(ec, "x", ec["x"].(string)+"="),
		"x a number":       with(ec, "x", 7),
		"no y":             without(ec, "y"),
		"P-384":            with(ec, "crv", "P-384"),
		"X25519":           with(okp, "crv", "X25519"),
		"Ed25519 short":    with(okp, "x", b64("short")),
		"Ed25519 with y":   with(okp, "y", zeros),
		"kty and crv swap": with(okp, "kty", "EC"),
		"alg of another":   with(ec, "alg", "EdDSA"),
		"alg HS256":        with(ec, "alg", "HS256"),
		"use enc":          with(ec, "use", "enc"),
	} {
		if k, err := jose.ParseJWK(m); !errors.Is(err, jose.ErrKey) {
			t.Errorf("%s: %v, %v, want ErrKey", name, k, err)
		}
	}
}

// RFC 7518 §6.2.1.2: a coordinate has its full length, leading zeros included.
func TestParseJWKRefusesAStrippedZero(t *testing.T) {
	t.Parallel()
	for range 10_000 {
		m, err := jose.PublicJWK(p256(t).Public())
		if err != nil {
			t.Fatal(err)
		}
		x, err := base64.RawURLEncoding.DecodeString(m["x"].(string))
		if err != nil || x[0] != 0 {
			continue
		}
		if _, err := jose.ParseJWK(m); err != nil {
			t.Errorf("with its zero: %v", err)
		}
		m["x"] = b64(string(x[1:]))
		if _, err := jose.ParseJWK(m); !errors.Is(err, jose.ErrKey) {
			t.Errorf("without its zero: %v, want ErrKey", err)
		}
		return
	}
	t.Fatal("no key with a leading zero")
}

func TestAlgOfRefuses(t *testing.T) {
	t.Parallel()
	//lint:ignore SA1019 only the raw coordinates can say what no constructor lets through
	off := &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}
	for name, key := range map[string]crypto.PublicKey{
		"nil": nil, "nil P-256": (*ecdsa.PublicKey)(nil), "no curve": &ecdsa.PublicKey{}, "off the curve": off,
		"bytes": []byte("secret"), "empty Ed25519": ed25519.PublicKey{}, "by value": *p256(t).Public().(*ecdsa.PublicKey),
	} {
		if alg, err := jose.AlgOf(key); !errors.Is(err, jose.ErrKey) {
			t.Errorf("%s: %q, %v, want ErrKey", name, alg, err)
		}
		if _, err := jose.PublicJWK(key); !errors.Is(err, jose.ErrKey) {
			t.Errorf("%s: PublicJWK %v, want ErrKey", name, err)
		}
	}
}

func FuzzHeader(f *testing.F) {
	k := ed(f)
	f.Add(token(k, `{"alg":"EdDSA","jwk":{"kty":"OKP"}}`, "{}"))
	f.Add("..")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := jose.Header(s)
		if err != nil {
			if !errors.Is(err, jose.ErrMalformed) {
				t.Errorf("%v is not ErrMalformed", err)
			}
			return
		}
		if _, ok := h["alg"].(string); !ok {
			t.Errorf("header without alg passed: %v", h)
		}
		if _, err := jose.Payload(s); err != nil {
			t.Errorf("Header passed, Payload: %v", err)
		}
	})
}

func FuzzParseJWK(f *testing.F) {
	for _, key := range []crypto.PublicKey{p256(f).Public(), ed(f).Public()} {
		m, err := jose.PublicJWK(key)
		if err != nil {
			f.Fatal(err)
		}
		raw, err := json.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := jose.DecodeObject(raw)
		if err != nil {
			return
		}
		key, err := jose.ParseJWK(m)
		if err != nil {
			return
		}
		again, err := jose.PublicJWK(key)
		if err != nil || again["x"] != m["x"] {
			t.Errorf("%s was read as %v, %v", raw, again, err)
		}
	})
}
