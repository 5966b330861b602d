package sdjwt

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
)

// Type is the typ of the header and the name of the format.
const Type = "dc+sd-jwt"

// What can be wrong with an SD-JWT. A key or signature that does not fit gives
// the errors of internal/jose.
var (
	ErrMalformed  = errors.New("sdjwt: malformed")
	ErrDisclosure = errors.New("sdjwt: disclosure does not belong to the claims")
	ErrClaim      = errors.New("sdjwt: claim not allowed there")
)

// saltBytes is 128 bits, as RFC 9901 §9.3 recommends.
const saltBytes = 16

// Issue is what goes into an SD-JWT.
type Issue struct {
	Key      crypto.Signer
	Alg      string         // of package jose; must fit the key
	KID      string         // names the key to the verifier; empty: no kid
	Header   map[string]any // further header members
	Plain    map[string]any // claims that are always visible: iss, iat, nbf, exp, vct, cnf, status
	Disclose map[string]any // claims that the holder may leave out, each on its own
}

// Sign makes the SD-JWT with all its disclosures, as it is handed to the holder.
// It returns ErrClaim for a claim that stands on the wrong side (SD-JWT VC
// §3.2.2) or has a reserved name, or the errors of jose.Sign.
func (i Issue) Sign() (string, error) {
	if err := i.check(); err != nil {
		return "", err
	}
	payload := maps.Clone(i.Plain)
	if payload == nil {
		payload = map[string]any{}
	}
	var parts, digests []string
	for _, name := range slices.Sorted(maps.Keys(i.Disclose)) {
		d, err := disclose(name, i.Disclose[name])
		if err != nil {
			return "", err
		}
		parts, digests = append(parts, d), append(digests, digest(d))
	}
	if len(digests) > 0 { // RFC 9901 §4.2.4.1: the order must not tell which claim is which
		slices.Sort(digests)
		payload["_sd"], payload["_sd_alg"] = digests, "sha-256"
	}
	body, err := marshal(payload)
	if err != nil {
		return "", err
	}
	header := map[string]any{}
	maps.Copy(header, i.Header)
	header["typ"] = Type
	if i.KID != "" {
		header["kid"] = i.KID
	}
	token, err := jose.Sign(i.Key, i.Alg, header, body)
	if err != nil {
		return "", fmt.Errorf("sign SD-JWT: %w", err)
	}
	return strings.Join(append([]string{token}, parts...), "~") + "~", nil
}

func (i Issue) check() error {
	for name, v := range i.Disclose {
		if _, both := i.Plain[name]; both || reserved(name) || alwaysVisible(name) || holdsReserved(v) {
			return fmt.Errorf("%w: %s cannot be disclosed selectively", ErrClaim, name)
		}
	}
	if holdsReserved(i.Plain) {
		return fmt.Errorf("%w: a name is reserved", ErrClaim)
	}
	return nil
}

// reserved says whether a name has a meaning of its own (RFC 9901 §4.1).
func reserved(name string) bool { return name == "_sd" || name == "..." || name == "_sd_alg" }

// alwaysVisible says whether a claim must not be selectively disclosable (SD-JWT
// VC §3.2.2.2).
func alwaysVisible(name string) bool {
	return slices.Contains([]string{"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"}, name)
}

func holdsReserved(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if reserved(name) || holdsReserved(member) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, holdsReserved)
	}
	return false
}

// disclose makes the disclosure of one claim (RFC 9901 §4.2.1).
func disclose(name string, value any) (string, error) {
	b, err := marshal([]any{secret.RandomID(saltBytes), name, value})
	return base64.RawURLEncoding.EncodeToString(b), err
}

// digest is what stands for a disclosure in the signed claims (RFC 9901 §4.2.3).
func digest(disclosure string) string {
	sum := sha256.Sum256([]byte(disclosure))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// marshal writes JSON without the escapes that are meant for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("%w: not JSON", ErrClaim)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
