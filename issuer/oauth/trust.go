package oauth

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"socialregistry/internal/jose"
)

// Bounds of a chain of certificates (RFC 7515 §4.1.6).
const (
	maxChain       = 5       // certificates, the signer's included
	maxCertificate = 8 << 10 // bytes of one in base64
	maxRoots       = 16      // of one provider
)

// ErrUntrusted says that a JWT is not the word of a provider that is trusted.
var ErrUntrusted = errors.New("oauth: not the word of a trusted provider")

// Provider is a wallet provider that is trusted: by its keys, by the certificate
// authorities above its keys, or both.
type Provider struct {
	Name    string
	Clients []string       // those that its client attestations may name; empty: any
	JWKS    map[string]any // public keys (RFC 7517 §5); nil: none
	Roots   string         // certificates of authorities in PEM; "": none
}

// Trust is all providers that are trusted for one use. Its zero value trusts
// nobody.
type Trust struct {
	keys   []providerKey
	roots  *x509.CertPool
	byRoot map[string][]Provider // by the DER of a root, which several may share
}

type providerKey struct {
	PublicKey
	provider Provider
}

// NewTrust makes a Trust. It returns jose.ErrKey for a JWK Set or a certificate
// that cannot be used.
func NewTrust(providers []Provider) (Trust, error) {
	t := Trust{roots: x509.NewCertPool(), byRoot: map[string][]Provider{}}
	for _, p := range providers {
		if err := t.add(p); err != nil {
			return Trust{}, fmt.Errorf("provider %s: %w", p.Name, err)
		}
	}
	return t, nil
}

func (t *Trust) add(p Provider) error {
	if p.JWKS != nil {
		keys, err := KeysOf(p.JWKS)
		if err != nil {
			return err
		}
		for _, k := range keys {
			t.keys = append(t.keys, providerKey{k, p})
		}
	}
	roots, err := rootsOf(p.Roots)
	for _, root := range roots {
		t.roots.AddCert(root)
		t.byRoot[string(root.Raw)] = append(t.byRoot[string(root.Raw)], p)
	}
	return err
}

// rootsOf reads certificates of authorities from PEM.
func rootsOf(text string) ([]*x509.Certificate, error) {
	var roots []*x509.Certificate
	rest := []byte(text)
	for len(bytes.TrimSpace(rest)) > 0 {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil || block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("%w: not certificates in PEM alone", jose.ErrKey)
		}
		root, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", jose.ErrKey, err)
		}
		if !root.IsCA || len(roots) == maxRoots {
			return nil, fmt.Errorf("%w: 1 to %d certificates of authorities are taken", jose.ErrKey, maxRoots)
		}
		roots = append(roots, root)
	}
	return roots, nil
}

// Statement is what a trusted provider says.
type Statement struct {
	Provider string // its name
	Claims   map[string]any
}

// Verify checks a JWT of the given typ that must be signed by one of the
// providers: by the chain in its header x5c, which must lead to an authority of
// one and be valid now, else by a key that is registered. exp, nbf and iat are
// honoured where they are given; what the claims mean is the caller's business.
// Nothing is fetched: neither x5u and jku, nor a revocation list. It returns
// ErrUntrusted for every failure.
func (t Trust) Verify(compact, typ string, now time.Time) (Statement, error) {
	return t.verify(compact, typ, now, func(Provider, jwt) bool { return true })
}

// verify is Verify for the providers that may say what the JWT says.
func (t Trust) verify(compact, typ string, now time.Time, may func(Provider, jwt) bool) (Statement, error) {
	j, err := parseJWT(compact, typ, maxAttestation)
	if err != nil {
		return Statement{}, untrusted(err)
	}
	if err := j.checkWindow(now); err != nil {
		return Statement{}, untrusted(err)
	}
	signers := t.byKey
	if _, given := j.header["x5c"]; given {
		signers = t.byChain
	}
	providers, err := signers(j, now)
	if err != nil {
		return Statement{}, untrusted(err)
	}
	for _, p := range providers {
		if may(p, j) {
			return Statement{p.Name, j.claims}, nil
		}
	}
	return Statement{}, untrusted(errors.New("its provider does not speak for this client"))
}

func untrusted(cause error) error { return fmt.Errorf("%w: %w", ErrUntrusted, cause) }

// speaksFor says that a provider's attestation may name the client that it names.
func speaksFor(p Provider, attestation jwt) bool {
	sub, _ := attestation.claims["sub"].(string)
	return len(p.Clients) == 0 || slices.Contains(p.Clients, sub)
}

// byKey gives the providers one of whose keys made the signature: a key that kid
// names, or any if there is none.
func (t Trust) byKey(j jwt, _ time.Time) ([]Provider, error) {
	kid, named := j.header["kid"]
	var signers []Provider
	for _, k := range t.keys {
		if (!named || kid == k.KID) && j.verify(k.Key) == nil {
			signers = append(signers, k.provider)
		}
	}
	if len(signers) == 0 {
		return nil, jose.ErrSignature
	}
	return signers, nil
}

// byChain gives the providers to one of whose roots the chain in the header leads,
// the signature being by its first certificate (RFC 5280 §6).
func (t Trust) byChain(j jwt, now time.Time) ([]Provider, error) {
	leaf, above, err := readChain(j.header["x5c"])
	if err != nil {
		return nil, err
	}
	if err := j.verify(leaf.PublicKey); err != nil {
		return nil, err
	}
	if t.roots == nil {
		return nil, errors.New("no authority is trusted")
	}
	chains, err := leaf.Verify(x509.VerifyOptions{Roots: t.roots, Intermediates: above, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	var signers []Provider
	for _, chain := range chains {
		signers = append(signers, t.byRoot[string(chain[len(chain)-1].Raw)]...)
	}
	return signers, err
}

// readChain reads the header x5c: the signer's certificate, and those above it. One
// that signed itself, or that is an authority, signs no statements (HAIP §4.4).
func readChain(member any) (leaf *x509.Certificate, above *x509.CertPool, err error) {
	list, _ := member.([]any)
	if len(list) == 0 || len(list) > maxChain {
		return nil, nil, fmt.Errorf("x5c must have 1 to %d certificates", maxChain)
	}
	above = x509.NewCertPool()
	for n, entry := range list {
		text, _ := entry.(string)
		if len(text) > maxCertificate {
			return nil, nil, errors.New("a certificate is too long")
		}
		der, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			return nil, nil, err
		}
		c, err := x509.ParseCertificate(der)
		switch {
		case err != nil:
			return nil, nil, err
		case n > 0:
			above.AddCert(c)
		case c.IsCA || bytes.Equal(c.RawIssuer, c.RawSubject):
			return nil, nil, errors.New("the signer's certificate is an authority's, or signed by itself")
		case c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageDigitalSignature == 0:
			return nil, nil, errors.New("the signer's certificate is not for signatures")
		default:
			leaf = c
		}
	}
	return leaf, above, nil
}
