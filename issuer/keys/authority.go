package keys

import (
	"crypto"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"net/netip"
	"net/url"
	"time"

	"socialregistry/internal/jose"
)

// caAlg is the algorithm of an issuer CA (ISO 18013-5 §B.1.2: ECDSA with SHA-256).
const caAlg = jose.ES256

// SignerLife is the longest validity of a document signer's certificate
// (ISO 18013-5 §B.1.4: 457 days). It covers the key's window and, after it, a
// year of credentials.
const SignerLife = 457 * 24 * time.Hour

// Issuer says who certificates are for.
type Issuer struct {
	Country string // ISO 3166-1 alpha-2, upper case
	Name    string // the organisation, at most 50 characters
	URL     string // credential issuer identifier; its host is the certificate's DNS name
}

// The extensions that crypto/x509 does not write as the profile wants them.
var (
	oidIssuerAltName = asn1.ObjectIdentifier{2, 5, 29, 18}
	oidExtKeyUsage   = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidDocumentSign  = asn1.ObjectIdentifier{1, 0, 18013, 5, 1, 2} // ISO 18013-5 §B.1.4: mdlDS
)

// SelfSigned makes the certificate of an issuer CA: the IACA profile of
// ISO 18013-5 §B.1.2, but without a CRL, as single keys are revoked by the trust
// bundle. The key's own window says how long it signs; the certificate lasts
// SignerLife longer, so that none that it signed outlives it. It returns ErrKey.
func (k Key) SelfSigned(who Issuer) ([]byte, error) {
	if k.Use != Authority {
		return nil, fmt.Errorf("%w: key %s is no issuer CA", ErrKey, k.KID)
	}
	template, err := k.template(who, who.Name+" issuer CA")
	if err != nil {
		return nil, err
	}
	template.NotAfter = k.NotAfter.Add(SignerLife)
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	return create(template, template, k.Public(), k.Signer)
}

// Certify makes the certificate of a signing key under the issuer CA: the
// document signer of ISO 18013-5 §B.1.4, again without a CRL, that also names the
// issuer's URL and host for verifiers of SD-JWT VCs (HAIP 1.0 §6.1.1). It
// begins with the UTC day, as credentials do. It returns ErrKey for a key that is
// not ES256, and for a CA that is none.
func (ca Key) Certify(k Key, who Issuer) ([]byte, error) {
	if ca.Use != Authority || len(ca.Chain) == 0 || k.Use != Signing || k.Alg != jose.ES256 {
		return nil, fmt.Errorf("%w: key %s gets no certificate of %s", ErrKey, k.KID, ca.KID)
	}
	parent, err := x509.ParseCertificate(ca.Chain[0])
	if err != nil {
		return nil, fmt.Errorf("%w: certificate of the CA %s", ErrKey, ca.KID)
	}
	template, err := k.template(who, who.Name+" document signer")
	if err != nil {
		return nil, err
	}
	template.NotAfter = template.NotBefore.Add(SignerLife)
	if parent.NotAfter.Before(template.NotAfter) {
		template.NotAfter = parent.NotAfter
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{oidDocumentSign})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: oidExtKeyUsage, Critical: true, Value: usage})
	if template.URIs, template.DNSNames, err = who.altNames(); err != nil {
		return nil, err
	}
	return create(template, parent, k.Public(), ca.Signer)
}

// altNames are the names by which verifiers know the issuer: its URL, and its host
// unless that is an address.
func (who Issuer) altNames() ([]*url.URL, []string, error) {
	place, err := url.Parse(who.URL)
	if err != nil || place.Hostname() == "" {
		return nil, nil, fmt.Errorf("%w: the issuer's URL", ErrKey)
	}
	if _, err := netip.ParseAddr(place.Hostname()); err == nil {
		return []*url.URL{place}, nil, nil
	}
	return []*url.URL{place}, []string{place.Hostname()}, nil
}

// template is what both profiles share.
func (k Key) template(who Issuer, name string) (*x509.Certificate, error) {
	contact, err := altName(who.URL)
	if err != nil {
		return nil, err
	}
	serial, id, err := identify(k.Public())
	if err != nil {
		return nil, err
	}
	return &x509.Certificate{
		SerialNumber: serial, SubjectKeyId: id, SignatureAlgorithm: x509.ECDSAWithSHA256,
		Subject:         pkix.Name{Country: []string{who.Country}, Organization: []string{who.Name}, CommonName: name},
		NotBefore:       k.NotBefore.UTC().Truncate(24 * time.Hour),
		ExtraExtensions: []pkix.Extension{{Id: oidIssuerAltName, Value: contact}},
	}, nil
}

// identify gives a serial number of 127 random bits (ISO 18013-5 §B.1.1: at least
// 63, at most 20 octets) and the key's identifier (RFC 5280 §4.2.1.2).
func identify(public crypto.PublicKey) (serial *big.Int, id []byte, err error) {
	raw := make([]byte, 16)
	rand.Read(raw) // never fails: crypto/rand ends the process instead
	raw[0] = raw[0]&0x7f | 0x40
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	var key struct {
		Algorithm pkix.AlgorithmIdentifier
		Bits      asn1.BitString
	}
	if _, err := asn1.Unmarshal(spki, &key); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	sum := sha1.Sum(key.Bits.RightAlign())
	return new(big.Int).SetBytes(raw), sum[:], nil
}

// altName is an IssuerAltName with one URI (RFC 5280 §4.2.1.7): where to reach
// whoever made the certificate.
func altName(uri string) ([]byte, error) {
	raw, err := asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(uri)}})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return raw, nil
}

func create(template, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer) ([]byte, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		return nil, fmt.Errorf("%w: make a certificate: %w", ErrKey, err)
	}
	return der, nil
}
