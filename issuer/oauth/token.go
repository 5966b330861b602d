package oauth

import (
	"fmt"
	"net/url"
	"strings"
)

// GrantPreAuthorizedCode is the grant type of OID4VCI 1.0 §4.1.1: a code that
// the issuer handed out in a credential offer.
const GrantPreAuthorizedCode = "urn:ietf:params:oauth:grant-type:pre-authorized_code"

// TokenTypeBearer is the type of an access token that whoever holds may use
// (RFC 6750).
const TokenTypeBearer = "Bearer"

// Limits of a token request. They bound what is looked at; none is near what an
// honest wallet sends.
const (
	maxParameters = 64   // names in the form
	maxCode       = 4096 // bytes of a pre-authorized code
	maxTxCode     = 64   // bytes of a transaction code
	maxShort      = 512  // bytes of any other known parameter
)

// TokenRequest is a parsed token request (OID4VCI 1.0 §6.1). An empty TxCode
// means that none was sent, an empty ClientID an anonymous wallet.
type TokenRequest struct {
	GrantType         string
	PreAuthorizedCode string
	TxCode            string
	ClientID          string
}

// ParseTokenRequest reads the form of a token request. A known parameter that
// comes twice, is too long or holds characters outside printable ASCII is
// refused; an unknown one is ignored (OID4VCI 1.0 §6.1); an empty one counts as
// not sent (RFC 6749 §3.2). Errors are *Error: invalid_request,
// unsupported_grant_type, invalid_client.
func ParseTokenRequest(form url.Values) (TokenRequest, error) {
	if len(form) > maxParameters {
		return TokenRequest{}, InvalidRequest("The request has too many parameters.")
	}
	if err := checkKnown(form); err != nil {
		return TokenRequest{}, err
	}
	req := TokenRequest{
		GrantType:         form.Get("grant_type"),
		PreAuthorizedCode: form.Get("pre-authorized_code"),
		TxCode:            form.Get("tx_code"),
		ClientID:          form.Get("client_id"),
	}
	switch {
	case req.GrantType == "":
		return TokenRequest{}, InvalidRequest("The parameter grant_type is missing.")
	case req.GrantType != GrantPreAuthorizedCode:
		return TokenRequest{}, UnsupportedGrantType("This server supports the grant type " + GrantPreAuthorizedCode + " only.")
	case req.PreAuthorizedCode == "":
		return TokenRequest{}, InvalidRequest("The parameter pre-authorized_code is missing.")
	}
	return req, nil
}

// parameter is one that OAuth or OID4VCI defines for the token endpoint, with
// the most bytes that it may have.
type parameter struct {
	name string
	max  int
}

func parameters() []parameter {
	return []parameter{
		{"grant_type", maxShort}, {"pre-authorized_code", maxCode}, {"tx_code", maxTxCode}, {"client_id", maxShort},
		{"client_secret", maxShort}, {"client_assertion", maxCode}, {"client_assertion_type", maxShort},
		{"code", maxCode}, {"code_verifier", maxShort}, {"redirect_uri", maxCode}, {"refresh_token", maxCode}, {"scope", maxCode},
	}
}

// checkKnown holds every defined parameter to one value of sane size and
// characters (RFC 6749 §3.2: parameters must not be included more than once).
func checkKnown(form url.Values) error {
	for _, p := range parameters() {
		values := form[p.name]
		if len(values) > 1 {
			return InvalidRequest(fmt.Sprintf("The parameter %s comes more than once.", p.name))
		}
		if len(values) == 1 && (len(values[0]) > p.max || !printable(values[0])) {
			return InvalidRequest(fmt.Sprintf("The parameter %s is too long or holds characters that are not allowed.", p.name))
		}
	}
	return nil
}

// printable says that s holds VSCHAR only (RFC 6749 appendix A: %x20-7E).
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e })
}

// TokenResponse is the successful answer (OID4VCI 1.0 §6.2). It never carries a
// c_nonce: that comes from the nonce endpoint. ExpiresIn is in seconds.
type TokenResponse struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
}
