package did

import (
	"errors"
	"fmt"
	"strings"
)

// maxURL bounds a DID URL in bytes; a did:jwk of P-256 has about 250.
const maxURL = 2048

// ErrSyntax says that a text is no DID URL that can name a key.
var ErrSyntax = errors.New("did: not a DID URL")

// URL is a parsed DID URL that names one verification method.
type URL struct {
	DID      string // did:method:identifier
	Method   string // key, jwk, web ...
	ID       string // method-specific identifier
	Fragment string // without "#", never empty
}

// ParseURL reads a DID URL with a fragment (DID Core §3.1, §3.2). A path or a
// query is refused: no verification method of the methods that we know has
// one. It returns ErrSyntax, which never quotes the input.
func ParseURL(s string) (URL, error) {
	if len(s) > maxURL {
		return URL{}, fmt.Errorf("%w: longer than %d bytes", ErrSyntax, maxURL)
	}
	id, fragment, _ := strings.Cut(s, "#")
	if fragment == "" || !isText(fragment, "-._~!$&'()*+,;=:@/?") {
		return URL{}, fmt.Errorf("%w: no fragment, or a malformed one", ErrSyntax)
	}
	rest, ok := strings.CutPrefix(id, "did:")
	method, specific, colon := strings.Cut(rest, ":")
	if !ok || !colon || method == "" || !isMethod(method) {
		return URL{}, fmt.Errorf("%w: no method", ErrSyntax)
	}
	// method-specific-id = *( *idchar ":" ) 1*idchar
	if specific == "" || strings.HasSuffix(specific, ":") || !isText(specific, ".-_:") {
		return URL{}, fmt.Errorf("%w: malformed identifier", ErrSyntax)
	}
	return URL{DID: id, Method: method, ID: specific, Fragment: fragment}, nil
}

// isMethod: 1*( %x61-7A / DIGIT ) (DID Core §3.1).
func isMethod(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// isText says that s consists of ASCII letters, digits, the extra characters
// and whole percent escapes.
func isText(s, extra string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case isAlnum(c) || strings.IndexByte(extra, c) >= 0:
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			i += 2
		default:
			return false
		}
	}
	return true
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f'
}
