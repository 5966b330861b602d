package vciclient

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
)

// Credential formats (OID4VCI 1.0 appendix A).
const (
	FormatSDJWT = "dc+sd-jwt"
	FormatLDP   = "ldp_vc"
	FormatJWT   = "jwt_vc_json"
	FormatMdoc  = "mso_mdoc"
)

// Issuer is the part of a credential issuer's metadata that a wallet uses
// (OID4VCI 1.0 §12.2.4).
type Issuer struct {
	ID                   string                   `json:"credential_issuer"`
	AuthorizationServers []string                 `json:"authorization_servers"`
	CredentialEndpoint   string                   `json:"credential_endpoint"`
	NonceEndpoint        string                   `json:"nonce_endpoint"`
	DeferredEndpoint     string                   `json:"deferred_credential_endpoint"`
	NotificationEndpoint string                   `json:"notification_endpoint"`
	Configurations       map[string]Configuration `json:"credential_configurations_supported"`
	Batch                *struct {
		Size int `json:"batch_size"`
	} `json:"batch_credential_issuance"`
	RequestEncryption  *RequestEncryption  `json:"credential_request_encryption"`
	ResponseEncryption *ResponseEncryption `json:"credential_response_encryption"`

	URL *url.URL `json:"-"`
}

// RequestEncryption says how requests can be encrypted (§12.2.4).
type RequestEncryption struct {
	JWKS struct {
		Keys []map[string]any `json:"keys"`
	} `json:"jwks"`
	Enc      []string `json:"enc_values_supported"`
	Zip      []string `json:"zip_values_supported"`
	Required bool     `json:"encryption_required"`
}

// ResponseEncryption says how answers can be encrypted (§12.2.4).
type ResponseEncryption struct {
	Alg      []string `json:"alg_values_supported"`
	Enc      []string `json:"enc_values_supported"`
	Zip      []string `json:"zip_values_supported"`
	Required bool     `json:"encryption_required"`
}

// Configuration is one kind of credential.
type Configuration struct {
	Format     string   `json:"format"`
	Scope      string   `json:"scope"`
	VCT        string   `json:"vct"`
	Doctype    string   `json:"doctype"`
	Bindings   []string `json:"cryptographic_binding_methods_supported"`
	Definition struct {
		Type []string `json:"type"`
	} `json:"credential_definition"`
	ProofTypes map[string]struct {
		Algs         []string        `json:"proof_signing_alg_values_supported"`
		Attestations *map[string]any `json:"key_attestations_required"`
	} `json:"proof_types_supported"`
}

// Server is the part of an authorization server's metadata that a wallet uses
// (RFC 8414 §2, OID4VCI 1.0 §12.3).
type Server struct {
	ID                    string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	PAREndpoint           string   `json:"pushed_authorization_request_endpoint"`
	ChallengeEndpoint     string   `json:"challenge_endpoint"`
	Grants                []string `json:"grant_types_supported"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	AuthMethods           []string `json:"token_endpoint_auth_methods_supported"`
	DPoPAlgs              []string `json:"dpop_signing_alg_values_supported"`
	IssParameter          bool     `json:"authorization_response_iss_parameter_supported"`
	AllowAnonymous        bool     `json:"pre-authorized_grant_anonymous_access_supported"`
}

// ReadIssuer fetches the metadata of an issuer and checks that it can be used
// for the configurations.
func (c *Client) ReadIssuer(ctx context.Context, id string, configurations []string) (*Issuer, error) {
	u, err := CheckURL(id)
	if err != nil {
		return nil, err
	}
	address := WellKnown(u, "openid-credential-issuer")
	c.Say("Reading how the issuer works: %s", address)
	i := Issuer{URL: u}
	a, err := c.metadata(ctx, address, id)
	if err != nil {
		return nil, err
	}
	if err := a.decode(&i); err != nil {
		return nil, err
	}
	if i.ID != id { // §12.2.1: compared as they stand
		return nil, fmt.Errorf("%s describes another issuer, %q", address, i.ID)
	}
	if err := i.check(configurations); err != nil {
		return nil, fmt.Errorf("metadata of %s: %w", i.ID, err)
	}
	return &i, nil
}

func (i *Issuer) check(configurations []string) error {
	if _, err := CheckURL(i.CredentialEndpoint); err != nil {
		return fmt.Errorf("credential_endpoint: %w", err)
	}
	for name, address := range map[string]string{"nonce_endpoint": i.NonceEndpoint,
		"deferred_credential_endpoint": i.DeferredEndpoint, "notification_endpoint": i.NotificationEndpoint} {
		if _, err := CheckURL(address); address != "" && err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := i.checkEncryption(); err != nil {
		return err
	}
	for _, id := range configurations {
		c, ok := i.Configurations[id]
		if !ok {
			return fmt.Errorf("the offered configuration %q is not there", id)
		}
		if err := c.check(); err != nil {
			return fmt.Errorf("configuration %q: %w", id, err)
		}
	}
	return nil
}

// checkEncryption: an answer is encrypted only for a request that is (§8.2), so
// both must be there if either is demanded, and in a way that this wallet knows.
func (i *Issuer) checkEncryption() error {
	required := i.RequestEncryption != nil && i.RequestEncryption.Required || i.ResponseEncryption != nil && i.ResponseEncryption.Required
	if _, err := i.encryption(); required && err != nil {
		return fmt.Errorf("it demands encrypted requests or answers: %w", err)
	}
	return nil
}

func (c Configuration) check() error {
	switch {
	case !slices.Contains([]string{FormatSDJWT, FormatLDP, FormatJWT, FormatMdoc}, c.Format):
		return fmt.Errorf("this wallet does not know the format %q", c.Format)
	case c.Format == FormatSDJWT && c.VCT == "": // appendix A.3.2
		return errors.New("vct is missing")
	case c.Format == FormatMdoc && c.Doctype == "": // appendix A.2.2
		return errors.New("doctype is missing")
	case (c.Format == FormatLDP || c.Format == FormatJWT) && len(c.Definition.Type) == 0: // appendix A.1
		return errors.New("credential_definition has no type")
	case (len(c.Bindings) > 0) != (len(c.ProofTypes) > 0): // §12.2.4
		return errors.New("cryptographic_binding_methods_supported and proof_types_supported must come together")
	}
	_, err := c.Binding()
	return err
}

// ReadServer fetches and checks the authorization server of the issuer: the one
// that the offer names, if any, else the first (OID4VCI 1.0 §4.1.1, §12.3).
func (c *Client) ReadServer(ctx context.Context, i *Issuer, named string) (*Server, error) {
	id := i.ID
	switch {
	case named != "" && !slices.Contains(i.AuthorizationServers, named):
		return nil, fmt.Errorf("the offer names an authorization server that the issuer does not: %s", named)
	case named != "":
		id = named
	case len(i.AuthorizationServers) > 0:
		id = i.AuthorizationServers[0]
	}
	u, err := CheckURL(id)
	if err != nil {
		return nil, fmt.Errorf("authorization server: %w", err)
	}
	address := WellKnown(u, "oauth-authorization-server")
	c.Say("Reading how its authorization server works: %s", address)
	var s Server
	if err := c.Fetch(ctx, address, &s); err != nil {
		return nil, err
	}
	if err := s.check(id); err != nil {
		return nil, fmt.Errorf("metadata of %s: %w", id, err)
	}
	return &s, nil
}

func (s *Server) check(id string) error {
	if s.ID != id { // RFC 8414 §3.3
		return fmt.Errorf("it describes another server, %q", s.ID)
	}
	if _, err := CheckURL(s.TokenEndpoint); err != nil {
		return fmt.Errorf("token_endpoint: %w", err)
	}
	for name, address := range map[string]string{"authorization_endpoint": s.AuthorizationEndpoint,
		"pushed_authorization_request_endpoint": s.PAREndpoint, "challenge_endpoint": s.ChallengeEndpoint} {
		if _, err := CheckURL(address); address != "" && err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// TakesPreAuthorized says whether the client can redeem a pre-authorized code
// here: by a name that it shows, or by none if the server allows that (§12.3:
// absent is false).
func (c *Client) TakesPreAuthorized(s *Server) error {
	if !slices.Contains(s.Grants, GrantPreAuthorized) {
		return errors.New("it does not take pre-authorized codes")
	}
	if !s.AllowAnonymous && c.ID == "" {
		return errors.New("it takes pre-authorized codes from wallets that it knows only")
	}
	return nil
}

// takesCodes says whether the way over the browser is there, with all that this
// wallet insists on: PAR (RFC 9126) and PKCE by S256 (RFC 7636).
func (s *Server) takesCodes() error {
	switch {
	case s.AuthorizationEndpoint == "" || s.PAREndpoint == "":
		return errors.New("it has no endpoints for the way over the browser")
	case !slices.Contains(s.ChallengeMethods, "S256"):
		return errors.New("it does not take PKCE by S256")
	}
	return nil
}
