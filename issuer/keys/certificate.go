package keys

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"socialregistry/internal/jose"
)

// What can be wrong with a key's certificate.
var (
	ErrNoCertificate = errors.New("keys: no certificate")
	ErrCertificate   = errors.New("keys: certificate not usable")
)

// maxCertificates bounds a chain that is brought in.
const maxCertificates = 5

// ChainAt gives the key's certificates (DER, its own first, without the anchor)
// if its own is good at that time. It returns ErrNoCertificate.
func (k Key) ChainAt(now time.Time) ([][]byte, error) {
	leaf, err := k.Certificate()
	if err != nil {
		return nil, err
	}
	if now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
		return nil, fmt.Errorf("%w: that of key %s is not good now", ErrNoCertificate, k.KID)
	}
	if last := len(k.Chain) - 1; last > 0 && selfSigned(k.Chain[last]) { // HAIP 1.0 §6.1.1: the anchor is not sent
		return k.Chain[:last], nil
	}
	return k.Chain, nil
}

// Certificate gives the key's own certificate. It returns ErrNoCertificate.
func (k Key) Certificate() (*x509.Certificate, error) {
	if len(k.Chain) == 0 {
		return nil, fmt.Errorf("%w: key %s", ErrNoCertificate, k.KID)
	}
	leaf, err := x509.ParseCertificate(k.Chain[0])
	if err != nil {
		return nil, fmt.Errorf("%w: key %s: %w", ErrNoCertificate, k.KID, err)
	}
	return leaf, nil
}

func selfSigned(der []byte) bool {
	c, err := x509.ParseCertificate(der)
	return err == nil && bytes.Equal(c.RawIssuer, c.RawSubject)
}

// Request makes a certificate signing request (PKCS #10, DER) for a signing key,
// with the names that Certify would write. It returns ErrKey.
func (k Key) Request(who Issuer) ([]byte, error) {
	places, hosts, err := who.altNames()
	if err != nil || k.Use != Signing || k.Alg != jose.ES256 {
		return nil, fmt.Errorf("%w: key %s gets no certificate", ErrKey, k.KID)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{Country: []string{who.Country}, Organization: []string{who.Name}, CommonName: who.Name + " document signer"},
		URIs:    places, DNSNames: hosts,
	}, k.Signer)
	if err != nil {
		return nil, fmt.Errorf("%w: make a request: %w", ErrKey, err)
	}
	return der, nil
}

// ParseChain reads the certificates of a PEM file, in their order. It returns
// ErrCertificate for anything else in it, for none, and for more than five.
func ParseChain(data []byte) ([][]byte, error) {
	var chain [][]byte
	for rest := bytes.TrimSpace(data); len(rest) > 0; rest = bytes.TrimSpace(rest) {
		block, after := pem.Decode(rest)
		if block == nil || block.Type != "CERTIFICATE" || !bytes.HasPrefix(rest, []byte("-----BEGIN")) {
			return nil, fmt.Errorf("%w: not a PEM file of certificates", ErrCertificate)
		}
		chain, rest = append(chain, block.Bytes), after
		if len(chain) > maxCertificates {
			return nil, fmt.Errorf("%w: more than %d certificates", ErrCertificate, maxCertificates)
		}
	}
	if len(chain) == 0 {
		return nil, fmt.Errorf("%w: the file is empty", ErrCertificate)
	}
	return chain, nil
}

// WithChain gives the key with certificates of an outside CA in place of its own.
// The first must be of this key, not self-signed (HAIP 1.0 §6.1.1), no CA, for
// signatures, and good from now until the end of the key's window; each must be
// signed by the next. It returns ErrCertificate.
func (k Key) WithChain(chain [][]byte, now time.Time) (Key, error) {
	parsed := make([]*x509.Certificate, len(chain))
	for n, der := range chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return k, fmt.Errorf("%w: certificate %d cannot be read", ErrCertificate, n+1)
		}
		parsed[n] = c
	}
	if len(parsed) == 0 {
		return k, fmt.Errorf("%w: there is none", ErrCertificate)
	}
	if err := k.checkLeaf(parsed[0], now); err != nil {
		return k, err
	}
	for n, c := range parsed[:len(parsed)-1] {
		if err := c.CheckSignatureFrom(parsed[n+1]); err != nil {
			return k, fmt.Errorf("%w: certificate %d is not signed by the one after it", ErrCertificate, n+1)
		}
	}
	k.Chain = chain
	return k, nil
}

func (k Key) checkLeaf(leaf *x509.Certificate, now time.Time) error {
	public, ok := leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	switch {
	case !ok || !public.Equal(k.Public()):
		return fmt.Errorf("%w: it is for another key", ErrCertificate)
	case bytes.Equal(leaf.RawIssuer, leaf.RawSubject):
		return fmt.Errorf("%w: it is self-signed", ErrCertificate)
	case leaf.IsCA:
		return fmt.Errorf("%w: it is that of a CA", ErrCertificate)
	case leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return fmt.Errorf("%w: it is not for signatures", ErrCertificate)
	case now.Before(leaf.NotBefore) || leaf.NotAfter.Before(k.NotAfter):
		return fmt.Errorf("%w: it must be good from now until the key's last day, %s", ErrCertificate, k.NotAfter.UTC().Format(time.DateOnly))
	}
	return nil
}
