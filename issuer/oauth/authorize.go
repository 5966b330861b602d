package oauth

import (
	"net/url"
	"strings"
)

// requestURI begins the name of every pushed request (RFC 9126 §2.2).
const requestURI = "urn:ietf:params:oauth:request_uri:"

// RequestURI names the pushed request with an id.
func RequestURI(id string) string { return requestURI + id }

// ParseAuthorizeQuery reads the query of the authorization endpoint, which holds
// client_id and request_uri and nothing else that counts (RFC 9126 §4): all other
// parameters were pushed. Its errors are *Error, for a page and never for a
// redirect: invalid_request, and invalid_request_uri for one that no push gave
// out. Nothing is ever fetched from a request_uri.
func ParseAuthorizeQuery(query url.Values) (clientID, requestID string, err error) {
	err = checkForm(query, []parameter{{name: "client_id", max: maxShort}, {name: "request_uri", max: maxShort}})
	if err == nil {
		err = required(query, "client_id", "request_uri")
	}
	if err != nil {
		return "", "", err
	}
	id, ours := strings.CutPrefix(query.Get("request_uri"), requestURI)
	if !ours || id == "" {
		return "", "", InvalidRequestURI()
	}
	return query.Get("client_id"), id, nil
}

// InvalidRequestURI: the pushed request is unknown, over, used, or another
// client's (RFC 9101 §7.1). One text for all, so that it tells nothing.
func InvalidRequestURI() *Error {
	return NewError(CodeInvalidRequestURI, "This request to sign in is over, or it was used. Start again in your wallet.", 400)
}

// AccessDenied: the person, or the issuer, said no (RFC 6749 §4.1.2.1).
func AccessDenied(description string) *Error { return NewError(CodeAccessDenied, description, 400) }

// AuthorizationResponse is what the client is told through the browser (RFC 6749
// §4.1.2). It holds a code or an error.
type AuthorizationResponse struct {
	Issuer string // RFC 9207 §2: always told
	State  string // as it was sent; "" = none was
	Code   string
	Err    *Error
}

// Location is where the browser goes: the client's redirect URI, whose own query
// stays, with the response added to it.
func (r AuthorizationResponse) Location(redirectURI string) string {
	response := url.Values{"iss": {r.Issuer}}
	if r.State != "" {
		response.Set("state", r.State)
	}
	if r.Err != nil {
		response.Set("error", r.Err.Code)
		response.Set("error_description", clean(r.Err.Description))
	} else {
		response.Set("code", r.Code)
	}
	separator := "?"
	if strings.Contains(redirectURI, "?") {
		separator = "&"
	}
	return redirectURI + separator + response.Encode()
}
