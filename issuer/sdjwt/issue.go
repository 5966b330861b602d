package sdjwt

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"socialregistry/internal/jose"
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

// Hidden marks a claim, a member of an object or an element of an array that the
// holder may leave out on its own, at whatever depth (RFC 9901 §4.2). What lies in
// it may be hidden too: then it is shown only with what it lies in.
type Hidden struct{ Value any }

// Absent stands where other SD-JWTs of the kind have something Hidden and this one
// has nothing: it gets a decoy, so that the number of digests does not tell.
type Absent struct{}

// Issue is what goes into an SD-JWT.
type Issue struct {
	Key      crypto.Signer
	Alg      string         // of package jose; must fit the key
	KID      string         // names the key to the verifier; empty: no kid
	Header   map[string]any // further header members
	Plain    map[string]any // claims that are visible: iss, iat, nbf, exp, vct, cnf, status, and others; what is Hidden in them is not
	Disclose map[string]any // claims that the holder may leave out, each on its own
	Decoys   int            // digests of nothing in each object that hides a member; up to so many in each array
	Rand     io.Reader      // where salts and decoys come from; nil: crypto/rand, as for all but test vectors
}

// Sign makes the SD-JWT with all its disclosures, as it is handed to the holder.
// It returns ErrClaim for a claim that stands on the wrong side (SD-JWT VC
// §3.2.2) or has a reserved name, or the errors of jose.Sign.
func (i Issue) Sign() (string, error) {
	claims, err := i.claims()
	if err != nil {
		return "", err
	}
	w := writer{rand: i.Rand, decoys: i.Decoys}
	if w.rand == nil {
		w.rand = rand.Reader
	}
	payload, err := w.object(claims)
	if err != nil {
		return "", err
	}
	if w.err != nil {
		return "", fmt.Errorf("draw salts: %w", w.err)
	}
	if w.hides {
		payload["_sd_alg"] = "sha-256"
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
	return strings.Join(append([]string{token}, w.disclosures...), "~") + "~", nil
}

// claims puts both sides together, marked, and checks them.
func (i Issue) claims() (map[string]any, error) {
	all := maps.Clone(i.Plain)
	if all == nil {
		all = map[string]any{}
	}
	for name, v := range i.Disclose {
		if _, both := all[name]; both {
			return nil, fmt.Errorf("%w: %s stands on both sides", ErrClaim, name)
		}
		if !marked(v) {
			v = Hidden{v}
		}
		all[name] = v
	}
	for name, v := range all {
		if alwaysVisible(name) && holds(v, marked) {
			return nil, fmt.Errorf("%w: %s cannot be disclosed selectively", ErrClaim, name)
		}
	}
	if holds(all, reservedMember) {
		return nil, fmt.Errorf("%w: a name is reserved", ErrClaim)
	}
	return all, nil
}

// marked says whether a value is not visible.
func marked(v any) bool {
	switch v.(type) {
	case Hidden, Absent:
		return true
	}
	return false
}

// reservedMember says whether a value is an object with a reserved name in it.
func reservedMember(v any) bool {
	m, _ := v.(map[string]any)
	for name := range m {
		if reserved(name) {
			return true
		}
	}
	return false
}

// holds says whether a value, or anything in it, is so.
func holds(v any, so func(any) bool) bool {
	if so(v) {
		return true
	}
	inside := func(v any) bool { return holds(v, so) }
	switch v := v.(type) {
	case Hidden:
		return inside(v.Value)
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), inside)
	case []any:
		return slices.ContainsFunc(v, inside)
	}
	return false
}

// reserved says whether a name has a meaning of its own (RFC 9901 §4.1).
func reserved(name string) bool { return name == "_sd" || name == "..." || name == "_sd_alg" }

// alwaysVisible says whether a claim must not be selectively disclosable (SD-JWT
// VC §3.2.2.2).
func alwaysVisible(name string) bool {
	return slices.Contains([]string{"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"}, name)
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
