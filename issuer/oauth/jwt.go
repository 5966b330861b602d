package oauth

import (
	"crypto"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"socialregistry/internal/jose"
)

// Bounds of the claims that are read, in bytes.
const (
	maxJTI   = 512
	maxClaim = 2048
)

// maxAhead is how far in the future a time in a JWT may lie: clocks differ (FAPI
// 2.0 §5.3.2.1: 10 s must pass, more than 60 s must not).
const maxAhead = 60 * time.Second

// Algs are the signature algorithms that are taken in DPoP proofs, client
// assertions and attestations: asymmetric ones only (RFC 9449 §4.3, RFC 8725 §3.1).
func Algs() []string { return []string{jose.ES256, jose.EdDSA} }

// jwt is a compact JWT that was taken apart. Nothing in it is to be believed
// before verify.
type jwt struct {
	compact        string
	header, claims map[string]any
}

// parseJWT reads a JWT of at most limit bytes whose header typ is typ (RFC 8725
// §3.11) and whose alg is one of Algs.
func parseJWT(compact, typ string, limit int) (jwt, error) {
	j, err := parseUntyped(compact, limit)
	if err == nil && j.header["typ"] != typ {
		err = errors.New("the header typ is not " + typ)
	}
	return j, err
}

// parseUntyped is parseJWT for whatever typ.
func parseUntyped(compact string, limit int) (jwt, error) {
	if len(compact) > limit {
		return jwt{}, fmt.Errorf("more than %d bytes", limit)
	}
	header, err := jose.Header(compact)
	if err != nil {
		return jwt{}, err
	}
	payload, err := jose.Payload(compact)
	if err != nil {
		return jwt{}, err
	}
	claims, err := jose.DecodeObject(payload)
	if err != nil {
		return jwt{}, err
	}
	if alg, _ := header["alg"].(string); !slices.Contains(Algs(), alg) {
		return jwt{}, errors.New("the header alg is not one that is supported")
	}
	return jwt{compact, header, claims}, nil
}

// verify checks the signature.
func (j jwt) verify(key crypto.PublicKey) error {
	_, err := jose.Verify(j.compact, key, Algs()...)
	return err
}

// text gives a claim that is a string of 1 to limit printable characters.
func (j jwt) text(name string, limit int) (string, bool) {
	s, _ := j.claims[name].(string)
	return s, s != "" && len(s) <= limit && printable(s)
}

// audience says that the claim aud is one of want, alone: a JWT for several
// audiences could be passed on by one of them to another.
func (j jwt) audience(want ...string) bool {
	aud := j.claims["aud"]
	if list, ok := aud.([]any); ok && len(list) == 1 {
		aud = list[0]
	}
	s, ok := aud.(string)
	return ok && slices.Contains(want, s)
}

// checkWindow honours exp, nbf and iat where they are given (RFC 7519 §4.1).
func (j jwt) checkWindow(now time.Time) error {
	if v, given := j.claims["exp"]; given {
		if exp, ok := NumericDate(v); !ok || !now.Before(exp) {
			return errors.New("it has expired")
		}
	}
	for _, name := range []string{"nbf", "iat"} {
		if v, given := j.claims[name]; given {
			if from, ok := NumericDate(v); !ok || from.After(now.Add(maxAhead)) {
				return errors.New("it is not valid yet")
			}
		}
	}
	return nil
}

// issuedWithin says that iat is given and neither older than age nor in the
// future; it gives iat.
func (j jwt) issuedWithin(age time.Duration, now time.Time) (time.Time, bool) {
	iat, ok := NumericDate(j.claims["iat"])
	return iat, ok && !iat.Before(now.Add(-age)) && !iat.After(now.Add(maxAhead))
}

// NumericDate reads seconds since 1970, a fraction allowed, as JSON gives them
// (RFC 7519 §2). It is false for anything else.
func NumericDate(v any) (time.Time, bool) {
	n, ok := v.(float64)
	if !ok || n < 0 || n > math.MaxUint32 {
		return time.Time{}, false
	}
	sec, frac := math.Modf(n)
	return time.Unix(int64(sec), int64(frac*1e9)).UTC(), true
}

// Proof says that a JWT that may be used once was good: ID stands for it, until
// Expires, when it is refused for its age.
type Proof struct {
	ID      string
	Expires time.Time
}
