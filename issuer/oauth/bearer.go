package oauth

import "strings"

// maxToken bounds an access token, in bytes.
const maxToken = 4096

// AccessToken reads the access token, and the scheme that it comes by, from the
// values of the Authorization header: TokenTypeBearer (RFC 6750 §2.1) or
// TokenTypeDPoP (RFC 9449 §7.1). The scheme's case does not matter; a token
// elsewhere, in the query or in the body, is never looked at. Errors are *Error:
// NoToken if there is no header, invalid_request for two of them, invalid_token for
// another scheme or a malformed token.
func AccessToken(authorization []string) (scheme, token string, err error) {
	switch len(authorization) {
	case 0:
		return "", "", NoToken()
	case 1:
	default:
		return "", "", InvalidRequest("The request has more than one Authorization header.")
	}
	given, token, _ := strings.Cut(authorization[0], " ")
	token = strings.TrimLeft(token, " ")
	for _, scheme := range []string{TokenTypeBearer, TokenTypeDPoP} {
		if strings.EqualFold(given, scheme) && len(token) <= maxToken && isToken68(token) {
			return scheme, token, nil
		}
	}
	return "", "", InvalidToken("The Authorization header must hold the scheme Bearer or DPoP and one access token.")
}

// isToken68 says that s is a b64token (RFC 6750 §2.1).
func isToken68(s string) bool {
	body := strings.TrimRight(s, "=")
	return body != "" && !strings.ContainsFunc(body, func(r rune) bool {
		alnum := r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		return !alnum && !strings.ContainsRune("-._~+/", r)
	})
}
