package vciclient

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"socialregistry/did"
	"socialregistry/internal/jose"
)

// Binding says how a credential is bound to a key of a wallet.
type Binding struct {
	Alg string
	DID bool // by did:key; else by the bare key
}

// Binding chooses from what the configuration takes: a bare P-256 key for an
// SD-JWT VC or an mdoc, a did:key for a credential whose subject is a DID.
func (c Configuration) Binding() (Binding, error) {
	bare := c.Format == FormatSDJWT || c.Format == FormatMdoc
	ours := []string{jose.EdDSA, jose.ES256}
	if bare {
		slices.Reverse(ours)
	}
	algs := slices.Concat(c.ProofTypes["jwt"].Algs, c.ProofTypes["attestation"].Algs)
	n := slices.IndexFunc(ours, func(alg string) bool { return slices.Contains(algs, alg) })
	if n < 0 {
		return Binding{}, errors.New("it takes no proof that this wallet can make (jwt or attestation with ES256 or EdDSA)")
	}
	switch {
	case bare && (slices.Contains(c.Bindings, "jwk") || slices.Contains(c.Bindings, "cose_key")):
		return Binding{Alg: ours[n]}, nil
	case slices.Contains(c.Bindings, "did:key") && c.Format != FormatMdoc:
		return Binding{Alg: ours[n], DID: true}, nil
	}
	return Binding{}, errors.New("it can be bound neither to a did:key nor, as an SD-JWT or mdoc, to a bare key")
}

// Key is one key of a wallet; each credential gets its own, so that two of them
// cannot be linked by it.
type Key struct {
	Binding
	Signer crypto.Signer
	ID     string // did:key, "" for a bare key
	URL    string // DID URL of the key, "" for a bare key
}

// NewKey makes a key.
func NewKey(b Binding) (*Key, error) {
	k := &Key{Binding: b}
	var err error
	if b.Alg == jose.ES256 {
		k.Signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	} else {
		_, k.Signer, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	if b.DID {
		if k.ID, err = did.KeyDID(k.Signer.Public()); err != nil {
			return nil, err
		}
		if k.URL, err = did.KeyURL(k.Signer.Public()); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// Proof shows an issuer that the wallet holds the key, fresh and for it alone
// (OID4VCI 1.0 appendix F.1). iss is the client's name, absent for an anonymous
// wallet; attestation is a key attestation, "" for none.
func (k *Key) Proof(clientID, audience, nonce, attestation string, now time.Time) (string, error) {
	header := map[string]any{"typ": "openid4vci-proof+jwt"}
	if k.DID {
		header["kid"] = k.URL
	} else {
		public, err := jose.PublicJWK(k.Signer.Public())
		if err != nil {
			return "", err
		}
		header["jwk"] = public
	}
	if attestation != "" {
		header["key_attestation"] = attestation
	}
	claims := map[string]any{"aud": audience, "iat": now.Unix()}
	if clientID != "" {
		claims["iss"] = clientID
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	return signJWT(k.Signer, header, claims)
}
