package did_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/hyperledger/aries-framework-go/pkg/vdr/fingerprint"
	"github.com/hyperledger/aries-framework-go/pkg/vdr/key"

	"socialregistry/did"
	"socialregistry/internal/jose"
)

func p256(t testing.TB) *ecdsa.PublicKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &k.PublicKey
}

func ed(t testing.TB) ed25519.PublicKey {
	t.Helper()
	k, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func resolve(didURL string) (crypto.PublicKey, error) {
	return did.NewResolver().Key(context.Background(), didURL)
}

func keyURL(t testing.TB, key crypto.PublicKey) string {
	t.Helper()
	u, err := did.KeyURL(key)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// The did:key examples of the method's specification, with the JWKs it gives.
func TestKeyOfPublishedDIDs(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK":  `{"kty":"OKP","crv":"Ed25519","x":"Lm_M42cB3HkUiODQsXRcweM6TByfzEHGO9ND274JcOY"}`,
		"did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169": `{"kty":"EC","crv":"P-256","x":"fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI","y":"hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU"}`,
	} {
		key, err := resolve(id + "#" + strings.TrimPrefix(id, "did:key:"))
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		var m map[string]any
		if err := json.Unmarshal([]byte(want), &m); err != nil {
			t.Fatal(err)
		}
		wantKey, err := jose.ParseJWK(m)
		if err != nil || !wantKey.(interface{ Equal(crypto.PublicKey) bool }).Equal(key) {
			t.Errorf("%s: got %v (%v)", id, key, err)
		}
		if back, err := did.KeyDID(key); err != nil || back != id {
			t.Errorf("KeyDID = %s, %v; want %s", back, err, id)
		}
	}
}

// The example of the did:jwk specification.
func TestKeyOfPublishedDIDJWK(t *testing.T) {
	t.Parallel()
	key, err := resolve("did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9#0")
	if err != nil {
		t.Fatal(err)
	}
	if jwk, err := jose.PublicJWK(key); err != nil || jwk["x"] != "acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0" {
		t.Errorf("%v, %v", jwk, err)
	}
}

func TestKeyRoundTrip(t *testing.T) {
	t.Parallel()
	for range 50 {
		for _, key := range []crypto.PublicKey{p256(t), ed(t)} {
			got, err := resolve(keyURL(t, key))
			if err != nil || !got.(interface{ Equal(crypto.PublicKey) bool }).Equal(key) {
				t.Errorf("%T: %v, %v", key, got, err)
			}
		}
	}
}

func TestKeyNotInDocument(t *testing.T) {
	t.Parallel()
	mine, other := keyURL(t, ed(t)), keyURL(t, ed(t))
	id, fragment, _ := strings.Cut(mine, "#")
	_, otherFragment, _ := strings.Cut(other, "#")
	for _, u := range []string{id + "#" + otherFragment, id + "#key-1", other[:strings.Index(other, "#")] + "#" + fragment} {
		if _, err := resolve(u); !errors.Is(err, did.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", u, err)
		}
	}
}

// The X25519 key that a did:key of Ed25519 has under keyAgreement signs nothing.
func TestKeyAgreementIsNotASigningKey(t *testing.T) {
	t.Parallel()
	id, err := did.KeyDID(ed(t))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := key.New().Read(id)
	if err != nil || len(doc.DIDDocument.KeyAgreement) != 1 {
		t.Fatalf("%+v, %v", doc, err)
	}
	agreement := doc.DIDDocument.KeyAgreement[0].VerificationMethod.ID
	if _, err := resolve(agreement); !strings.HasPrefix(agreement, id+"#z6LS") || !errors.Is(err, did.ErrNotFound) {
		t.Errorf("%s: %v, want ErrNotFound", agreement, err)
	}
}

func didKey(code uint64, body []byte) string {
	id := fingerprint.KeyFingerprint(code, body)
	return "did:key:" + id + "#" + id
}

func TestMalformedDIDKeys(t *testing.T) {
	t.Parallel()
	for name, u := range map[string]string{
		"Ed25519 of 31 bytes": didKey(fingerprint.ED25519PubKeyMultiCodec, make([]byte, 31)),
		"Ed25519 of 33 bytes": didKey(fingerprint.ED25519PubKeyMultiCodec, make([]byte, 33)),
		"P-256 off the curve": didKey(fingerprint.P256PubKeyMultiCodec, append([]byte{2}, []byte(strings.Repeat("\xff", 32))...)),
		"P-256 of 34 bytes":   didKey(fingerprint.P256PubKeyMultiCodec, make([]byte, 34)),
		"P-384":               didKey(fingerprint.P384PubKeyMultiCodec, make([]byte, 49)),
		"BLS":                 didKey(fingerprint.BLS12381g2PubKeyMultiCodec, make([]byte, 96)),
		"BLS pair, short":     didKey(fingerprint.BLS12381g1g2PubKeyMultiCodec, make([]byte, 33)),
		"unknown codec":       didKey(0x7777, make([]byte, 32)),
		"overflowing varint":  overflowing(),
		"not base58":          "did:key:z0OIl6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnn#a",
		"base64 multibase":    "did:key:mabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz#a",
		"129 bytes":           "did:key:z" + strings.Repeat("6", 120) + "#a",
		"no such DID method":  "did:example:123#a",
		"aries' peer method":  "did:peer:1zQmZMygzYqNwU6Uhmewx5Xepf2VLp5S4HLSwwgf2aiKZuwa#a",
	} {
		if key, err := resolve(u); !errors.Is(err, did.ErrNotFound) {
			t.Errorf("%s: %v, %v; want ErrNotFound", name, key, err)
		}
	}
}

// overflowing makes aries read a multicodec of 11 bytes, at which it panics.
func overflowing() string {
	raw := []byte(strings.Repeat("\xff", 34))
	if _, n := binary.Uvarint(raw); n >= 0 {
		return ""
	}
	id := fingerprint.KeyFingerprint(0xffffffffffffffff, raw)
	return "did:key:" + id + "#" + id
}

func TestMalformedDIDJWKs(t *testing.T) {
	t.Parallel()
	jwk, err := jose.PublicJWK(p256(t))
	if err != nil {
		t.Fatal(err)
	}
	encode := func(pairs ...any) string {
		m := map[string]any{}
		for k, v := range jwk {
			m[k] = v
		}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1]
		}
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return "did:jwk:" + base64.RawURLEncoding.EncodeToString(raw)
	}
	for name, u := range map[string]string{
		"private":        encode("d", jwk["x"]) + "#0",
		"for encryption": encode("use", "enc") + "#0",
		"off the curve":  encode("y", jwk["x"]) + "#0",
		"RSA":            "did:jwk:" + base64.RawURLEncoding.EncodeToString([]byte(`{"kty":"RSA","n":"AQAB","e":"AQAB"}`)) + "#0",
		"symmetric":      "did:jwk:" + base64.RawURLEncoding.EncodeToString([]byte(`{"kty":"oct","k":"AQAB"}`)) + "#0",
		"an array":       "did:jwk:" + base64.RawURLEncoding.EncodeToString([]byte(`[]`)) + "#0",
		"null":           "did:jwk:" + base64.RawURLEncoding.EncodeToString([]byte(`null`)) + "#0",
		"not base64url":  "did:jwk:.#0",
		"other method":   encode() + "#1",
		"no method 00":   encode() + "#00",
	} {
		if key, err := resolve(u); !errors.Is(err, did.ErrNotFound) {
			t.Errorf("%s: %v, %v; want ErrNotFound", name, key, err)
		}
	}
	if _, err := resolve(encode("use", "sig", "alg", "ES256") + "#0"); err != nil {
		t.Errorf("the twin that is good: %v", err)
	}
}

// No host is on the list unless somebody puts it there.
func TestDIDWebIsBlockedByDefault(t *testing.T) {
	t.Parallel()
	for _, u := range []string{"did:web:example.org#k", "did:web:localhost%3A8080#k", "did:web:169.254.169.254#k", "did:web:127.0.0.1#k"} {
		if _, err := resolve(u); !errors.Is(err, did.ErrBlocked) {
			t.Errorf("%s: %v, want ErrBlocked", u, err)
		}
	}
}

func FuzzKey(f *testing.F) {
	f.Add(keyURL(f, ed(f)))
	f.Add(keyURL(f, p256(f)))
	f.Add(overflowing())
	f.Add("did:jwk:eyJrdHkiOiJFQyJ9#0")
	f.Add("did:web:a%3A1:b#k")
	f.Fuzz(func(t *testing.T, u string) {
		key, err := resolve(u)
		if (key == nil) == (err == nil) {
			t.Fatalf("key %v, error %v", key, err)
		}
		if err == nil {
			if _, err := jose.AlgOf(key); err != nil {
				t.Fatalf("a key that cannot verify: %v", err)
			}
			return
		}
		if !errors.Is(err, did.ErrSyntax) && !errors.Is(err, did.ErrNotFound) && !errors.Is(err, did.ErrBlocked) {
			t.Fatalf("unclassified: %v", err)
		}
	})
}
