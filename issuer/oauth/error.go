package oauth

import (
	"encoding/json"
	"errors"
	"strings"
)

// The error codes that OAuth fixes. OID4VCI's own codes are in issuer/oid4vci.
const (
	CodeInvalidRequest       = "invalid_request"
	CodeInvalidClient        = "invalid_client"
	CodeInvalidGrant         = "invalid_grant"
	CodeUnauthorizedClient   = "unauthorized_client"
	CodeUnsupportedGrantType = "unsupported_grant_type"
	CodeInvalidScope         = "invalid_scope"
	CodeInvalidToken         = "invalid_token"
	CodeInsufficientScope    = "insufficient_scope"

	CodeInvalidDPoPProof         = "invalid_dpop_proof"         // RFC 9449 §5
	CodeUseDPoPNonce             = "use_dpop_nonce"             // RFC 9449 §8
	CodeInvalidClientAttestation = "invalid_client_attestation" // Attestation-Based Client Authentication §6
	CodeUseAttestationChallenge  = "use_attestation_challenge"  // Attestation-Based Client Authentication §8
)

// maxDescription bounds an error_description, in bytes.
const maxDescription = 300

// Error is a protocol failure as a client reads it. Code is fixed by a
// specification; Description is one plain sentence without personal data, in
// the characters that RFC 6749 §5.2 allows; Status is the HTTP status that the
// specification ties to the code. Err is the cause and is for the log only.
type Error struct {
	Code        string
	Description string
	Status      int
	Err         error

	noToken bool // the request carried no token at all: bare challenge
	dpop    bool // the challenge is of the scheme DPoP (RFC 9449 §7.1)
	basic   bool // a client authenticated by the Authorization header, which must be answered by a challenge (RFC 6749 §5.2)
}

// NewError makes a protocol error. Characters that RFC 6749 §5.2 forbids in a
// description are replaced. Prefer the constructors, which know the status.
func NewError(code, description string, status int) *Error {
	return &Error{Code: code, Description: clean(description), Status: status}
}

// InvalidRequest: a parameter is missing, doubled or malformed (RFC 6749 §5.2).
func InvalidRequest(description string) *Error {
	return NewError(CodeInvalidRequest, description, 400)
}

// InvalidClient: the client is unknown or tried to authenticate in a way that
// is not supported (RFC 6749 §5.2).
func InvalidClient(description string) *Error {
	return NewError(CodeInvalidClient, description, 401)
}

// InvalidGrant: the code is wrong, expired or used, or the transaction code is
// wrong (RFC 6749 §5.2, OID4VCI 1.0 §6.3).
func InvalidGrant(description string) *Error {
	return NewError(CodeInvalidGrant, description, 400)
}

// UnauthorizedClient: this client may not use this grant (RFC 6749 §5.2).
func UnauthorizedClient(description string) *Error {
	return NewError(CodeUnauthorizedClient, description, 400)
}

// UnsupportedGrantType: the server does not know this grant (RFC 6749 §5.2).
func UnsupportedGrantType(description string) *Error {
	return NewError(CodeUnsupportedGrantType, description, 400)
}

// InvalidScope: the scope is unknown or more than was granted (RFC 6749 §5.2).
func InvalidScope(description string) *Error {
	return NewError(CodeInvalidScope, description, 400)
}

// InvalidToken: the access token is unknown, expired, revoked or meant for
// somebody else (RFC 6750 §3.1).
func InvalidToken(description string) *Error {
	return NewError(CodeInvalidToken, description, 401)
}

// NoToken: the request carries no access token. Its challenge is bare: it has
// no error code (RFC 6750 §3.1, last paragraph).
func NoToken() *Error {
	e := InvalidToken("This request needs an access token in the Authorization header.")
	e.noToken = true
	return e
}

// InvalidDPoPProof: there is no DPoP proof where one is needed, or it is not good
// (RFC 9449 §5). At a protected endpoint its status is another: see AtResource.
func InvalidDPoPProof(description string) *Error {
	return NewError(CodeInvalidDPoPProof, description, 400)
}

// UseDPoPNonce: the DPoP proof needs the nonce of the header DPoP-Nonce, which
// stands in every answer (RFC 9449 §8).
func UseDPoPNonce(description string) *Error {
	return NewError(CodeUseDPoPNonce, description, 400)
}

// InvalidClientAttestation: the client attestation or its proof of possession is
// not good (Attestation-Based Client Authentication §6).
func InvalidClientAttestation(description string) *Error {
	return NewError(CodeInvalidClientAttestation, description, 401)
}

// UseAttestationChallenge: the proof of possession needs a challenge of ours, which
// comes in a header of the answer (Attestation-Based Client Authentication §8).
func UseAttestationChallenge(description string) *Error {
	return NewError(CodeUseAttestationChallenge, description, 400)
}

// AtResource gives a copy of the error as a protected endpoint answers a call that
// is bound to a key: with status 401 and a challenge of the scheme DPoP (RFC 9449
// §7.1).
func (e *Error) AtResource() *Error {
	c := *e
	c.Status, c.dpop = 401, true
	return &c
}

// InsufficientScope: the token is good, but not for this (RFC 6750 §3.1).
func InsufficientScope(description string) *Error {
	return NewError(CodeInsufficientScope, description, 403)
}

// Because gives a copy of the error that keeps its cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Err = cause
	return &c
}

// Error gives code, description and cause; it is meant for the log.
func (e *Error) Error() string {
	s := e.Code + ": " + e.Description
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is says that two protocol errors are the same failure: they have one code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// MarshalJSON gives the body of the error response: error and
// error_description, nothing else (RFC 6749 §5.2).
func (e *Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Error       string `json:"error"`
		Description string `json:"error_description,omitempty"`
	}{e.Code, clean(e.Description)})
}

// Challenges gives the values of the WWW-Authenticate header that RFC 6750 §3 and
// RFC 9449 §7.1 want beside a 401 or 403 of a protected resource, and RFC 6749 §5.2
// beside the 401 of a client that used the Authorization header; none for other
// errors.
func (e *Error) Challenges() []string {
	algs := ` algs="` + strings.Join(Algs(), " ") + `"`
	about := `error="` + e.Code + `", error_description="` + clean(e.Description) + `"`
	switch {
	case e.noToken: // both schemes are taken
		return []string{bearerRealm, TokenTypeDPoP + algs}
	case e.basic:
		return []string{`Basic realm="credential issuer"`}
	case e.dpop:
		return []string{TokenTypeDPoP + " " + about + "," + algs}
	case e.Code == CodeInvalidToken, e.Code == CodeInsufficientScope:
		return []string{bearerRealm + ", " + about}
	default:
		return nil
	}
}

const bearerRealm = `Bearer realm="credential issuer"`

// CodeOf is the code of the first protocol error in err's chain, or "".
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// clean keeps to the characters %x20-21 / %x23-5B / %x5D-7E (RFC 6749 §5.2):
// a double quote becomes a single one, a backslash a slash, all else "?".
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r == '\\':
			return '/'
		case r < 0x20 || r > 0x7e:
			return '?'
		default:
			return r
		}
	}, s)
	return s[:min(len(s), maxDescription)]
}
