package jose

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// maxDepth bounds the nesting of arrays and objects in JSON that we read.
const maxDepth = 32

// DecodeObject reads one JSON object strictly: valid UTF-8, no member name
// twice in one object (RFC 7515 §4, RFC 7519 §4), nothing after it, at most 32
// levels deep. Values are those of encoding/json: numbers are float64. It
// returns ErrMalformed.
func DecodeObject(data []byte) (map[string]any, error) {
	v, err := DecodeValue(data)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: not a JSON object", ErrMalformed)
	}
	return m, nil
}

// DecodeValue reads any one JSON value as strictly as DecodeObject.
func DecodeValue(data []byte) (any, error) {
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("%w: not UTF-8", ErrMalformed)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	v, err := decodeValue(dec, maxDepth)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows the JSON value", ErrMalformed)
	}
	return v, nil
}

func decodeValue(dec *json.Decoder, depth int) (any, error) {
	t, err := dec.Token()
	if err != nil {
		return nil, errors.New("JSON is broken or cut short") // the cause may quote the input
	}
	if depth == 0 {
		return nil, errors.New("JSON is nested too deeply")
	}
	switch t {
	case json.Delim('{'):
		return decodeMembers(dec, depth-1)
	case json.Delim('['):
		return decodeElements(dec, depth-1)
	}
	return t, nil
}

func decodeMembers(dec *json.Decoder, depth int) (any, error) {
	m := map[string]any{}
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errors.New("JSON is broken or cut short")
		}
		if _, twice := m[name]; twice {
			return nil, errors.New("a JSON member stands twice")
		}
		if m[name], err = decodeValue(dec, depth); err != nil {
			return nil, err
		}
	}
	return m, closed(dec)
}

func decodeElements(dec *json.Decoder, depth int) (any, error) {
	a := []any{}
	for dec.More() {
		v, err := decodeValue(dec, depth)
		if err != nil {
			return nil, err
		}
		a = append(a, v)
	}
	return a, closed(dec)
}

// closed reads the closing bracket.
func closed(dec *json.Decoder) error {
	if _, err := dec.Token(); err != nil {
		return errors.New("JSON is broken or cut short")
	}
	return nil
}
