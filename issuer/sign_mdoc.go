package issuer

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"time"

	"socialregistry/issuer/ledger"
	"socialregistry/issuer/mdoc"
)

// signMdoc makes a mobile document (ISO/IEC 18013-5; OID4VCI 1.0 appendix A.2.4:
// IssuerSigned in base64url). It names its signer by certificates, and is valid
// no longer than they are.
func (i *Issuer) signMdoc(s statement) (string, error) {
	chain, err := i.chainDER(s.key, i.now())
	if err != nil {
		return "", err
	}
	from, until, err := withinCertificate(chain[0], s.ValidFrom, s.ValidUntil)
	if err != nil {
		return "", err
	}
	elements := map[string]map[string]any{}
	for namespace, claims := range s.claims {
		elements[namespace], _ = claims.(map[string]any)
	}
	signed, err := mdoc.Issue{
		Key: s.key.Signer, Chain: chain, DocType: s.config.Type, Elements: elements, DeviceKey: s.proof.Key,
		Signed: from, ValidFrom: from, ValidUntil: until,
		Status: &mdoc.Status{Index: s.ListIndex, URI: i.listURL(ledger.TokenList, s.ListID)},
	}.Sign()
	return base64.RawURLEncoding.EncodeToString(signed), err
}

// withinCertificate cuts a validity to that of the signer's certificate (ISO/IEC
// 18013-5 §9.3.1: signed lies in it).
func withinCertificate(der []byte, from, until time.Time) (time.Time, time.Time, error) {
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return from, until, fmt.Errorf("read the signer's certificate: %w", err)
	}
	if certificate.NotBefore.After(from) {
		from = certificate.NotBefore
	}
	if certificate.NotAfter.Before(until) {
		until = certificate.NotAfter
	}
	return from, until, nil
}
