package mdoc

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

// saltBytes is the length of an element's random; ISO/IEC 18013-5 §9.1.2.5 asks
// for 16 at least.
const saltBytes = 32

// Date is an element's value that is a day, 2006-01-02: it is written as a
// full-date (RFC 8943).
type Date string

// Status says where the status of a document stands (Token Status List §6.3).
type Status struct {
	Index int64  `cbor:"idx"`
	URI   string `cbor:"uri"`
}

// Issue is what goes into a document.
type Issue struct {
	Key       crypto.Signer // P-256
	Chain     [][]byte      // DER, the certificate of Key first, without the anchor
	DocType   string
	Elements  map[string]map[string]any // by namespace and identifier: string, bool, int64, Date, or lists of these
	DeviceKey crypto.PublicKey          // the holder's: P-256 or Ed25519

	Signed, ValidFrom, ValidUntil time.Time // to the second

	Status *Status // nil: it cannot be withdrawn

	Rand io.Reader // where salts and digest numbers come from; nil: crypto/rand, as for all but test vectors
}

// issuerSigned is IssuerSigned (ISO/IEC 18013-5 §8.3.2.1.2.2).
type issuerSigned struct {
	NameSpaces map[string][]cbor.RawMessage `cbor:"nameSpaces"`
	IssuerAuth cbor.RawMessage              `cbor:"issuerAuth"`
}

// item is IssuerSignedItem.
type item struct {
	DigestID uint64 `cbor:"digestID"`
	Random   []byte `cbor:"random"`
	Name     string `cbor:"elementIdentifier"`
	Value    any    `cbor:"elementValue"`
}

// securityObject is MobileSecurityObject (ISO/IEC 18013-5 §9.1.2.4).
type securityObject struct {
	Version         string                       `cbor:"version"`
	DigestAlgorithm string                       `cbor:"digestAlgorithm"`
	ValueDigests    map[string]map[uint64][]byte `cbor:"valueDigests"`
	DeviceKeyInfo   deviceKeyInfo                `cbor:"deviceKeyInfo"`
	DocType         string                       `cbor:"docType"`
	ValidityInfo    validityInfo                 `cbor:"validityInfo"`
	Status          *statusClaim                 `cbor:"status,omitempty"`
}

type deviceKeyInfo struct {
	DeviceKey map[int64]any `cbor:"deviceKey"`
}

type validityInfo struct {
	Signed     cbor.Tag `cbor:"signed"`
	ValidFrom  cbor.Tag `cbor:"validFrom"`
	ValidUntil cbor.Tag `cbor:"validUntil"`
}

type statusClaim struct {
	List Status `cbor:"status_list"`
}

const (
	version         = "1.0"
	digestAlgorithm = "SHA-256"
)

// Sign makes the document: CBOR of IssuerSigned with all elements. It returns
// ErrClaim for values that cannot be written, ErrKey for a key that is not P-256,
// or the signer's own error. The window must be within that of the certificate;
// whoever gives the chain sees to that.
func (i Issue) Sign() ([]byte, error) {
	c, err := newCodec()
	if err != nil {
		return nil, err
	}
	out := issuerSigned{NameSpaces: map[string][]cbor.RawMessage{}}
	object, err := i.securityObject()
	if err != nil {
		return nil, err
	}
	random := i.Rand
	if random == nil {
		random = rand.Reader
	}
	for _, namespace := range slices.Sorted(maps.Keys(i.Elements)) {
		out.NameSpaces[namespace], object.ValueDigests[namespace], err = c.items(random, i.Elements[namespace])
		if err != nil {
			return nil, err
		}
	}
	payload, err := c.embed(object)
	if err != nil {
		return nil, err
	}
	if out.IssuerAuth, err = i.sign(payload); err != nil {
		return nil, err
	}
	return c.enc.Marshal(out)
}

// items writes the elements of a namespace, each in tag 24 with a salt of its
// own, and their digests under random numbers, so that neither order nor number
// tells which element it is (ISO/IEC 18013-5 §9.1.2.5).
func (c codec) items(random io.Reader, elements map[string]any) ([]cbor.RawMessage, map[uint64][]byte, error) {
	var list []cbor.RawMessage
	digests := map[uint64][]byte{}
	for _, name := range slices.Sorted(maps.Keys(elements)) {
		id, err := digestID(random, digests)
		if err != nil {
			return nil, nil, err
		}
		salt := make([]byte, saltBytes)
		if _, err := io.ReadFull(random, salt); err != nil {
			return nil, nil, fmt.Errorf("mdoc: salt: %w", err)
		}
		value, err := written(elements[name])
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %s", err, name)
		}
		raw, err := c.embed(item{DigestID: id, Random: salt, Name: name, Value: value})
		if err != nil {
			return nil, nil, err
		}
		sum := sha256.Sum256(raw)
		list, digests[id] = append(list, raw), sum[:]
	}
	return list, digests, nil
}

// digestID draws a number of 31 bits that is not taken yet.
func digestID(random io.Reader, taken map[uint64][]byte) (uint64, error) {
	for {
		var b [4]byte
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return 0, fmt.Errorf("mdoc: digest number: %w", err)
		}
		id := uint64(binary.BigEndian.Uint32(b[:]) >> 1)
		if _, ok := taken[id]; !ok {
			return id, nil
		}
	}
}

// written gives a value in the types that are encoded.
func written(v any) (any, error) {
	switch v := v.(type) {
	case string, bool, int64:
		return v, nil
	case Date:
		return cbor.Tag{Number: tagFullDate, Content: string(v)}, nil
	case []any:
		out := make([]any, len(v))
		for n, e := range v {
			var err error
			if out[n], err = written(e); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := map[string]any{}
		for name, e := range v {
			var err error
			if out[name], err = written(e); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("%w: a %T", ErrClaim, v)
}

func (i Issue) securityObject() (securityObject, error) {
	device, err := coseKey(i.DeviceKey)
	if err != nil {
		return securityObject{}, err
	}
	if i.ValidFrom.Before(i.Signed) || !i.ValidUntil.After(i.ValidFrom) { // §9.1.2.4
		return securityObject{}, fmt.Errorf("%w: an empty validity", ErrClaim)
	}
	out := securityObject{Version: version, DigestAlgorithm: digestAlgorithm, ValueDigests: map[string]map[uint64][]byte{},
		DeviceKeyInfo: deviceKeyInfo{device}, DocType: i.DocType, ValidityInfo: validityInfo{dateTime(i.Signed), dateTime(i.ValidFrom), dateTime(i.ValidUntil)}}
	if i.Status != nil {
		out.Status = &statusClaim{*i.Status}
	}
	return out, nil
}

// dateTime is a tdate without fractions of a second (ISO/IEC 18013-5 §9.1.2.4).
func dateTime(t time.Time) cbor.Tag {
	return cbor.Tag{Number: tagDateTime, Content: t.UTC().Format("2006-01-02T15:04:05Z")}
}

// sign makes COSE_Sign1 with the algorithm in the protected header and the chain
// in the unprotected one (ISO/IEC 18013-5 §9.1.2.4; RFC 9360 §2).
func (i Issue) sign(payload []byte) ([]byte, error) {
	if !isP256(i.Key.Public()) || len(i.Chain) == 0 {
		return nil, fmt.Errorf("%w: not P-256, or without a certificate", ErrKey)
	}
	signer, err := cose.NewSigner(cose.AlgorithmES256, i.Key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	message := cose.UntaggedSign1Message{Payload: payload, Headers: cose.Headers{
		Protected:   cose.ProtectedHeader{cose.HeaderLabelAlgorithm: cose.AlgorithmES256},
		Unprotected: cose.UnprotectedHeader{cose.HeaderLabelX5Chain: chainHeader(i.Chain)},
	}}
	if err := message.Sign(rand.Reader, nil, signer); err != nil {
		return nil, fmt.Errorf("sign security object: %w", err)
	}
	return message.MarshalCBOR()
}

// chainHeader: one certificate stands alone, more stand in an array.
func chainHeader(chain [][]byte) any {
	if len(chain) == 1 {
		return chain[0]
	}
	list := make([]any, len(chain))
	for n, c := range chain {
		list[n] = c
	}
	return list
}
