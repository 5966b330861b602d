package keys

import (
	"crypto"
	"crypto/ecdh"
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

// What a key is for.
const (
	Signing    = "sig"  // signs credentials, status lists and documents
	Encryption = "enc"  // opens credential requests that wallets encrypt
	Authority  = "ca"   // signs the certificates of signing keys, and nothing else
	Root       = "root" // signs trust bundles, and nothing else
)

// ECDHES is the algorithm of encryption keys (RFC 7518 §4.6), on P-256.
const ECDHES = "ECDH-ES"

// Key is a private key of the issuer. It is used from NotBefore until before
// NotAfter; what it signed in that time stays good afterwards. A RevokedAt that
// is not zero ends that too.
type Key struct {
	Use            string        // Signing, Encryption, Authority or Root
	KID            string        // RFC 7638 thumbprint, base64url
	Alg            string        // jose.ES256 or jose.EdDSA; ECDHES for Encryption; jose.ES256 for Authority and Root
	Signer         crypto.Signer // of an encryption key it only carries the private part, see Private
	NotBefore      time.Time
	NotAfter       time.Time
	PublishedUntil time.Time // from then on nothing that it signed is valid; zero: not known yet
	RevokedAt      time.Time
	Chain          [][]byte // X.509, DER: its own certificate first; empty: none
	Former         [][]byte // certificates that it had before, DER
}

// Generate makes a random key for alg that is used from notBefore until before
// notAfter. It returns ErrKey for a use or an algorithm that is not known or an
// empty window.
func Generate(use, alg string, notBefore, notAfter time.Time) (Key, error) {
	if !notBefore.Before(notAfter) {
		return Key{}, fmt.Errorf("%w: empty window", ErrKey)
	}
	signer, err := newSigner(use, alg)
	if err != nil {
		return Key{}, err
	}
	kid, err := jose.Thumbprint(signer.Public())
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return Key{Use: use, KID: kid, Alg: alg, Signer: signer, NotBefore: notBefore, NotAfter: notAfter}, nil
}

func newSigner(use, alg string) (crypto.Signer, error) {
	switch (slot{use, alg}) {
	case slot{Signing, jose.ES256}, slot{Authority, jose.ES256}, slot{Root, jose.ES256}, slot{Encryption, ECDHES}:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case slot{Signing, jose.EdDSA}:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
	return nil, fmt.Errorf("%w: algorithm %q is not known for %q", ErrKey, alg, use)
}

// slot is what one key at a time is used for.
type slot struct{ use, alg string }

// SignsAt says that the key is in use at this moment.
func (k Key) SignsAt(now time.Time) bool {
	return k.RevokedAt.IsZero() && !now.Before(k.NotBefore) && now.Before(k.NotAfter)
}

// Public gives the public key.
func (k Key) Public() crypto.PublicKey { return k.Signer.Public() }

// Private gives the private part of an encryption key, for ECDH-ES. It returns
// ErrKey for any other key, and for one whose private part is not at hand.
func (k Key) Private() (*ecdsa.PrivateKey, error) {
	private, ok := k.Signer.(*ecdsa.PrivateKey)
	if !ok || k.Use != Encryption {
		return nil, fmt.Errorf("%w: key %s decrypts nothing", ErrKey, k.KID)
	}
	return private, nil
}

// JWK gives the public key as it is published: kty, crv, x, y, kid, alg, use.
func (k Key) JWK() (map[string]any, error) {
	jwk, err := jose.PublicJWK(k.Public())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	jwk["kid"], jwk["alg"], jwk["use"] = k.KID, k.Alg, k.Use
	return jwk, nil
}

// PublicJWK gives the members of the public key alone: kty, crv, x, y.
func (k Key) PublicJWK() (map[string]any, error) {
	jwk, err := jose.PublicJWK(k.Public())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return jwk, nil
}

// Wrap seals the private key (PKCS #8) for storage, bound to its use, id and
// algorithm. It returns ErrKey for a key whose private part is not at hand.
func (k Key) Wrap(with secret.Key) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.Signer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return with.Seal(der, aad(k.Use, k.KID, k.Alg)), nil
}

// Unwrap opens what Wrap sealed and checks the key as Check does. The caller
// fills in the window. It returns ErrKey, wrapping secret.ErrInvalid if the
// master key, the use, the id or the algorithm is another.
func Unwrap(use, kid, alg string, wrapped []byte, with secret.Key) (Key, error) {
	der, err := with.Open(wrapped, aad(use, kid, alg))
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
	k := Key{Use: use, KID: kid, Alg: alg, Signer: signer}
	return k, k.Check()
}

// Check uses the key once: it must fit its algorithm, its id must be its
// thumbprint, and its public part must belong to the private one. A key that
// fails must never sign a credential.
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
	switch k.Use {
	case Signing, Authority, Root:
		return k.checkSignature()
	case Encryption:
		return k.checkAgreement()
	}
	return fmt.Errorf("%w: use %q is not known", ErrKey, k.Use)
}

func (k Key) checkSignature() error {
	signed, err := jose.Sign(k.Signer, k.Alg, nil, []byte("self-check"))
	if err != nil {
		return fmt.Errorf("%w: key %s cannot sign %s: %w", ErrKey, k.KID, k.Alg, err)
	}
	if _, err := jose.Verify(signed, k.Public(), k.Alg); err != nil {
		return fmt.Errorf("%w: key %s does not verify what it signs", ErrKey, k.KID)
	}
	return nil
}

func (k Key) checkAgreement() error {
	private, err := k.Private()
	if err != nil {
		return err
	}
	own, err := private.ECDH()
	if err != nil || k.Alg != ECDHES || own.Curve() != ecdh.P256() {
		return fmt.Errorf("%w: key %s is not for %s on P-256", ErrKey, k.KID, ECDHES)
	}
	public, err := private.PublicKey.ECDH()
	if err != nil || !own.PublicKey().Equal(public) {
		return fmt.Errorf("%w: key %s has the public part of another", ErrKey, k.KID)
	}
	return nil
}

// aad binds a wrapped key to its use, id and algorithm; none can hold a NUL.
func aad(use, kid, alg string) []byte {
	if use == Signing {
		return []byte("signing-key\x00" + kid + "\x00" + alg)
	}
	return []byte("key\x00" + use + "\x00" + kid + "\x00" + alg)
}
