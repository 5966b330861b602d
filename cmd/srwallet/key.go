package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"socialregistry/did"
	"socialregistry/internal/jose"
)

// binding says how a credential is bound to a key of this wallet.
type binding struct {
	alg string
	did bool // by did:key; else by the bare key
}

// binding chooses from what the configuration takes: a bare P-256 key for an
// SD-JWT VC, a did:key for a credential whose subject is a DID.
func (c configuration) binding() (binding, error) {
	algs := c.ProofTypes["jwt"].Algs
	ours := []string{jose.EdDSA, jose.ES256}
	if c.Format == formatSDJWT {
		slices.Reverse(ours)
	}
	n := slices.IndexFunc(ours, func(alg string) bool { return slices.Contains(algs, alg) })
	if n < 0 {
		return binding{}, errors.New("it takes no proof that this wallet can make (jwt with ES256 or EdDSA)")
	}
	switch {
	case c.Format == formatSDJWT && slices.Contains(c.Bindings, "jwk"):
		return binding{alg: ours[n]}, nil
	case slices.Contains(c.Bindings, "did:key"):
		return binding{alg: ours[n], did: true}, nil
	}
	return binding{}, errors.New("it can be bound neither to a did:key nor, as an SD-JWT, to a bare key")
}

// holderKey is one key of this wallet; each credential gets its own, so that
// two of them cannot be linked by it.
type holderKey struct {
	binding
	signer crypto.Signer
	id     string // did:key, "" for a bare key
	url    string // DID URL of the key, "" for a bare key
}

func newKey(b binding) (*holderKey, error) {
	k := &holderKey{binding: b}
	var err error
	if b.alg == jose.ES256 {
		k.signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	} else {
		_, k.signer, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	if b.did {
		if k.id, err = did.KeyDID(k.signer.Public()); err != nil {
			return nil, err
		}
		if k.url, err = did.KeyURL(k.signer.Public()); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// pem is the private key as PKCS #8.
func (k *holderKey) pem() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.signer)
	if err != nil {
		return nil, fmt.Errorf("write the key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// proof shows the issuer that this wallet holds the key, fresh and for it alone
// (OID4VCI 1.0 appendix F.1). iss is absent: the wallet is anonymous.
func (k *holderKey) proof(audience, nonce string, now time.Time) (string, error) {
	header := map[string]any{"typ": "openid4vci-proof+jwt"}
	if k.did {
		header["kid"] = k.url
	} else {
		public, err := jose.PublicJWK(k.signer.Public())
		if err != nil {
			return "", err
		}
		header["jwk"] = public
	}
	claims := map[string]any{"aud": audience, "iat": now.Unix()}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return jose.Sign(k.signer, k.alg, header, payload)
}
