package oauth

import "net/url"

// The grant types of this server.
const (
	// GrantAuthorizationCode: a code that the person's decision led to (RFC 6749 §4.1).
	GrantAuthorizationCode = "authorization_code"
	// GrantPreAuthorizedCode: a code that the issuer handed out in a credential
	// offer (OID4VCI 1.0 §4.1.1).
	GrantPreAuthorizedCode = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
	// GrantRefreshToken: a token that came with an earlier access token (RFC 6749 §6).
	GrantRefreshToken = "refresh_token"
)

// TokenTypeBearer is the type of an access token that whoever holds may use
// (RFC 6750).
const TokenTypeBearer = "Bearer"

// TokenRequest is a parsed token request (RFC 6749 §4.1.3, §6, OID4VCI 1.0
// §6.1). Only what belongs to the GrantType is set. An empty TxCode means that
// none was sent, an empty ClientID an anonymous wallet.
type TokenRequest struct {
	GrantType string
	ClientID  string

	Code         string // authorization_code
	CodeVerifier string
	RedirectURI  string

	PreAuthorizedCode string // pre-authorized_code
	TxCode            string

	RefreshToken string // refresh_token

	Scopes  []string              // less than was granted; nil = all of it
	Details []AuthorizationDetail // likewise
}

// ParseTokenRequest reads the form of a token request. A known parameter that
// comes twice, is too long or holds characters outside printable ASCII is
// refused; an unknown one is ignored (OID4VCI 1.0 §6.1); an empty one counts as
// not sent (RFC 6749 §3.2). issuer is the credential issuer's identifier. Errors
// are *Error: invalid_request, unsupported_grant_type, invalid_grant (RFC 7636
// §4.6: no code_verifier), invalid_authorization_details.
func ParseTokenRequest(form url.Values, issuer string) (TokenRequest, error) {
	if err := checkForm(form, tokenParameters()); err != nil {
		return TokenRequest{}, err
	}
	req := TokenRequest{GrantType: form.Get("grant_type"), ClientID: form.Get("client_id"), Scopes: scopesOf(form.Get("scope"))}
	var err error
	if req.Details, err = parseDetails(form.Get("authorization_details"), issuer); err != nil {
		return TokenRequest{}, err
	}
	switch req.GrantType {
	case "":
		err = InvalidRequest("The parameter grant_type is missing.")
	case GrantAuthorizationCode:
		err = req.readCode(form)
	case GrantPreAuthorizedCode:
		req.PreAuthorizedCode, req.TxCode = form.Get("pre-authorized_code"), form.Get("tx_code")
		err = required(form, "pre-authorized_code")
	case GrantRefreshToken:
		req.RefreshToken = form.Get("refresh_token")
		err = required(form, "refresh_token")
	default:
		err = UnsupportedGrantType("This server does not support this grant type; its metadata list those that it does.")
	}
	if err != nil {
		return TokenRequest{}, err
	}
	return req, nil
}

func tokenParameters() []parameter {
	return clientParameters(
		parameter{name: "grant_type", max: maxShort}, parameter{name: "pre-authorized_code", max: maxCode},
		parameter{name: "tx_code", max: maxTxCode}, parameter{name: "code", max: maxCode},
		parameter{name: "code_verifier", max: maxShort}, parameter{name: "redirect_uri", max: maxCode},
		parameter{name: "refresh_token", max: maxCode}, parameter{name: "scope", max: maxCode},
		parameter{name: "authorization_details", max: maxDetails, text: true}, parameter{name: "resource", max: maxCode, many: true})
}

// readCode reads the members of the authorization code grant. The suite and FAPI
// 2.0 want invalid_grant for a missing verifier: the challenge fails.
func (r *TokenRequest) readCode(form url.Values) error {
	r.Code, r.CodeVerifier, r.RedirectURI = form.Get("code"), form.Get("code_verifier"), form.Get("redirect_uri")
	if err := required(form, "code", "redirect_uri"); err != nil {
		return err
	}
	if r.CodeVerifier == "" {
		return InvalidGrant("The parameter code_verifier is missing.")
	}
	return nil
}

func required(form url.Values, names ...string) error {
	for _, name := range names {
		if form.Get(name) == "" {
			return InvalidRequest("The parameter " + name + " is missing.")
		}
	}
	return nil
}

// TokenResponse is the successful answer (RFC 6749 §5.1, OID4VCI 1.0 §6.2). It
// never carries a c_nonce: that comes from the nonce endpoint. ExpiresIn is in
// seconds.
type TokenResponse struct {
	AccessToken  string          `json:"access_token"`
	TokenType    string          `json:"token_type"`
	ExpiresIn    int             `json:"expires_in"`
	RefreshToken string          `json:"refresh_token,omitempty"`
	Scope        string          `json:"scope,omitempty"`
	Details      []GrantedDetail `json:"authorization_details,omitempty"`
}

// GrantedDetail is what was granted of one authorization detail (OID4VCI 1.0
// §6.2). The wallet asks for the credential by one of Identifiers.
type GrantedDetail struct {
	Type            string   `json:"type"`
	ConfigurationID string   `json:"credential_configuration_id"`
	Identifiers     []string `json:"credential_identifiers"`
}
