package cwt

import (
	"crypto"
	"fmt"
	"math"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

// Limits of a token that we read.
const (
	maxLength = 6 << 20 // bytes
	maxDepth  = 8
	maxWidth  = 100 // members of a map, elements of an array
)

// Token is one that was read; nothing of it is verified but its shape.
type Token struct {
	KID string // names the key; "": it does not

	message cose.Sign1Message
	claims  claims
}

// Parse reads a token strictly and at bounded cost. It returns ErrMalformed; also for
// one of another type.
func Parse(data []byte) (*Token, error) {
	if len(data) > maxLength {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrMalformed, maxLength)
	}
	dec, err := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden,
		MaxNestedLevels: maxDepth, MaxArrayElements: maxWidth, MaxMapPairs: maxWidth}.DecMode()
	if err != nil {
		return nil, fmt.Errorf("cwt: decoder: %w", err)
	}
	if err := dec.Wellformed(data); err != nil { // bounds first: COSE decodes with its own
		return nil, fmt.Errorf("%w: not CBOR within the bounds", ErrMalformed)
	}
	t := &Token{}
	if err := t.message.UnmarshalCBOR(data); err != nil {
		return nil, fmt.Errorf("%w: not a tagged COSE_Sign1", ErrMalformed)
	}
	protected := t.message.Headers.Protected
	alg, err := protected.Algorithm()
	if err != nil || alg != cose.AlgorithmES256 || protected[cose.HeaderLabelType] != Type || len(protected) != 2 {
		return nil, fmt.Errorf("%w: protected header", ErrMalformed)
	}
	kid, _ := t.message.Headers.Unprotected[cose.HeaderLabelKeyID].([]byte)
	t.KID = string(kid)
	if err := dec.Unmarshal(t.message.Payload, &t.claims); err != nil {
		return nil, fmt.Errorf("%w: claims", ErrMalformed)
	}
	return t, t.claims.check()
}

// check holds the claims to their ranges.
func (c claims) check() error {
	const year9999 = 253_402_300_799
	for _, at := range []int64{c.Issued, c.Expires} {
		if at < 0 || at > year9999 {
			return fmt.Errorf("%w: a time out of range", ErrMalformed)
		}
	}
	if c.Subject == "" || c.Issued == 0 || c.TTL < 0 || c.TTL > math.MaxInt64/int64(time.Second) || len(c.List.List) == 0 {
		return fmt.Errorf("%w: sub, iat, ttl or status_list", ErrMalformed)
	}
	return nil
}

// Verify checks the signature and gives the claims. It returns ErrSignature; also for
// a key that is not P-256.
func (t *Token) Verify(key crypto.PublicKey) (Claims, error) {
	if !isP256(key) {
		return Claims{}, fmt.Errorf("%w: the key is not P-256", ErrSignature)
	}
	verifier, err := cose.NewVerifier(cose.AlgorithmES256, key)
	if err != nil {
		return Claims{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if err := t.message.Verify(nil, verifier); err != nil {
		return Claims{}, ErrSignature
	}
	out := Claims{Subject: t.claims.Subject, Issued: time.Unix(t.claims.Issued, 0).UTC(), TTL: time.Duration(t.claims.TTL) * time.Second,
		Bits: t.claims.List.Bits, List: t.claims.List.List, Aggregation: t.claims.List.Aggregation}
	if t.claims.Expires != 0 {
		out.Expires = time.Unix(t.claims.Expires, 0).UTC()
	}
	return out, nil
}
