package oauth

import (
	"net/url"
	"slices"
)

// The error codes of the authorization request (RFC 6749 §4.1.2.1, RFC 9101
// §7.1, RFC 8707 §2).
const (
	CodeAccessDenied            = "access_denied"
	CodeUnsupportedResponseType = "unsupported_response_type"
	CodeInvalidRequestURI       = "invalid_request_uri"
	CodeRequestNotSupported     = "request_not_supported"
	CodeInvalidTarget           = "invalid_target"
)

// challengeLength is that of every S256 code challenge and of every RFC 7638
// thumbprint: a SHA-256 in base64url.
const challengeLength = 43

// maxState bounds the parameter state, in bytes.
const maxState = 2048

// PushedRequest is a parsed authorization request (RFC 6749 §4.1.1, OID4VCI 1.0
// §5.1) as a client pushes it (RFC 9126 §2.1). It is stored as JSON.
type PushedRequest struct {
	ClientID      string                `json:"client_id"`
	RedirectURI   string                `json:"redirect_uri"`
	State         string                `json:"state,omitempty"`
	CodeChallenge string                `json:"code_challenge"`         // S256
	DPoPKey       string                `json:"dpop_jkt,omitempty"`     // RFC 9449 §10; "" = none
	IssuerState   string                `json:"issuer_state,omitempty"` // OID4VCI 1.0 §5.1.3; not to be trusted
	Scopes        []string              `json:"scopes,omitempty"`       // as asked, known or not
	Details       []AuthorizationDetail `json:"authorization_details,omitempty"`
}

// ParsePushedRequest reads the form of a pushed authorization request. Unknown
// parameters are ignored (OID4VCI 1.0 §5.1.3), doubled ones refused (RFC 6749
// §3.1). issuer is the credential issuer's identifier. Whether the redirect URI
// is the client's is asked elsewhere. Errors are *Error: invalid_request,
// unsupported_response_type, request_not_supported, invalid_target,
// invalid_authorization_details.
func ParsePushedRequest(form url.Values, issuer string) (PushedRequest, error) {
	if err := checkForm(form, pushedParameters()); err != nil {
		return PushedRequest{}, err
	}
	if err := checkPushed(form, issuer); err != nil {
		return PushedRequest{}, err
	}
	details, err := parseDetails(form.Get("authorization_details"), issuer)
	if err != nil {
		return PushedRequest{}, err
	}
	return PushedRequest{
		ClientID: form.Get("client_id"), RedirectURI: form.Get("redirect_uri"), State: form.Get("state"),
		CodeChallenge: form.Get("code_challenge"), DPoPKey: form.Get("dpop_jkt"), IssuerState: form.Get("issuer_state"),
		Scopes: scopesOf(form.Get("scope")), Details: details,
	}, nil
}

func pushedParameters() []parameter {
	return clientParameters(
		parameter{name: "response_type", max: maxShort}, parameter{name: "response_mode", max: maxShort},
		parameter{name: "redirect_uri", max: maxCode}, parameter{name: "state", max: maxState},
		parameter{name: "scope", max: maxCode}, parameter{name: "code_challenge", max: maxShort},
		parameter{name: "code_challenge_method", max: maxShort}, parameter{name: "dpop_jkt", max: maxShort},
		parameter{name: "issuer_state", max: maxCode}, parameter{name: "request_uri", max: maxCode},
		parameter{name: "request", max: maxDetails}, parameter{name: "resource", max: maxCode, many: true},
		parameter{name: "authorization_details", max: maxDetails, text: true})
}

func checkPushed(form url.Values, issuer string) error {
	mode, jkt := form.Get("response_mode"), form.Get("dpop_jkt")
	switch {
	case form.Has("request_uri"): // RFC 9126 §2.1
		return InvalidRequest("The parameter request_uri must not be pushed.")
	case form.Has("request"): // RFC 9101 §7.1
		return NewError(CodeRequestNotSupported, "This server takes no request objects; push the parameters themselves.", 400)
	case form.Get("response_type") != "" && form.Get("response_type") != "code":
		return NewError(CodeUnsupportedResponseType, "This server supports the response type code only.", 400)
	case mode != "" && mode != "query":
		return InvalidRequest("This server supports the response mode query only.")
	case form.Get("code_challenge_method") != "S256": // RFC 9700 §2.1.1; absent means plain
		return InvalidRequest("This server needs PKCE with the code_challenge_method S256.")
	case !unreserved(form.Get("code_challenge"), challengeLength, challengeLength):
		return InvalidRequest("The parameter code_challenge is missing, or it is no S256 challenge.")
	case jkt != "" && !unreserved(jkt, challengeLength, challengeLength):
		return InvalidRequest("The parameter dpop_jkt is no thumbprint.")
	case slices.ContainsFunc(form["resource"], func(r string) bool { return r != issuer }): // RFC 8707 §2
		return NewError(CodeInvalidTarget, "The parameter resource must be the identifier of this credential issuer.", 400)
	}
	return required(form, "client_id", "response_type", "redirect_uri")
}

// PushedResponse is the answer to a pushed request (RFC 9126 §2.2). ExpiresIn is
// in seconds.
type PushedResponse struct {
	RequestURI string `json:"request_uri"`
	ExpiresIn  int    `json:"expires_in"`
}
