package oid4vci_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"testing"
	"time"

	"socialregistry/did"
	"socialregistry/internal/jose"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/oid4vci"
)

const issuerID = "https://registry.example"

func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// bench is a wallet with one key of each kind, and the issuer's policy.
type bench struct {
	t      *testing.T
	p256   *ecdsa.PrivateKey
	ed     ed25519.PrivateKey
	policy oid4vci.ProofPolicy
}

func newBench(t *testing.T) *bench {
	t.Helper()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t: t, p256: p256, ed: ed, policy: oid4vci.ProofPolicy{
		Issuer: issuerID, Now: noon(), Algs: oid4vci.ProofAlgs(), Anonymous: true,
		Methods: []string{oid4vci.BindJWK, oid4vci.BindDIDKey, oid4vci.BindDIDJWK},
		Resolve: did.NewResolver().Key,
	}}
}

func (b *bench) jwk(key crypto.PublicKey) map[string]any {
	b.t.Helper()
	m, err := jose.PublicJWK(key)
	if err != nil {
		b.t.Fatal(err)
	}
	return m
}

func (b *bench) kid(key crypto.PublicKey) string {
	b.t.Helper()
	u, err := did.KeyURL(key)
	if err != nil {
		b.t.Fatal(err)
	}
	return u
}

func claims() map[string]any {
	return map[string]any{"aud": issuerID, "iat": noon().Unix(), "nonce": "n-1"}
}

// header and baseline are the valid proof that each test changes in one place.
func (b *bench) header() map[string]any {
	return map[string]any{"typ": "openid4vci-proof+jwt", "alg": "ES256", "jwk": b.jwk(&b.p256.PublicKey)}
}

// sign makes a JWT of whatever header and claims, good or bad.
func (b *bench) sign(head, body map[string]any) string {
	b.t.Helper()
	return b.signRaw(b.json(head), b.json(body))
}

func (b *bench) signRaw(head, body []byte) string {
	b.t.Helper()
	input := b64(head) + "." + b64(body)
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, b.p256, sum[:])
	if err != nil {
		b.t.Fatal(err)
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	return input + "." + b64(sig)
}

func (b *bench) json(v any) []byte {
	b.t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		b.t.Fatal(err)
	}
	return raw
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// with gives a copy of m in which the pairs are set; a nil value removes.
func with(m map[string]any, pairs ...any) map[string]any {
	out := maps.Clone(m)
	for i := 0; i < len(pairs); i += 2 {
		if out[pairs[i].(string)] = pairs[i+1]; pairs[i+1] == nil {
			delete(out, pairs[i].(string))
		}
	}
	return out
}

func (b *bench) check(jwt string) (oid4vci.Proof, error) {
	return oid4vci.CheckProof(context.Background(), jwt, b.policy)
}

// refused demands the code invalid_proof, as RFC 6749 writes errors.
func (b *bench) refused(name, jwt string) {
	b.t.Helper()
	_, err := b.check(jwt)
	var e *oauth.Error
	if !errors.As(err, &e) || e.Code != oid4vci.CodeInvalidProof || e.Status != 400 {
		b.t.Errorf("%s: %v, want invalid_proof", name, err)
	}
}

func (b *bench) accepted(name, jwt string) oid4vci.Proof {
	b.t.Helper()
	p, err := b.check(jwt)
	if err != nil {
		b.t.Errorf("%s: %v", name, err)
	}
	return p
}

func (b *bench) hs256() string {
	input := b64(b.json(with(b.header(), "alg", "HS256"))) + "." + b64(b.json(claims()))
	secret, err := b.p256.PublicKey.Bytes()
	if err != nil {
		b.t.Fatal(err)
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(input))
	return input + "." + b64(mac.Sum(nil))
}

func (b *bench) p384() string {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		b.t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		b.t.Fatal(err)
	}
	jwk := map[string]any{"kty": "EC", "crv": "P-384", "x": b64(point[1:49]), "y": b64(point[49:])}
	input := b64(b.json(with(b.header(), "jwk", jwk))) + "." + b64(b.json(claims()))
	sum := sha512.Sum384([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		b.t.Fatal(err)
	}
	sig := make([]byte, 96)
	r.FillBytes(sig[:48])
	s.FillBytes(sig[48:])
	return input + "." + b64(sig)
}

func (b *bench) nullJWK() map[string]any {
	return with(b.header(), "jwk", json.RawMessage("null"))
}
