package oauth

import (
	"fmt"
	"net/url"
	"strings"
)

// Limits of a request. They bound what is looked at; none is near what an honest
// wallet sends.
const (
	maxParameters = 64       // names in the form
	maxCode       = 4096     // bytes of a code, a token or a URI
	maxDetails    = 16 << 10 // bytes of authorization_details
	maxTxCode     = 64       // bytes of a transaction code
	maxShort      = 512      // bytes of any other known parameter
)

// parameter is one that a specification defines for an endpoint, with the most
// bytes that it may have.
type parameter struct {
	name string
	max  int
	many bool // may come more than once
	text bool // may hold more than printable ASCII: JSON
}

// clientParameters are those by which a client says who it is (RFC 6749 §2.3.1,
// RFC 7521 §4.2); they may stand in the form of every endpoint that asks for it.
func clientParameters(more ...parameter) []parameter {
	return append(more, parameter{name: "client_id", max: maxShort}, parameter{name: "client_secret", max: maxShort},
		parameter{name: "client_assertion", max: maxAssertion}, parameter{name: "client_assertion_type", max: maxShort})
}

// checkForm holds every defined parameter to one value of sane size and
// characters (RFC 6749 §3.1, §3.2: parameters must not be included more than
// once). Others are not looked at.
func checkForm(form url.Values, defined []parameter) error {
	if len(form) > maxParameters {
		return InvalidRequest("The request has too many parameters.")
	}
	for _, p := range defined {
		values := form[p.name]
		if len(values) > 1 && !p.many || len(values) > maxParameters {
			return InvalidRequest(fmt.Sprintf("The parameter %s comes more than once.", p.name))
		}
		for _, v := range values {
			if len(v) > p.max || !p.text && !printable(v) {
				return InvalidRequest(fmt.Sprintf("The parameter %s is too long or holds characters that are not allowed.", p.name))
			}
		}
	}
	return nil
}

// printable says that s holds VSCHAR only (RFC 6749 appendix A: %x20-7E).
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e })
}

// unreserved says that s holds n to most of the characters of a code verifier
// (RFC 7636 §4.1), which are also those of base64url.
func unreserved(s string, n, most int) bool {
	return len(s) >= n && len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool {
		alnum := r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		return !alnum && !strings.ContainsRune("-._~", r)
	})
}
