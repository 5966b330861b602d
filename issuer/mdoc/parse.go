package mdoc

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"math"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

// Limits of a document's certificates: how many, and the bytes of each. A stranger's
// RSA key of a hundred kilobytes would take minutes to check a signature with.
const (
	maxChain       = 5
	maxCertificate = 4 << 10
)

// Document is one that was read; nothing of it is verified but its shape.
type Document struct {
	Chain []*x509.Certificate // the signer's own first

	codec   codec
	message cose.UntaggedSign1Message
	spaces  map[string][]cbor.RawMessage
}

// Content is what a good signature covers.
type Content struct {
	DocType                       string
	Elements                      map[string]map[string]any // by namespace and identifier, in the types of encoding/json
	Signed, ValidFrom, ValidUntil time.Time
	DeviceKey                     crypto.PublicKey
	Status                        *Status // nil: there is none
}

// Parse reads IssuerSigned strictly and at bounded cost. It returns ErrMalformed.
func Parse(data []byte) (*Document, error) {
	if len(data) > maxLength {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrMalformed, maxLength)
	}
	c, err := newCodec()
	if err != nil {
		return nil, err
	}
	var outer map[string]cbor.RawMessage // and not issuerSigned: a member must not be passed over, whatever its name is made of
	if err := c.read(data, &outer); err != nil {
		return nil, err
	}
	d := &Document{codec: c}
	if err := c.read(outer["nameSpaces"], &d.spaces); err != nil || len(outer) != 2 {
		return nil, fmt.Errorf("%w: not IssuerSigned", ErrMalformed)
	}
	if err := d.message.UnmarshalCBOR(outer["issuerAuth"]); err != nil {
		return nil, fmt.Errorf("%w: issuerAuth is not COSE_Sign1", ErrMalformed)
	}
	if len(d.message.Headers.Protected) != 1 || len(d.message.Headers.Unprotected) != 1 {
		return nil, fmt.Errorf("%w: headers besides alg and x5chain", ErrMalformed)
	}
	if d.Chain, err = parseChain(d.message.Headers.Unprotected[cose.HeaderLabelX5Chain]); err != nil {
		return nil, err
	}
	return d, nil
}

// parseChain reads x5chain: one certificate, or an array of two or more (RFC
// 9360 §2).
func parseChain(v any) ([]*x509.Certificate, error) {
	list, many := v.([]any)
	if !many {
		list = []any{v}
	}
	if len(list) == 0 || many && len(list) < 2 || len(list) > maxChain {
		return nil, fmt.Errorf("%w: a chain of %d certificates", ErrMalformed, len(list))
	}
	var chain []*x509.Certificate
	for _, e := range list {
		der, _ := e.([]byte)
		if len(der) > maxCertificate {
			return nil, fmt.Errorf("%w: a certificate of %d bytes", ErrMalformed, len(der))
		}
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("%w: x5chain holds no certificate", ErrMalformed)
		}
		chain = append(chain, certificate)
	}
	return chain, nil
}

// Verify checks the issuer's signature and the digest of every element, and gives
// what is signed and shown. It returns ErrSignature, ErrDigest for an element
// that was not signed or stands twice, or ErrMalformed for a security object that
// cannot be understood.
func (d *Document) Verify(key crypto.PublicKey) (Content, error) {
	if !isP256(key) {
		return Content{}, fmt.Errorf("%w: the key is not P-256", ErrSignature)
	}
	verifier, err := cose.NewVerifier(cose.AlgorithmES256, key)
	if err != nil {
		return Content{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if err := d.message.Verify(nil, verifier); err != nil {
		return Content{}, ErrSignature
	}
	var object securityObject
	if err := d.codec.unembed(d.message.Payload, &object); err != nil {
		return Content{}, err
	}
	out, err := object.content()
	if err != nil {
		return Content{}, err
	}
	for namespace, items := range d.spaces {
		if out.Elements[namespace], err = d.codec.open(items, object.ValueDigests[namespace]); err != nil {
			return Content{}, err
		}
	}
	return out, nil
}

// content reads what the security object says of itself (ISO/IEC 18013-5
// §9.1.2.4).
func (o securityObject) content() (Content, error) {
	c := Content{DocType: o.DocType, Elements: map[string]map[string]any{}}
	if o.Version != version || o.DigestAlgorithm != digestAlgorithm || o.DocType == "" {
		return c, fmt.Errorf("%w: version, digest algorithm or document type", ErrMalformed)
	}
	for into, tag := range map[*time.Time]cbor.Tag{&c.Signed: o.ValidityInfo.Signed, &c.ValidFrom: o.ValidityInfo.ValidFrom, &c.ValidUntil: o.ValidityInfo.ValidUntil} {
		text, _ := tag.Content.(string)
		at, err := time.Parse("2006-01-02T15:04:05Z", text)
		if err != nil || tag.Number != tagDateTime {
			return c, fmt.Errorf("%w: a time of another form", ErrMalformed)
		}
		*into = at
	}
	var err error
	if c.DeviceKey, err = parseCOSEKey(o.DeviceKeyInfo.DeviceKey); err != nil {
		return c, err
	}
	if o.Status != nil {
		if c.Status = &o.Status.List; c.Status.URI == "" || c.Status.Index < 0 || c.Status.Index > math.MaxInt32 {
			return c, fmt.Errorf("%w: a status of another form", ErrMalformed)
		}
	}
	return c, nil
}

// open checks each item against its digest and gives the elements.
func (c codec) open(items []cbor.RawMessage, digests map[uint64][]byte) (map[string]any, error) {
	out, seen := map[string]any{}, map[uint64]bool{}
	for _, raw := range items {
		var e item
		if err := c.unembed(raw, &e); err != nil { // none that was signed is malformed
			return nil, fmt.Errorf("%w: %w", ErrDigest, err)
		}
		sum := sha256.Sum256(raw)
		if !bytes.Equal(digests[e.DigestID], sum[:]) || seen[e.DigestID] {
			return nil, ErrDigest
		}
		if _, twice := out[e.Name]; twice {
			return nil, fmt.Errorf("%w: one stands twice", ErrDigest)
		}
		seen[e.DigestID] = true
		value, err := plain(e.Value)
		if err != nil {
			return nil, err
		}
		out[e.Name] = value
	}
	return out, nil
}
