package keys_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
	"socialregistry/issuer/keys"
)

func day(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }

func generate(t *testing.T, alg string, from, until time.Time) keys.Key {
	t.Helper()
	k, err := keys.Generate(keys.Signing, alg, from, until)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestGenerateSignsAndVerifies(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{jose.ES256, jose.EdDSA} {
		k := generate(t, alg, day(1), day(2))
		if err := k.Check(); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
		signed, err := jose.Sign(k.Signer, k.Alg, nil, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jose.Verify(signed, k.Public(), alg); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
		if other := generate(t, alg, day(1), day(2)); other.KID == k.KID {
			t.Errorf("%s: two keys with one id", alg)
		}
	}
}

func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"", "RS256", "ES384", "none", "HS256"} {
		if _, err := keys.Generate(keys.Signing, alg, day(1), day(2)); !errors.Is(err, keys.ErrKey) {
			t.Errorf("%s: %v", alg, err)
		}
	}
	if _, err := keys.Generate(keys.Signing, jose.ES256, day(2), day(2)); !errors.Is(err, keys.ErrKey) {
		t.Errorf("empty window: %v", err)
	}
}

func TestWrapRoundTrip(t *testing.T) {
	t.Parallel()
	with := secret.NewKey()
	for _, alg := range []string{jose.ES256, jose.EdDSA} {
		k := generate(t, alg, day(1), day(2))
		wrapped, err := k.Wrap(with)
		if err != nil {
			t.Fatal(err)
		}
		got, err := keys.Unwrap(keys.Signing, k.KID, alg, wrapped, with)
		if err != nil || got.KID != k.KID || got.Alg != alg || !got.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(k.Public()) {
			t.Errorf("%s: %+v, %v", alg, got, err)
		}
		der, err := x509.MarshalPKCS8PrivateKey(k.Signer)
		if err != nil || strings.Contains(string(wrapped), string(der[len(der)-32:])) {
			t.Errorf("%s: the private key is in the clear (%v)", alg, err)
		}
	}
}

// A wrapped key opens with its master key, under its id and algorithm, and in
// no other way.
func TestUnwrapIsBound(t *testing.T) {
	t.Parallel()
	with := secret.NewKey()
	k, other := generate(t, jose.ES256, day(1), day(2)), generate(t, jose.ES256, day(1), day(2))
	wrapped, err := k.Wrap(with)
	if err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]func() error{
		"other master key": func() error { _, err := keys.Unwrap(keys.Signing, k.KID, k.Alg, wrapped, secret.NewKey()); return err },
		"other id":         func() error { _, err := keys.Unwrap(keys.Signing, other.KID, k.Alg, wrapped, with); return err },
		"other algorithm":  func() error { _, err := keys.Unwrap(keys.Signing, k.KID, jose.EdDSA, wrapped, with); return err },
		"cut short":        func() error { _, err := keys.Unwrap(keys.Signing, k.KID, k.Alg, wrapped[1:], with); return err },
		"empty":            func() error { _, err := keys.Unwrap(keys.Signing, k.KID, k.Alg, nil, with); return err },
	} {
		if err := try(); !errors.Is(err, keys.ErrKey) || !errors.Is(err, secret.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// sealed wraps any PKCS #8 key under a chosen id, as a thief of the database
// with the master key could.
func sealed(t *testing.T, with secret.Key, kid, alg string, private any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return with.Seal(der, []byte("signing-key\x00"+kid+"\x00"+alg))
}

func TestUnwrapChecksTheKey(t *testing.T) {
	t.Parallel()
	with := secret.NewKey()
	k, other := generate(t, jose.ES256, day(1), day(2)), generate(t, jose.ES256, day(1), day(2))
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, wrapped := range map[string][]byte{
		"another key": sealed(t, with, k.KID, k.Alg, other.Signer),
		"P-384":       sealed(t, with, k.KID, k.Alg, p384),
		"not PKCS #8": with.Seal([]byte("x"), []byte("signing-key\x00"+k.KID+"\x00"+k.Alg)),
		"Ed25519 key": sealed(t, with, k.KID, k.Alg, generate(t, jose.EdDSA, day(1), day(2)).Signer),
	} {
		if _, err := keys.Unwrap(keys.Signing, k.KID, k.Alg, wrapped, with); !errors.Is(err, keys.ErrKey) {
			t.Errorf("%s: %v, want ErrKey", name, err)
		}
	}
	if _, err := keys.Unwrap(keys.Signing, k.KID, k.Alg, sealed(t, with, k.KID, k.Alg, k.Signer), with); err != nil {
		t.Errorf("the twin that is good: %v", err)
	}
}

// liar answers with the public key of another private one.
type liar struct {
	crypto.Signer
	public ed25519.PublicKey
}

func (l liar) Public() crypto.PublicKey { return l.public }

// broken cannot sign, as an HSM that lost its session.
type broken struct{ crypto.Signer }

func (broken) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("session lost")
}

// Row 81: a key that does not fit its algorithm, id or public part is refused
// when it is loaded, never found out by a bad credential.
func TestRow81SelfCheck(t *testing.T) {
	t.Parallel()
	a, b := generate(t, jose.EdDSA, day(1), day(2)), generate(t, jose.EdDSA, day(1), day(2))
	es := generate(t, jose.ES256, day(1), day(2))
	for name, k := range map[string]keys.Key{
		"no signer":         {Use: keys.Signing, KID: a.KID, Alg: a.Alg},
		"wrong algorithm":   {Use: keys.Signing, KID: a.KID, Alg: jose.ES256, Signer: a.Signer},
		"wrong algorithm 2": {Use: keys.Signing, KID: es.KID, Alg: jose.EdDSA, Signer: es.Signer},
		"wrong id":          {Use: keys.Signing, KID: b.KID, Alg: a.Alg, Signer: a.Signer},
		"another's public":  {Use: keys.Signing, KID: b.KID, Alg: b.Alg, Signer: liar{a.Signer, b.Public().(ed25519.PublicKey)}},
		"signer that fails": {Use: keys.Signing, KID: a.KID, Alg: a.Alg, Signer: broken{a.Signer}},
	} {
		if err := k.Check(); !errors.Is(err, keys.ErrKey) {
			t.Errorf("%s: %v, want ErrKey", name, err)
		}
		if _, err := keys.NewRing(es, k); !errors.Is(err, keys.ErrKey) {
			t.Errorf("%s in a ring: %v, want ErrKey", name, err)
		}
	}
}

func TestJWKIsPublic(t *testing.T) {
	t.Parallel()
	for alg, members := range map[string]int{jose.ES256: 7, jose.EdDSA: 6} {
		k := generate(t, alg, day(1), day(2))
		jwk, err := k.JWK()
		if err != nil {
			t.Fatal(err)
		}
		if len(jwk) != members || jwk["kid"] != k.KID || jwk["alg"] != alg || jwk["use"] != "sig" || jwk["d"] != nil {
			t.Errorf("%s: %v", alg, jwk)
		}
		if raw, err := json.Marshal(jwk); err != nil || strings.Contains(string(raw), `"d"`) {
			t.Errorf("%s: %s, %v", alg, raw, err)
		}
	}
}
