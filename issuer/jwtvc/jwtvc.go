package jwtvc

import (
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"socialregistry/internal/jose"
)

// Context is the first JSON-LD context of a credential of data model 1.1 (§4.1).
const Context = "https://www.w3.org/2018/credentials/v1"

// credentialType is the first type of every credential (§4.3).
const credentialType = "VerifiableCredential"

// ErrMalformed says that a token is no credential of the form that Sign makes.
var ErrMalformed = errors.New("jwtvc: malformed")

// Content is what a credential says.
type Content struct {
	ID         string   // jti: an absolute URI
	Issuer     string   // iss: a DID
	Holder     string   // sub: a DID
	Contexts   []string // after Context
	Types      []string // after VerifiableCredential
	ValidFrom  time.Time
	ValidUntil time.Time
	Claims     map[string]any // about the subject; no id among them
	Status     any            // credentialStatus; nil: there is none
}

// Sign makes the token with a key that kid names (a DID URL). It returns
// ErrMalformed for a claim that must not be there, or the errors of jose.Sign.
func (c Content) Sign(key crypto.Signer, alg, kid string) (string, error) {
	subject := map[string]any{}
	maps.Copy(subject, c.Claims)
	if _, ok := subject["id"]; ok {
		return "", fmt.Errorf("%w: the subject's id stands in sub", ErrMalformed)
	}
	vc := map[string]any{"@context": append([]string{Context}, c.Contexts...), "type": append([]string{credentialType}, c.Types...), "credentialSubject": subject}
	if c.Status != nil {
		vc["credentialStatus"] = c.Status
	}
	payload, err := json.Marshal(map[string]any{"iss": c.Issuer, "sub": c.Holder, "jti": c.ID, "nbf": c.ValidFrom.Unix(), "exp": c.ValidUntil.Unix(), "vc": vc})
	if err != nil {
		return "", fmt.Errorf("%w: not JSON", ErrMalformed)
	}
	return jose.Sign(key, alg, map[string]any{"typ": "JWT", "kid": kid}, payload)
}

// Is says whether a JWS looks like a credential of this form, and not like some
// other token: it has typ JWT and a claim vc.
func Is(token string) bool {
	header, err := jose.Header(token)
	if err != nil || header["typ"] != "JWT" {
		return false
	}
	claims, err := unverified(token)
	_, ok := claims["vc"]
	return err == nil && ok
}

// Issuer gives the kid and the iss of a token, to find the key by and for nothing
// else; both may be empty.
func Issuer(token string) (kid, iss string) {
	header, _ := jose.Header(token)
	kid, _ = header["kid"].(string)
	claims, _ := unverified(token)
	iss, _ = claims["iss"].(string)
	return kid, iss
}

func unverified(token string) (map[string]any, error) {
	payload, err := jose.Payload(token)
	if err != nil {
		return nil, err
	}
	return jose.DecodeObject(payload)
}

// Verify checks the signature and gives what it covers. It reads what Sign
// writes and nothing looser: a member that is not known could change the meaning
// of another. It returns the errors of jose.Verify, or ErrMalformed.
func Verify(token string, key crypto.PublicKey, alg string) (Content, error) {
	payload, err := jose.Verify(token, key, alg)
	if err != nil {
		return Content{}, fmt.Errorf("verify credential: %w", err)
	}
	claims, err := jose.DecodeObject(payload)
	if err != nil {
		return Content{}, fmt.Errorf("%w: claims: %w", ErrMalformed, err)
	}
	vc, ok := claims["vc"].(map[string]any)
	if !ok || !only(claims, "iss", "sub", "jti", "nbf", "exp", "vc") || !only(vc, "@context", "type", "credentialSubject", "credentialStatus") {
		return Content{}, fmt.Errorf("%w: unknown members", ErrMalformed)
	}
	return content(claims, vc)
}

func content(claims, vc map[string]any) (Content, error) {
	c := Content{Status: vc["credentialStatus"]}
	contexts, types := texts(vc["@context"]), texts(vc["type"])
	if len(contexts) == 0 || contexts[0] != Context || len(types) == 0 || types[0] != credentialType {
		return c, fmt.Errorf("%w: not a credential of data model 1.1", ErrMalformed)
	}
	c.Contexts, c.Types = contexts[1:], types[1:]
	for into, name := range map[*string]string{&c.ID: "jti", &c.Issuer: "iss", &c.Holder: "sub"} {
		if *into, _ = claims[name].(string); *into == "" {
			return c, fmt.Errorf("%w: %s is missing", ErrMalformed, name)
		}
	}
	for into, name := range map[*time.Time]string{&c.ValidFrom: "nbf", &c.ValidUntil: "exp"} {
		var ok bool
		if *into, ok = numericDate(claims[name]); !ok {
			return c, fmt.Errorf("%w: %s is no time", ErrMalformed, name)
		}
	}
	var ok bool
	if c.Claims, ok = vc["credentialSubject"].(map[string]any); !ok {
		return c, fmt.Errorf("%w: not one subject", ErrMalformed)
	}
	if _, twice := c.Claims["id"]; twice {
		return c, fmt.Errorf("%w: the subject's id stands in sub", ErrMalformed)
	}
	return c, nil
}

// numericDate reads whole seconds since 1970 (RFC 7519 §2).
func numericDate(v any) (time.Time, bool) {
	const year9999 = 253_402_300_799
	n, ok := v.(float64)
	return time.Unix(int64(n), 0).UTC(), ok && n >= 0 && n <= year9999 && n == math.Trunc(n)
}

func only(m map[string]any, names ...string) bool {
	for name := range m {
		if !slices.Contains(names, name) {
			return false
		}
	}
	return true
}

func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, e := range list {
		s, ok := e.(string)
		if !ok {
			return nil
		}
		out = append(out, s)
	}
	return out
}
