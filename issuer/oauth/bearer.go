package oauth

import "strings"

// maxToken bounds an access token, in bytes.
const maxToken = 4096

// BearerToken reads the access token from the values of the Authorization
// header (RFC 6750 §2.1). The scheme's case does not matter; a token elsewhere,
// in the query or in the body, is never looked at. Errors are *Error: NoToken
// if there is no header, invalid_request for two of them, invalid_token for
// another scheme or a malformed token.
func BearerToken(authorization []string) (string, error) {
	switch len(authorization) {
	case 0:
		return "", NoToken()
	case 1:
	default:
		return "", InvalidRequest("The request has more than one Authorization header.")
	}
	scheme, token, _ := strings.Cut(authorization[0], " ")
	token = strings.TrimLeft(token, " ")
	if !strings.EqualFold(scheme, TokenTypeBearer) || len(token) > maxToken || !isToken68(token) {
		return "", InvalidToken("The Authorization header must hold the scheme Bearer and one access token.")
	}
	return token, nil
}

// isToken68 says that s is a b64token (RFC 6750 §2.1).
func isToken68(s string) bool {
	body := strings.TrimRight(s, "=")
	return body != "" && !strings.ContainsFunc(body, func(r rune) bool {
		alnum := r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		return !alnum && !strings.ContainsRune("-._~+/", r)
	})
}
