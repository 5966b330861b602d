package claim169

import (
	"crypto"
	"fmt"
	"math"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

// Limits of what is inside: none of ours comes near them.
const (
	maxDepth = 16
	maxWidth = 500 // of an array, or members of a map
)

// Code is one that was read; nothing of it is verified but its shape.
type Code struct {
	KID    []byte // names the key; nil: it does not
	Issuer string // as it says, to find the key by and for nothing else; "": it does not

	outer, inner cbor.DecMode // of the envelope, and of the claims, in which no tag stands
	message      cose.Sign1Message
	claims       map[any]any
	foreign      error // why the claims are not those of a code
}

// Content is what a good signature covers.
type Content struct {
	Issuer, Subject            string
	ID                         []byte    // cti; nil: not said, or no bytes
	Issued, NotBefore, Expires time.Time // zero: not said
	HasStatus                  bool
	Status                     Status         // zero, if HasStatus, for one of another form
	Attributes                 map[string]any // by Name, in the types of encoding/json
}

// Parse reads a code at bounded cost: text, compression, tags, headers. It returns
// ErrMalformed, ErrIncomplete, ErrTooLarge, or ErrForeign for what is no signed
// token.
func Parse(text string) (*Code, error) {
	token, err := Unpack(text)
	if err != nil {
		return nil, err
	}
	opts := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, MaxNestedLevels: maxDepth, MaxArrayElements: maxWidth, MaxMapPairs: maxWidth}
	c := &Code{}
	if c.outer, err = opts.DecMode(); err != nil {
		return nil, fmt.Errorf("claim169: decoder: %w", err)
	}
	opts.TagsMd = cbor.TagsForbidden
	if c.inner, err = opts.DecMode(); err != nil {
		return nil, fmt.Errorf("claim169: decoder: %w", err)
	}
	if err := c.open(token); err != nil {
		return nil, err
	}
	return c, nil
}

// open takes off the tags and reads the parts of COSE_Sign1.
func (c *Code) open(token []byte) error {
	if len(token) == 0 || token[0]>>5 != majorTag && token[0]>>5 != majorArray {
		return fmt.Errorf("%w: neither a tag nor COSE_Sign1", ErrForeign)
	}
	if err := c.outer.Wellformed(token); err != nil { // bounds first: COSE decodes with its own
		return fmt.Errorf("%w: not CBOR within the bounds", ErrMalformed)
	}
	for token[0]>>5 == majorTag {
		var tag cbor.RawTag
		if err := c.outer.Unmarshal(token, &tag); err != nil {
			return fmt.Errorf("%w: a tag", ErrForeign)
		}
		switch tag.Number {
		case tagCWT, tagSign1:
			token = tag.Content
		case tagEncrypt0:
			return fmt.Errorf("%w: it is encrypted", ErrForeign)
		default:
			return fmt.Errorf("%w: tag %d", ErrForeign, tag.Number)
		}
	}
	var parts []cbor.RawMessage
	if err := c.outer.Unmarshal(token, &parts); err != nil || len(parts) != 4 {
		return fmt.Errorf("%w: not COSE_Sign1", ErrForeign)
	}
	c.message.Headers = cose.Headers{RawProtected: parts[0], RawUnprotected: parts[1]}
	if err := c.message.Headers.UnmarshalFromRaw(); err != nil {
		return fmt.Errorf("%w: headers", ErrMalformed)
	}
	if c.outer.Unmarshal(parts[2], &c.message.Payload) != nil || c.outer.Unmarshal(parts[3], &c.message.Signature) != nil {
		return fmt.Errorf("%w: payload or signature", ErrMalformed)
	}
	return c.header()
}

// CBOR major types (RFC 8949 §3.1).
const (
	majorArray = 4
	majorTag   = 6
)

// header reads kid from either header, and the claims as far as they can be.
func (c *Code) header() error {
	protected, unprotected := c.message.Headers.Protected, c.message.Headers.Unprotected
	kid, inside := protected[cose.HeaderLabelKeyID].([]byte)
	other, outside := unprotected[cose.HeaderLabelKeyID].([]byte)
	if inside && outside {
		return fmt.Errorf("%w: kid twice", ErrMalformed)
	}
	if c.KID = kid; outside {
		c.KID = other
	}
	for _, header := range []map[any]any{protected, unprotected} {
		if _, there := header[cose.HeaderLabelX5U]; there {
			return fmt.Errorf("%w: it wants a certificate fetched", ErrForeign)
		}
		if _, there := header[cose.HeaderLabelCritical]; there { // RFC 9052 §3.1: none is understood
			return fmt.Errorf("%w: it has critical headers", ErrForeign)
		}
	}
	if err := c.inner.Unmarshal(c.message.Payload, &c.claims); err != nil {
		c.foreign = fmt.Errorf("%w: claims", ErrForeign)
		return nil
	}
	c.Issuer, _ = c.claims[uint64(claimIssuer)].(string)
	return nil
}

// Verify checks the signature and gives what it covers. It returns ErrSignature,
// also where nobody signed and for a key that is not of the algorithm, or ErrForeign
// for claims that are not identity data.
func (c *Code) Verify(key crypto.PublicKey) (Content, error) {
	alg, err := algorithmOf(key)
	if err != nil {
		return Content{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	verifier, err := cose.NewVerifier(alg, key)
	if err != nil {
		return Content{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if err := c.message.Verify(nil, verifier); err != nil { // also for an empty signature
		return Content{}, ErrSignature
	}
	return c.content()
}

// content reads the claims.
func (c *Code) content() (Content, error) {
	if c.foreign != nil {
		return Content{}, c.foreign
	}
	out := Content{Issuer: c.Issuer}
	out.Subject, _ = c.claims[uint64(claimSubject)].(string)
	out.ID, _ = c.claims[uint64(claimID)].([]byte)
	for into, label := range map[*time.Time]uint64{&out.Issued: claimIssued, &out.NotBefore: claimNotBefore, &out.Expires: claimExpires} {
		var ok bool
		if *into, ok = numericDate(c.claims, label); !ok {
			return Content{}, fmt.Errorf("%w: claim %d is no time", ErrForeign, label)
		}
	}
	out.Status, out.HasStatus = readStatus(c.claims)
	attributes, err := c.attributes()
	if err != nil {
		return Content{}, err
	}
	out.Attributes, err = readable(attributes)
	return out, err
}

// attributes gives the value of claim 169: a map, or one encoded in a byte string.
func (c *Code) attributes() (map[any]any, error) {
	v := c.claims[uint64(claimIdentity)]
	if encoded, ok := v.([]byte); ok {
		var inner map[any]any
		if err := c.inner.Unmarshal(encoded, &inner); err != nil {
			return nil, fmt.Errorf("%w: claim 169 is not the CBOR that it must be", ErrForeign)
		}
		v = inner
	}
	m, ok := v.(map[any]any)
	if !ok {
		return nil, fmt.Errorf("%w: it has no claim 169", ErrForeign)
	}
	return m, nil
}

// numericDate reads seconds since 1970 (RFC 8392 §2); zero if the claim is not
// there, false if it is no date.
func numericDate(claims map[any]any, label uint64) (time.Time, bool) {
	v, ok := claims[label]
	if !ok {
		return time.Time{}, true
	}
	const year9999 = 253_402_300_799
	var n float64
	switch v := v.(type) {
	case uint64:
		n = float64(v)
	case float64:
		n = v
	default:
		return time.Time{}, false
	}
	if !(n >= 0 && n <= year9999) {
		return time.Time{}, false
	}
	return time.Unix(int64(n), 0).UTC(), true
}

// readStatus reads claim 65535 (Token Status List §6.3).
func readStatus(claims map[any]any) (Status, bool) {
	v, ok := claims[uint64(claimStatus)]
	claim, _ := v.(map[any]any)
	list, _ := claim["status_list"].(map[any]any)
	uri, _ := list["uri"].(string)
	index, isNumber := list["idx"].(uint64)
	if len(claim) != 1 || uri == "" || !isNumber || index > math.MaxInt32 {
		return Status{}, ok
	}
	return Status{int64(index), uri}, ok
}
