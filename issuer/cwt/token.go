package cwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

// Type is the typ of the protected header, which is also the media type.
const Type = "application/statuslist+cwt"

// What can be wrong with a token.
var (
	ErrMalformed = errors.New("cwt: malformed")
	ErrSignature = errors.New("cwt: signature does not match")
	ErrKey       = errors.New("cwt: key cannot be used")
)

// Claims are what a Status List Token says (Token Status List §5.2).
type Claims struct {
	Subject string // the address of the list
	Issued  time.Time
	Expires time.Time     // zero: it says nothing
	TTL     time.Duration // to the second; 0: it says nothing

	Bits        int    // width of an entry
	List        []byte // ZLIB, see status.List.Packed
	Aggregation string // the address of the aggregation; "": none
}

// claims in CBOR, by their registered labels (RFC 8392 §4; Token Status List §14.4).
type claims struct {
	Subject string `cbor:"2,keyasint"`
	Expires int64  `cbor:"4,keyasint,omitempty"`
	Issued  int64  `cbor:"6,keyasint"`
	TTL     int64  `cbor:"65534,keyasint,omitempty"`
	List    list   `cbor:"65533,keyasint"`
}

// list is the Status List in CBOR (Token Status List §4.3).
type list struct {
	Bits        int    `cbor:"bits"`
	List        []byte `cbor:"lst"`
	Aggregation string `cbor:"aggregation_uri,omitempty"`
}

// Sign makes the token: a tagged COSE_Sign1 that names its key by kid and, if there
// is one, by the chain (DER, the key's own certificate first, without the anchor; RFC
// 9360 §2). It returns ErrKey for a key that is not P-256, or the signer's own error.
func (c Claims) Sign(key crypto.Signer, kid string, chain [][]byte) ([]byte, error) {
	if !isP256(key.Public()) {
		return nil, fmt.Errorf("%w: it is not P-256", ErrKey)
	}
	enc, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return nil, fmt.Errorf("cwt: encoder: %w", err)
	}
	body := claims{Subject: c.Subject, Issued: c.Issued.Unix(), TTL: int64(c.TTL / time.Second), List: list{c.Bits, c.List, c.Aggregation}}
	if !c.Expires.IsZero() {
		body.Expires = c.Expires.Unix()
	}
	payload, err := enc.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("cwt: encode claims: %w", err)
	}
	signer, err := cose.NewSigner(cose.AlgorithmES256, key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	message := cose.Sign1Message{Payload: payload, Headers: cose.Headers{
		Protected:   cose.ProtectedHeader{cose.HeaderLabelAlgorithm: cose.AlgorithmES256, cose.HeaderLabelType: Type},
		Unprotected: cose.UnprotectedHeader{cose.HeaderLabelKeyID: []byte(kid)},
	}}
	if len(chain) > 0 {
		message.Headers.Unprotected[cose.HeaderLabelX5Chain] = chainHeader(chain)
	}
	if err := message.Sign(rand.Reader, nil, signer); err != nil {
		return nil, fmt.Errorf("sign status list: %w", err)
	}
	return message.MarshalCBOR()
}

// chainHeader: one certificate stands alone, more stand in an array.
func chainHeader(chain [][]byte) any {
	if len(chain) == 1 {
		return chain[0]
	}
	all := make([]any, len(chain))
	for n, c := range chain {
		all[n] = c
	}
	return all
}

func isP256(key crypto.PublicKey) bool {
	k, ok := key.(*ecdsa.PublicKey)
	return ok && k != nil && k.Curve == elliptic.P256()
}
