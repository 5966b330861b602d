package sdjwt

import (
	"crypto"
	"encoding/base64"
	"fmt"
	"strings"

	"socialregistry/internal/jose"
)

// Limits of an SD-JWT that we read.
const (
	maxLength      = 1 << 20 // bytes
	maxDisclosures = 1000
)

// SDJWT is an SD-JWT that was read; nothing of it is verified but its shape.
type SDJWT struct {
	Token      string         // the JWT of the issuer
	Header     map[string]any // its header
	Unverified map[string]any // its claims without the disclosed ones: to find the key, and for nothing else
	KeyBinding string         // the JWT by which the holder proves the key; empty: none

	disclosures map[string]disclosure // by digest
}

// disclosure is one claim, or one element of an array if it has no name.
type disclosure struct {
	name    string
	element bool
	value   any
}

// Parse reads an SD-JWT strictly: JWT, disclosures, and perhaps a key binding
// JWT, each followed by ~ but the last (RFC 9901 §4). It returns ErrMalformed;
// also for a disclosure that is not the JSON that it must be, or stands twice.
func Parse(s string) (*SDJWT, error) {
	if n := strings.Count(s, "~"); len(s) > maxLength || n < 1 || n > maxDisclosures+1 {
		return nil, fmt.Errorf("%w: %d bytes, %d disclosures", ErrMalformed, len(s), n-1)
	}
	parts := strings.Split(s, "~")
	out := &SDJWT{Token: parts[0], KeyBinding: parts[len(parts)-1], disclosures: map[string]disclosure{}}
	if err := out.readToken(); err != nil {
		return nil, err
	}
	if h, err := jose.Header(out.KeyBinding); out.KeyBinding != "" && (err != nil || h["typ"] != "kb+jwt") { // RFC 9901 §4.3
		return nil, fmt.Errorf("%w: what follows the last ~ is no key binding JWT", ErrMalformed)
	}
	for _, p := range parts[1 : len(parts)-1] {
		d, err := readDisclosure(p)
		if err != nil {
			return nil, err
		}
		h := digest(p)
		if _, twice := out.disclosures[h]; twice {
			return nil, fmt.Errorf("%w: a disclosure stands twice", ErrMalformed)
		}
		out.disclosures[h] = d
	}
	return out, nil
}

func (s *SDJWT) readToken() error {
	header, err := jose.Header(s.Token)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if header["typ"] != Type {
		return fmt.Errorf("%w: typ is not %s", ErrMalformed, Type)
	}
	payload, err := jose.Payload(s.Token)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	claims, err := jose.DecodeObject(payload)
	if err != nil {
		return fmt.Errorf("%w: claims: %w", ErrMalformed, err)
	}
	s.Header, s.Unverified = header, claims
	return nil
}

// readDisclosure reads [salt, name, value] or [salt, value] (RFC 9901 §7.1,
// step 3.3).
func readDisclosure(s string) (disclosure, error) {
	bad := func(what string) (disclosure, error) {
		return disclosure{}, fmt.Errorf("%w: disclosure: %s", ErrMalformed, what)
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") {
		return bad("not base64url")
	}
	v, err := jose.DecodeValue(raw)
	if err != nil {
		return bad("not JSON")
	}
	list, ok := v.([]any)
	if !ok || len(list) != 2 && len(list) != 3 {
		return bad("not an array of two or three")
	}
	if _, ok := list[0].(string); !ok {
		return bad("salt is not a string")
	}
	if len(list) == 2 {
		return disclosure{element: true, value: list[1]}, nil
	}
	name, ok := list[1].(string)
	if !ok || reserved(name) {
		return bad("claim name is not a string, or reserved")
	}
	return disclosure{name: name, value: list[2]}, nil
}

// Verify checks the issuer's signature and every disclosure (RFC 9901 §7.1) and
// gives the claims: those always visible and those disclosed. It returns the
// errors of jose.Verify, ErrMalformed for claims that are not an SD-JWT's, and
// ErrDisclosure for a disclosure that the issuer did not sign, stands for two
// things, or is not referred to.
func (s *SDJWT) Verify(key crypto.PublicKey) (map[string]any, error) {
	payload, err := jose.Verify(s.Token, key, jose.ES256, jose.EdDSA)
	if err != nil {
		return nil, fmt.Errorf("verify SD-JWT: %w", err)
	}
	claims, err := jose.DecodeObject(payload)
	if err != nil {
		return nil, fmt.Errorf("%w: claims: %w", ErrMalformed, err)
	}
	if alg, ok := claims["_sd_alg"]; ok && alg != "sha-256" { // RFC 9901 §4.1.1: the default
		return nil, fmt.Errorf("%w: _sd_alg is not sha-256", ErrMalformed)
	}
	delete(claims, "_sd_alg")
	r := resolver{disclosures: s.disclosures, seen: map[string]bool{}}
	return r.claims(claims)
}
