package did

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"errors"
	"fmt"

	"socialregistry/did/ariesvdr"
	"socialregistry/internal/jose"
)

// What Key returns besides ErrSyntax.
var (
	ErrNotFound = errors.New("did: no such key")
	ErrBlocked  = errors.New("did: the DID points to a place that is not allowed")
)

// Resolver finds the public keys that DID URLs name. Make it with NewResolver.
// It is safe for concurrent use.
type Resolver struct {
	registry *ariesvdr.Registry
}

// NewResolver makes a resolver for did:key and did:jwk, which need no network,
// and for did:web on the listed hosts (example.org, or example.org:8443). With
// no host listed, nothing is ever fetched.
func NewResolver(webHosts ...string) *Resolver {
	return &Resolver{registry: ariesvdr.New(webHosts)}
}

// Key gives the public key that a DID URL names: *ecdsa.PublicKey on P-256 or
// ed25519.PublicKey. The DID's document must have that very verification method
// under authentication or assertionMethod. It returns ErrSyntax, ErrNotFound
// (also for a key of another kind) or ErrBlocked.
func (r *Resolver) Key(ctx context.Context, didURL string) (crypto.PublicKey, error) {
	u, err := ParseURL(didURL)
	if err != nil {
		return nil, err
	}
	methods, err := r.registry.Resolve(ctx, u.DID)
	if errors.Is(err, ariesvdr.ErrBlocked) {
		return nil, fmt.Errorf("%w: %w", ErrBlocked, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	for _, m := range methods {
		if m.ID == didURL {
			return keyOf(m)
		}
	}
	return nil, fmt.Errorf("%w: the document has no verification method of that name", ErrNotFound)
}

// keyOf decodes a verification method by its type.
func keyOf(m ariesvdr.Method) (crypto.PublicKey, error) {
	switch m.Type {
	case "JsonWebKey", "JsonWebKey2020": // CID 1.0 §2.2.3 and its forerunner
		key, err := jose.ParseJWK(m.JWK)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
		}
		return key, nil
	case "Ed25519VerificationKey2018": // what aries writes for did:key
		if len(m.Raw) == ed25519.PublicKeySize {
			return ed25519.PublicKey(m.Raw), nil
		}
	case "Multikey", "Ed25519VerificationKey2020": // CID 1.0 §2.2.2
		return multikey(m.Raw)
	}
	return nil, fmt.Errorf("%w: the key is of a kind that is not known", ErrNotFound)
}

// multikey decodes a key that begins with its multicodec (CID 1.0 §2.2.2).
func multikey(raw []byte) (crypto.PublicKey, error) {
	switch {
	case len(raw) == 2+ed25519.PublicKeySize && raw[0] == 0xed && raw[1] == 0x01:
		return ed25519.PublicKey(raw[2:]), nil
	case len(raw) == 2+33 && raw[0] == 0x80 && raw[1] == 0x24:
		if x, y := elliptic.UnmarshalCompressed(elliptic.P256(), raw[2:]); x != nil {
			point := make([]byte, 65) // SEC 1 §2.3.3, uncompressed: 0x04, x, y
			point[0] = 4
			x.FillBytes(point[1:33])
			y.FillBytes(point[33:])
			return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		}
	}
	return nil, fmt.Errorf("%w: the Multikey is neither Ed25519 nor P-256", ErrNotFound)
}
