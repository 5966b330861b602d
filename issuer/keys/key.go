package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
)

// ErrKey says that a key cannot be used: it does not fit its algorithm or its
// id, was wrapped under another master key, or fails its self-check.
var ErrKey = errors.New("keys: key not usable")

// Key is a signing key. It signs from NotBefore until before NotAfter; what it
// signed in that time stays good afterwards. A RevokedAt that is not zero ends
// that too.
type Key struct {
	KID       string // RFC 7638 thumbprint, base64url
	Alg       string // jose.ES256 or jose.EdDSA
	Signer    crypto.Signer
	NotBefore time.Time
	NotAfter  time.Time
	RevokedAt time.Time
	Chain     [][]byte // X.509, DER: its own certificate first, without the anchor; empty: none
}

// Generate makes a random key for alg that signs from notBefore until before
// notAfter. It returns ErrKey for an algorithm that is not known or an empty
// window.
func Generate(alg string, notBefore, notAfter time.Time) (Key, error) {
	if !notBefore.Before(notAfter) {
		return Key{}, fmt.Errorf("%w: empty window", ErrKey)
	}
	signer, err := newSigner(alg)
	if err != nil {
		return Key{}, err
	}
	kid, err := jose.Thumbprint(signer.Public())
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return Key{KID: kid, Alg: alg, Signer: signer, NotBefore: notBefore, NotAfter: notAfter}, nil
}

func newSigner(alg string) (crypto.Signer, error) {
	switch alg {
	case jose.ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.EdDSA:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
	return nil, fmt.Errorf("%w: algorithm %q is not known", ErrKey, alg)
}

// SignsAt says that the key may sign at this moment.
func (k Key) SignsAt(now time.Time) bool {
	return k.RevokedAt.IsZero() && !now.Before(k.NotBefore) && now.Before(k.NotAfter)
}

// Public gives the public key.
func (k Key) Public() crypto.PublicKey { return k.Signer.Public() }

// JWK gives the public key as it is published: kty, crv, x, y, kid, alg, use.
func (k Key) JWK() (map[string]any, error) {
	jwk, err := jose.PublicJWK(k.Public())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	jwk["kid"], jwk["alg"], jwk["use"] = k.KID, k.Alg, "sig"
	return jwk, nil
}

// Wrap seals the private key (PKCS #8) for storage, bound to its id and
// algorithm. It returns ErrKey for a key whose private part is not at hand.
func (k Key) Wrap(with secret.Key) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.Signer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return with.Seal(der, aad(k.KID, k.Alg)), nil
}

// Unwrap opens what Wrap sealed and checks the key as Check does. The caller
// fills in the window. It returns ErrKey, wrapping secret.ErrInvalid if the
// master key, the id or the algorithm is another.
func Unwrap(kid, alg string, wrapped []byte, with secret.Key) (Key, error) {
	der, err := with.Open(wrapped, aad(kid, alg))
	if err != nil {
		return Key{}, fmt.Errorf("%w: unwrap %s key %s: %w", ErrKey, alg, kid, err)
	}
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return Key{}, fmt.Errorf("%w: %s key %s is not PKCS #8", ErrKey, alg, kid)
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return Key{}, fmt.Errorf("%w: %s key %s cannot sign", ErrKey, alg, kid)
	}
	k := Key{KID: kid, Alg: alg, Signer: signer}
	return k, k.Check()
}

// Check signs once and verifies: the key must fit its algorithm, its id must be
// its thumbprint, and its public part must belong to the private one. A key
// that fails must never sign a credential.
func (k Key) Check() error {
	if k.Signer == nil {
		return fmt.Errorf("%w: no signer", ErrKey)
	}
	kid, err := jose.Thumbprint(k.Public())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKey, err)
	}
	if kid != k.KID {
		return fmt.Errorf("%w: id %s is not the thumbprint", ErrKey, k.KID)
	}
	signed, err := jose.Sign(k.Signer, k.Alg, nil, []byte("self-check"))
	if err != nil {
		return fmt.Errorf("%w: key %s cannot sign %s: %w", ErrKey, k.KID, k.Alg, err)
	}
	if _, err := jose.Verify(signed, k.Public(), k.Alg); err != nil {
		return fmt.Errorf("%w: key %s does not verify what it signs", ErrKey, k.KID)
	}
	return nil
}

// aad binds a wrapped key to its id and algorithm; neither can hold a NUL.
func aad(kid, alg string) []byte { return []byte("signing-key\x00" + kid + "\x00" + alg) }
