package mdoc

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/fxamacker/cbor/v2"
)

// What can be wrong with a document.
var (
	ErrMalformed = errors.New("mdoc: malformed")
	// ErrIncomplete is an ErrMalformed: the end is missing.
	ErrIncomplete = errors.New("mdoc: its end is missing")
	ErrSignature  = errors.New("mdoc: signature does not match")
	ErrDigest     = errors.New("mdoc: an element is not one that was signed")
	ErrClaim      = errors.New("mdoc: element cannot be written")
	ErrKey        = errors.New("mdoc: key cannot be used")
)

// Limits of a document that we read: none of ours comes near them, and no bytes
// of a stranger cost more.
const (
	maxLength   = 1 << 20 // bytes
	maxDepth    = 12
	maxElements = 1000 // of an array, or members of a map
)

// CBOR tags (RFC 8949 §3.4, RFC 8943).
const (
	tagDateTime = 0
	tagEncoded  = 24
	tagFullDate = 1004
)

// codec writes deterministic CBOR (RFC 8949 §4.2.1) and reads it strictly: no
// indefinite lengths, no member twice, none unknown, bounded in depth and width.
type codec struct {
	enc cbor.EncMode
	dec cbor.DecMode
}

func newCodec() (codec, error) {
	enc, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return codec{}, fmt.Errorf("mdoc: encoder: %w", err)
	}
	dec, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		MaxNestedLevels: maxDepth, MaxArrayElements: maxElements, MaxMapPairs: maxElements, TimeTagToAny: cbor.TimeTagToRFC3339,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
	}.DecMode()
	if err != nil {
		return codec{}, fmt.Errorf("mdoc: decoder: %w", err)
	}
	return codec{enc, dec}, nil
}

// read decodes one value; nothing may follow it.
func (c codec) read(data []byte, into any) error {
	err := c.dec.Unmarshal(data, into)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %w", ErrMalformed, ErrIncomplete)
	}
	if err != nil {
		return fmt.Errorf("%w: not the CBOR that it must be", ErrMalformed)
	}
	return nil
}

// embed writes v as encoded CBOR in a byte string (tag 24).
func (c codec) embed(v any) ([]byte, error) {
	inner, err := c.enc.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrClaim, err)
	}
	return c.enc.Marshal(cbor.Tag{Number: tagEncoded, Content: inner})
}

// unembed reads what embed writes.
func (c codec) unembed(data []byte, into any) error {
	var tag cbor.RawTag
	if err := c.read(data, &tag); err != nil {
		return err
	}
	var inner []byte
	if tag.Number != tagEncoded {
		return fmt.Errorf("%w: tag 24 is missing", ErrMalformed)
	}
	if err := c.read(tag.Content, &inner); err != nil {
		return err
	}
	return c.read(inner, into)
}

// plain turns a value that was read into one of encoding/json: texts, booleans,
// numbers, lists and objects. A date loses its tag.
func plain(v any) (any, error) {
	switch v := v.(type) {
	case string, bool:
		return v, nil
	case uint64:
		if v <= math.MaxInt64 {
			return float64(v), nil
		}
	case int64:
		return float64(v), nil
	case float64:
		return v, nil
	case cbor.Tag:
		if s, ok := v.Content.(string); ok && v.Number == tagFullDate {
			return s, nil
		}
	case []any:
		return plainList(v)
	case map[any]any:
		return plainObject(v)
	}
	return nil, fmt.Errorf("%w: a value of a type that is not supported", ErrMalformed)
}

func plainList(list []any) (any, error) {
	out := make([]any, len(list))
	for n, e := range list {
		var err error
		if out[n], err = plain(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func plainObject(m map[any]any) (any, error) {
	out := map[string]any{}
	for k, v := range m {
		name, ok := k.(string)
		if !ok {
			return nil, fmt.Errorf("%w: a member without a name", ErrMalformed)
		}
		var err error
		if out[name], err = plain(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}
