package oauth

// ServerMetadata is the authorization server's self-description (RFC 8414 §2,
// OID4VCI 1.0 §12.3). It has the members of what exists and no others. All URLs
// are absolute; Issuer is compared byte for byte by wallets.
type ServerMetadata struct {
	Issuer                string `json:"issuer"`
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	TokenEndpoint         string `json:"token_endpoint"`
	PushedEndpoint        string `json:"pushed_authorization_request_endpoint"` // RFC 9126 §5
	RequirePushed         bool   `json:"require_pushed_authorization_requests"`
	RevocationEndpoint    string `json:"revocation_endpoint"`          // RFC 7009
	ChallengeEndpoint     string `json:"challenge_endpoint,omitempty"` // Attestation-Based Client Authentication §8
	JWKSURI               string `json:"jwks_uri"`

	ResponseTypes     []string `json:"response_types_supported"`
	ResponseModes     []string `json:"response_modes_supported"`
	GrantTypes        []string `json:"grant_types_supported"`
	ChallengeMethods  []string `json:"code_challenge_methods_supported"` // RFC 7636
	Scopes            []string `json:"scopes_supported"`
	DetailTypes       []string `json:"authorization_details_types_supported"`          // RFC 9396 §10
	IssParameter      bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207 §3
	AuthMethods       []string `json:"token_endpoint_auth_methods_supported"`
	AuthAlgs          []string `json:"token_endpoint_auth_signing_alg_values_supported,omitempty"`
	RevocationMethods []string `json:"revocation_endpoint_auth_methods_supported"`
	RevocationAlgs    []string `json:"revocation_endpoint_auth_signing_alg_values_supported,omitempty"`
	AttestationAlgs   []string `json:"client_attestation_signing_alg_values_supported,omitempty"`
	PoPAlgs           []string `json:"client_attestation_pop_signing_alg_values_supported,omitempty"`
	DPoPAlgs          []string `json:"dpop_signing_alg_values_supported,omitempty"` // RFC 9449 §5.1
	AnonymousAccess   bool     `json:"pre-authorized_grant_anonymous_access_supported"`
	StatusAggregation string   `json:"status_list_aggregation_endpoint,omitempty"` // Token Status List §9.2
}
