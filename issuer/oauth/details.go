package oauth

import (
	"slices"
	"strings"

	"socialregistry/internal/jose"
)

// CodeInvalidAuthorizationDetails is the error code of RFC 9396 §5.
const CodeInvalidAuthorizationDetails = "invalid_authorization_details"

// DetailType is the one type of authorization details that this server knows
// (OID4VCI 1.0 §5.1.1).
const DetailType = "openid_credential"

// maxDetailCount bounds how many details one request may hold.
const maxDetailCount = 32

// AuthorizationDetail asks for one credential (RFC 9396 §2, OID4VCI 1.0 §5.1.1).
// The claims that a wallet names in it are checked for their form and not kept:
// what is in a credential is the issuer's configuration.
type AuthorizationDetail struct {
	ConfigurationID string `json:"credential_configuration_id"`
}

// InvalidAuthorizationDetails: the authorization details are malformed, of an
// unknown type, or name what there is not (RFC 9396 §5).
func InvalidAuthorizationDetails(description string) *Error {
	return NewError(CodeInvalidAuthorizationDetails, description, 400)
}

// parseDetails reads the parameter authorization_details; "" gives nil. Unknown
// members are ignored (OID4VCI 1.0 §5.1.1).
func parseDetails(text, issuer string) ([]AuthorizationDetail, error) {
	if text == "" {
		return nil, nil
	}
	value, err := jose.DecodeValue([]byte(text))
	items, ok := value.([]any)
	if err != nil || !ok || len(items) == 0 || len(items) > maxDetailCount {
		return nil, InvalidAuthorizationDetails("The parameter authorization_details must be a JSON array of 1 to 32 objects.").Because(err)
	}
	var details []AuthorizationDetail
	for _, item := range items {
		d, err := parseDetail(item, issuer)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(details, d) { // twice the same is asked once
			details = append(details, d)
		}
	}
	return details, nil
}

func parseDetail(item any, issuer string) (AuthorizationDetail, error) {
	object, _ := item.(map[string]any)
	id, _ := object["credential_configuration_id"].(string)
	locations, located := object["locations"]
	claims, named := object["claims"]
	switch {
	case object["type"] != DetailType:
		return AuthorizationDetail{}, InvalidAuthorizationDetails("The type of authorization details must be " + DetailType + ".")
	case id == "" || len(id) > maxShort:
		return AuthorizationDetail{}, InvalidAuthorizationDetails("The member credential_configuration_id of authorization_details is missing.")
	case located && !isLocation(locations, issuer): // RFC 9396 §2.2; OID4VCI 1.0 §5.1.1
		return AuthorizationDetail{}, InvalidAuthorizationDetails("The member locations of authorization_details must name this credential issuer.")
	case named && !isClaims(claims): // OID4VCI 1.0 appendix B.1
		return AuthorizationDetail{}, InvalidAuthorizationDetails("The member claims of authorization_details must be an array of objects with a path.")
	}
	return AuthorizationDetail{ConfigurationID: id}, nil
}

func isLocation(v any, issuer string) bool {
	locations, _ := v.([]any)
	return len(locations) == 1 && locations[0] == issuer
}

func isClaims(v any) bool {
	claims, _ := v.([]any)
	return len(claims) > 0 && !slices.ContainsFunc(claims, func(c any) bool {
		object, _ := c.(map[string]any)
		path, _ := object["path"].([]any)
		return len(path) == 0
	})
}

// scopesOf reads the parameter scope (RFC 6749 §3.3), each scope once.
func scopesOf(s string) []string {
	var scopes []string
	for _, scope := range strings.Fields(s) {
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}
