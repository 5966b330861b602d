package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
)

// flipBit gives a copy of a credential with one bit flipped in a value that the
// issuer signed: of a dc+sd-jwt the value in its first disclosure, of an ldp_vc
// a detail of its subject.
func flipBit(text []byte) ([]byte, error) {
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return flipInJSON(text)
	}
	return flipInSDJWT(string(text))
}

func flipInJSON(text []byte) ([]byte, error) {
	var doc struct {
		Subject map[string]any `json:"credentialSubject"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	subject := max(0, bytes.Index(text, []byte(`"credentialSubject"`)))
	for _, name := range slices.Sorted(maps.Keys(doc.Subject)) {
		value, ok := doc.Subject[name].(string)
		if name == "id" || name == "type" || !ok || !endsPlain(value) {
			continue
		}
		if at := bytes.Index(text[subject:], []byte(`"`+value+`"`)); at > 0 {
			out := bytes.Clone(text)
			out[subject+at+len(value)] ^= 1
			return out, nil
		}
	}
	return nil, errors.New("no detail to flip a bit in")
}

func flipInSDJWT(text string) ([]byte, error) {
	parts := strings.Split(text, "~")
	for n, part := range parts[1:] {
		raw, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			return nil, err
		}
		var disclosure []any // salt, name, value (RFC 9901 §4.2.1)
		if json.Unmarshal(raw, &disclosure) != nil || len(disclosure) != 3 {
			continue
		}
		value, ok := disclosure[2].(string)
		if at := bytes.LastIndex(raw, []byte(value+`"`)); ok && endsPlain(value) && at > 0 {
			raw[at+len(value)-1] ^= 1
			parts[n+1] = base64.RawURLEncoding.EncodeToString(raw)
			return []byte(strings.Join(parts, "~")), nil
		}
	}
	return nil, errors.New("no disclosure to flip a bit in")
}

// endsPlain says that the last byte is a letter or digit of ASCII: with its
// lowest bit flipped it is still a character that JSON takes as it is.
func endsPlain(s string) bool {
	if s == "" {
		return false
	}
	c := s[len(s)-1]
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
