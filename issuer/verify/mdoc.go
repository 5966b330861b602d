package verify

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/mdoc"
)

// FormatMdoc is the name of mobile documents in OID4VCI.
const FormatMdoc = "mso_mdoc"

// readMdoc reads IssuerSigned in base64url (OID4VCI 1.0 appendix A.2.4), or text
// that is nothing that we know.
func (t *trust) readMdoc(text string) (credential, error) {
	foreign := strings.ContainsAny(text, "\r\n=")
	whole := len(text)%4 != 1 // no base64 has such a length: its end is missing
	if !whole {
		text = text[:len(text)-1]
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || foreign || len(raw) == 0 || raw[0]>>5 != majorMap {
		return credential{}, failure{UnreadableCode, "This is neither an SD-JWT, nor a mobile document, nor a JSON document."}
	}
	d, err := mdoc.Parse(raw)
	switch {
	case errors.Is(err, mdoc.ErrIncomplete) || err == nil && !whole:
		return credential{format: FormatMdoc}, failure{IncompleteCode, "The end of this credential is missing."}
	case err != nil:
		return credential{format: FormatMdoc}, failure{UnreadableCode, "This mobile document is not well-formed."}
	}
	c := credential{format: FormatMdoc, certified: true, unnamed: true, keys: t.certified(d.Chain)}
	c.verify = func(k key) (signed, error) { return t.verifyMdoc(d, k) }
	return c, nil
}

// majorMap is the CBOR major type of a map (RFC 8949 §3.1).
const majorMap = 5

// certified gives the keys that a chain may mean: those of the bundle that its
// first certificate is about, and else that certificate's own, if the chain leads
// to an anchor of the bundle at the time of its making: a signer that is newer
// than the bundle.
func (t *trust) certified(chain []*x509.Certificate) []key {
	leaf := chain[0]
	var out []key
	for _, k := range t.keys {
		if public, ok := k.public.(interface{ Equal(crypto.PublicKey) bool }); ok && public.Equal(leaf.PublicKey) {
			out = append(out, k)
		}
	}
	kid, err := jose.Thumbprint(leaf.PublicKey)
	if len(out) > 0 || err != nil {
		return out
	}
	if !signsDocuments(leaf) {
		return nil
	}
	for _, i := range t.issuers {
		if t.anchors[i.ID] != nil && i.isNamedBy(leaf) && t.leadsToAnchor(i, chain, leaf.NotBefore) {
			out = append(out, key{BundleKey: BundleKey{KID: kid, Alg: jose.ES256, NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter}, public: leaf.PublicKey, issuer: i})
		}
	}
	if len(out) > 1 && len(addresses(leaf)) == 0 {
		return nil // of one CA, and it does not say whose: nobody's name may be shown
	}
	return out
}

// documentSigner is the use of a key that signs mobile documents (ISO/IEC 18013-5 Annex B).
const documentSigner = "1.0.18013.5.1.2"

// signsDocuments says whether a certificate is for signing mobile documents (ISO/IEC
// 18013-5 Annex B: document signer). A CA makes others too, of servers and readers.
func signsDocuments(c *x509.Certificate) bool {
	forDocuments := slices.ContainsFunc(c.UnknownExtKeyUsage, func(o asn1.ObjectIdentifier) bool { return o.String() == documentSigner })
	return forDocuments && !c.IsCA && (c.KeyUsage == 0 || c.KeyUsage&x509.KeyUsageDigitalSignature != 0)
}

// isNamedBy says whether a certificate is of this issuer by the addresses in it; one
// without any is of whoever its CA is.
func (i BundleIssuer) isNamedBy(c *x509.Certificate) bool {
	names := addresses(c)
	return len(names) == 0 || slices.ContainsFunc(names, i.is)
}

// addresses gives the URIs among a certificate's other names (RFC 5280 §4.2.1.6) as they
// are written: parsed ones read the same where they are not.
func addresses(c *x509.Certificate) (out []string) {
	for _, e := range c.Extensions {
		if !e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 17}) {
			continue
		}
		var names []asn1.RawValue
		if _, err := asn1.Unmarshal(e.Value, &names); err != nil {
			return []string{""} // whom it names cannot be read: nobody
		}
		for _, n := range names {
			if n.Class == asn1.ClassContextSpecific && n.Tag == 6 {
				out = append(out, string(n.Bytes))
			}
		}
	}
	return out
}

// leadsToAnchor says whether a chain leads to one of an issuer's anchors at a
// time (ISO/IEC 18013-5 §9.3.3). An issuer without anchors is known by its keys
// alone.
func (t *trust) leadsToAnchor(i BundleIssuer, chain []*x509.Certificate, at time.Time) bool {
	roots := t.anchors[i.ID]
	if roots == nil {
		return true
	}
	others := x509.NewCertPool()
	for _, c := range chain[1:] {
		others.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: others, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err == nil
}

// certifies says whether a certificate is one that the bundle names for the key, and
// good at a time: a CA that is none of the issuer's made it.
func (k key) certifies(leaf *x509.Certificate, at time.Time) bool {
	named, _ := k.JWK["x5c"].([]any)
	own := base64.StdEncoding.EncodeToString(leaf.Raw)
	if (len(named) == 0 || named[0] != own) && !slices.Contains(k.Certificates, own) {
		return false
	}
	return !at.Before(leaf.NotBefore) && !at.After(leaf.NotAfter)
}

func (t *trust) verifyMdoc(d *mdoc.Document, k key) (signed, error) {
	content, err := d.Verify(k.public)
	switch {
	case errors.Is(err, mdoc.ErrDigest):
		return signed{}, failure{Altered, "A detail is not one that the issuer signed."}
	case errors.Is(err, mdoc.ErrMalformed):
		return signed{}, failure{UnsupportedFormat, "It is not written as a mobile document of this issuer is."}
	case err != nil:
		return signed{}, failure{Altered, "The signature does not match."}
	case !k.certifies(d.Chain[0], content.Signed) && !t.leadsToAnchor(k.issuer, d.Chain, content.Signed): // ISO/IEC 18013-5 §9.3.1: signed lies within the certificate
		return signed{}, failure{Altered, "Its certificates do not lead to the issuer's."}
	}
	s := signed{kind: content.DocType, made: content.Signed, from: content.ValidFrom, until: content.ValidUntil, claims: flat(content.Elements)}
	if content.Status != nil {
		s.status = []statusEntry{{list: tokenList, uri: content.Status.URI, index: int(content.Status.Index)}}
	}
	return s, nil
}

// flat gives the elements of all namespaces by their names alone; one whose name
// stands in several keeps its namespace before it.
func flat(elements map[string]map[string]any) map[string]any {
	times, out := map[string]int{}, map[string]any{}
	for _, list := range elements {
		for name := range list {
			times[name]++
		}
	}
	for namespace, list := range elements {
		for name, v := range list {
			if times[name] > 1 {
				name = namespace + " " + name
			}
			out[name] = v
		}
	}
	return out
}
