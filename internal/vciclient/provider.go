package vciclient

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"socialregistry/internal/jose"
)

// Provider is a wallet provider: it vouches for wallet instances and for the keys
// that they keep. Real wallets ask theirs; this one is for tests and trials.
type Provider struct {
	Key   crypto.Signer
	Chain [][]byte // certificates from the key's own up, DER, without the anchor
	Root  []byte   // the anchor, PEM: what the issuer is told to trust
}

// Life times of what a provider says. The suite's own client attestation lives
// five minutes.
const attestationLife = 5 * time.Minute

// NewProvider makes a provider with a root and a leaf that is good for a year
// around now.
func NewProvider(now time.Time) (*Provider, error) {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a wallet provider: %w", err)
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a wallet provider: %w", err)
	}
	root := certificate("Trial wallet provider root", now)
	root.IsCA, root.BasicConstraintsValid, root.KeyUsage = true, true, x509.KeyUsageCertSign
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, rootKey.Public(), rootKey)
	if err != nil {
		return nil, fmt.Errorf("make a wallet provider: %w", err)
	}
	leaf := certificate("Trial wallet provider", now)
	leaf.KeyUsage = x509.KeyUsageDigitalSignature
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, leafKey.Public(), rootKey)
	if err != nil {
		return nil, fmt.Errorf("make a wallet provider: %w", err)
	}
	return &Provider{leafKey, [][]byte{leafDER}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER})}, nil
}

func certificate(name string, now time.Time) *x509.Certificate {
	serial := sha256.Sum256([]byte(random(16)))
	return &x509.Certificate{SerialNumber: new(big.Int).SetBytes(serial[:16]), Subject: pkix.Name{CommonName: name, Country: []string{"UT"}},
		NotBefore: now.AddDate(0, -6, 0), NotAfter: now.AddDate(0, 6, 0)}
}

// Header is the header of what the provider signs.
func (p *Provider) Header(typ string) map[string]any {
	var chain []string
	for _, der := range p.Chain {
		chain = append(chain, base64.StdEncoding.EncodeToString(der))
	}
	return map[string]any{"typ": typ, "x5c": chain}
}

// ClientAttestation vouches for an instance of a wallet (attestation-based client
// authentication -07 §5.1; OID4VCI 1.0 appendix E).
func (p *Provider) ClientAttestation(clientID string, instance crypto.PublicKey, now time.Time) (string, error) {
	jwk, err := jose.PublicJWK(instance)
	if err != nil {
		return "", err
	}
	jwt, err := signJWT(p.Key, p.Header("oauth-client-attestation+jwt"), map[string]any{"iss": "https://provider.example", "sub": clientID,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(attestationLife).Unix(), "cnf": map[string]any{"jwk": jwk}})
	if err != nil {
		return "", fmt.Errorf("attest the wallet: %w", err)
	}
	return jwt, nil
}

// KeyAttestation vouches for keys (OID4VCI 1.0 appendix D).
func (p *Provider) KeyAttestation(keys []crypto.PublicKey, nonce string, now time.Time) (string, error) {
	var attested []map[string]any
	for _, key := range keys {
		jwk, err := jose.PublicJWK(key)
		if err != nil {
			return "", err
		}
		attested = append(attested, jwk)
	}
	claims := map[string]any{"iss": "https://provider.example", "iat": now.Unix(), "exp": now.Add(attestationLife).Unix(), "attested_keys": attested,
		"key_storage": []string{"iso_18045_high"}, "user_authentication": []string{"iso_18045_high"}}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	jwt, err := signJWT(p.Key, p.Header("key-attestation+jwt"), claims)
	if err != nil {
		return "", fmt.Errorf("attest keys: %w", err)
	}
	return jwt, nil
}
