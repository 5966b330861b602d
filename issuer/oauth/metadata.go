package oauth

// ServerMetadata is the authorization server's self-description (RFC 8414 §2,
// OID4VCI 1.0 §12.3). It has the members of what exists and no others.
// response_types_supported is absent, as OID4VCI 1.0 §12.3 allows for a server
// whose only grant is the pre-authorized code.
type ServerMetadata struct {
	Issuer                   string   `json:"issuer"`
	TokenEndpoint            string   `json:"token_endpoint"`
	JWKSURI                  string   `json:"jwks_uri,omitempty"`
	GrantTypes               []string `json:"grant_types_supported"`
	TokenEndpointAuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	AnonymousPreAuthorized   bool     `json:"pre-authorized_grant_anonymous_access_supported"`
}

// NewServerMetadata describes a server that knows the pre-authorized code grant
// for anonymous wallets. All three are absolute URLs; issuer is compared byte
// for byte by wallets.
func NewServerMetadata(issuer, tokenEndpoint, jwksURI string) ServerMetadata {
	return ServerMetadata{
		Issuer:                   issuer,
		TokenEndpoint:            tokenEndpoint,
		JWKSURI:                  jwksURI,
		GrantTypes:               []string{GrantPreAuthorizedCode},
		TokenEndpointAuthMethods: []string{"none"},
		AnonymousPreAuthorized:   true,
	}
}
