package jose

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// The signature algorithms that exist here.
const (
	ES256 = "ES256" // RFC 7518 §3.4: ECDSA on P-256 with SHA-256
	EdDSA = "EdDSA" // RFC 8037 §3.1, with Ed25519 only
)

// What can be wrong with a token or a key.
var (
	ErrMalformed = errors.New("jose: malformed")
	ErrAlgorithm = errors.New("jose: algorithm not allowed or not of this key")
	ErrKey       = errors.New("jose: key not usable")
	ErrSignature = errors.New("jose: signature does not match")
)

// maxCompact bounds a compact JWS in bytes: a status list of a million entries fits.
const maxCompact = 4 << 20

// Sign makes a compact JWS over payload. alg must fit the key, whose signature
// may be ASN.1 (an HSM behind crypto.Signer is fine). header gives the other
// members (typ, kid, jwk ...); a jwk in it must be public. It returns
// ErrAlgorithm, ErrKey, ErrMalformed for a header that Verify would refuse, or
// the signer's own error.
func Sign(key crypto.Signer, alg string, header map[string]any, payload []byte) (string, error) {
	if err := fits(key.Public(), alg); err != nil {
		return "", err
	}
	h := maps.Clone(header)
	if h == nil {
		h = map[string]any{}
	}
	if given, ok := h["alg"]; ok && given != alg {
		return "", fmt.Errorf("%w: header says another alg", ErrAlgorithm)
	}
	h["alg"] = alg
	protected, err := headersOf(h)
	if err != nil {
		return "", err
	}
	out, err := jws.Sign(payload, jws.WithKey(jwa.SignatureAlgorithm(alg), key, jws.WithProtectedHeaders(protected)))
	if err != nil {
		return "", fmt.Errorf("sign %s: %w", alg, err)
	}
	return string(out), nil
}

func headersOf(h map[string]any) (jws.Headers, error) {
	raw, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("%w: header is not JSON", ErrMalformed)
	}
	if err := checkHeader(h); err != nil {
		return nil, err
	}
	if jwk, ok := h["jwk"].(map[string]any); ok {
		if _, err := ParseJWK(jwk); err != nil {
			return nil, err
		}
	}
	out := jws.NewHeaders()
	if err := json.Unmarshal(raw, out); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrMalformed, err)
	}
	return out, nil
}

// Verify checks a compact JWS against the key and gives its payload. The alg in
// the header must be one of algs and fit the key; none and HS* never do. It
// returns ErrMalformed, ErrAlgorithm, ErrKey or ErrSignature.
func Verify(compact string, key crypto.PublicKey, algs ...string) ([]byte, error) {
	return VerifyUpTo(maxCompact, compact, key, algs...)
}

// VerifyUpTo is Verify for a JWS of at most that many bytes.
func VerifyUpTo(limit int, compact string, key crypto.PublicKey, algs ...string) ([]byte, error) {
	header, payload, err := split(limit, compact)
	if err != nil {
		return nil, err
	}
	alg, _ := header["alg"].(string)
	if !slices.Contains(algs, alg) {
		return nil, fmt.Errorf("%w: alg is not among those allowed", ErrAlgorithm)
	}
	if err := fits(key, alg); err != nil {
		return nil, err
	}
	got, err := jws.Verify([]byte(compact), jws.WithKey(jwa.SignatureAlgorithm(alg), key))
	if err != nil || string(got) != string(payload) {
		return nil, ErrSignature
	}
	return payload, nil
}

// Header gives the protected header of a compact JWS without checking its
// signature: use it to find the key, and for nothing else. It returns
// ErrMalformed.
func Header(compact string) (map[string]any, error) {
	header, _, err := split(maxCompact, compact)
	return header, err
}

// Payload gives the payload of a compact JWS without checking its signature.
// It returns ErrMalformed.
func Payload(compact string) ([]byte, error) {
	_, payload, err := split(maxCompact, compact)
	return payload, err
}

// split checks everything about a compact JWS but its algorithm and signature.
func split(limit int, compact string) (header map[string]any, payload []byte, err error) {
	if len(compact) > limit {
		return nil, nil, fmt.Errorf("%w: too long", ErrMalformed)
	}
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return nil, nil, fmt.Errorf("%w: not three parts", ErrMalformed)
	}
	raw := make([][]byte, 3)
	for i, p := range parts {
		if raw[i], err = decode64(p); err != nil {
			return nil, nil, err
		}
	}
	if header, err = DecodeObject(raw[0]); err != nil {
		return nil, nil, err
	}
	if err := checkHeader(header); err != nil {
		return nil, nil, err
	}
	return header, raw[1], nil
}

// checkHeader refuses what would change the meaning of the rest.
func checkHeader(h map[string]any) error {
	if _, ok := h["alg"].(string); !ok {
		return fmt.Errorf("%w: header without alg", ErrMalformed)
	}
	// RFC 7515 §4.1.11: extensions that we do not understand must be refused; we
	// understand none. RFC 7797: b64 changes what is signed.
	for _, name := range []string{"crit", "b64"} {
		if _, ok := h[name]; ok {
			return fmt.Errorf("%w: header member %s is not supported", ErrMalformed, name)
		}
	}
	return nil
}

// decode64 reads base64url without padding, in its one canonical form (RFC 7515 §2).
func decode64(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") { // Go's decoder skips them
		return nil, fmt.Errorf("%w: line break in base64url", ErrMalformed)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("%w: not base64url", ErrMalformed)
	}
	return b, nil
}
