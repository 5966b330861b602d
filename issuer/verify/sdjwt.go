package verify

import (
	"encoding/base64"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/sdjwt"
)

// FormatSDJWT is the name of SD-JWT VCs in OID4VCI.
const FormatSDJWT = "dc+sd-jwt"

// readSDJWT reads compact text: an SD-JWT, or something that looks like one.
func (t *trust) readSDJWT(text string) (credential, error) {
	c, header := peek(text)
	parsed, err := sdjwt.Parse(text)
	if err != nil {
		return c, readFailure(text, header, &c)
	}
	c.format = FormatSDJWT
	c.verify = func(k key) (signed, error) { return verifySDJWT(parsed, text, k) }
	return c, nil
}

// readFailure says why compact text is no SD-JWT. If its JWT is whole, c.verify
// finds out whether a key signed it all the same.
func readFailure(text string, header map[string]any, c *credential) error {
	token, rest, tilde := strings.Cut(text, "~")
	c.verify = func(k key) (signed, error) {
		if _, err := jose.Verify(token, k.public, k.Alg); err != nil {
			return signed{}, failure{Altered, "The signature does not match."}
		}
		return signed{}, nil
	}
	typ, _ := header["typ"].(string)
	last := rest[strings.LastIndex(rest, "~")+1:]
	switch {
	case header == nil || strings.Count(token, ".") != 2:
		return failure{UnreadableCode, "This is neither an SD-JWT, nor a mobile document, nor a JSON document."}
	case typ != sdjwt.Type:
		return failure{UnsupportedFormat, "This is a signed token of another format."}
	case !tilde || last != "" && !strings.Contains(last, "."): // RFC 9901 §4: it ends with ~ or a key binding JWT
		c.format = FormatSDJWT
		return failure{IncompleteCode, "The end of this credential is missing."}
	}
	c.format = FormatSDJWT
	return failure{UnreadableCode, "This SD-JWT is not well-formed."}
}

// peek reads what it can of a text that may be broken, to see whom it names.
func peek(text string) (c credential, header map[string]any) {
	parts := strings.SplitN(text, ".", 3)
	header = peekObject(parts[0])
	c.key, _ = header["kid"].(string)
	if len(parts) > 1 {
		c.issuer, _ = peekObject(parts[1])["iss"].(string)
	}
	return c, header
}

func peekObject(part string) map[string]any {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return nil
	}
	m, err := jose.DecodeObject(raw)
	if err != nil {
		return nil
	}
	return m
}

func verifySDJWT(parsed *sdjwt.SDJWT, text string, k key) (signed, error) {
	claims, err := parsed.Verify(k.public)
	switch {
	case errors.Is(err, sdjwt.ErrMalformed):
		return signed{}, failure{Altered, "The signed claims and the disclosures do not fit together."}
	case errors.Is(err, sdjwt.ErrDisclosure):
		return signed{}, failure{Altered, "A disclosed detail is not one that the issuer signed."}
	case err != nil:
		return signed{}, failure{Altered, "The signature does not match."}
	}
	s, err := signedClaims(claims)
	s.bound = bound(parsed, text, claims)
	return s, err
}

// signedClaims reads the claims that have a meaning here (SD-JWT VC §3.2.2.2).
func signedClaims(claims map[string]any) (signed, error) {
	s := signed{claims: map[string]any{}}
	kind, ok := claims["vct"].(string)
	made, madeOK := numericDate(claims, "iat")
	from, fromOK := numericDate(claims, "nbf")
	until, untilOK := numericDate(claims, "exp")
	if !ok || !madeOK || made.IsZero() || !fromOK || !untilOK {
		return s, failure{UnsupportedFormat, "It does not say properly of what type it is, or when it was made."}
	}
	s.kind, s.made, s.until = kind, made, until
	if s.from = from; from.Before(made) {
		s.from = made
	}
	if status, ok := claims["status"]; ok {
		s.status = []statusEntry{tokenEntry(status)}
	}
	for name, v := range claims {
		if !slices.Contains([]string{"iss", "iat", "nbf", "exp", "vct", "vct#integrity", "aka_vcts", "cnf", "status"}, name) {
			s.claims[name] = v
		}
	}
	return s, nil
}

// numericDate reads seconds since 1970 (RFC 7519 §2); zero if the claim is not
// there, false if it is no date.
func numericDate(claims map[string]any, name string) (time.Time, bool) {
	v, ok := claims[name]
	if !ok {
		return time.Time{}, true
	}
	const year9999 = 253_402_300_799
	n, ok := v.(float64)
	if !ok || n < 0 || n > year9999 {
		return time.Time{}, false
	}
	whole, part := math.Modf(n)
	return time.Unix(int64(whole), int64(part*1e9)).UTC(), true
}
