package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
)

// issuer is the part of a credential issuer's metadata that this wallet uses
// (OID4VCI 1.0 §12.2.4).
type issuer struct {
	ID                   string                   `json:"credential_issuer"`
	AuthorizationServers []string                 `json:"authorization_servers"`
	CredentialEndpoint   string                   `json:"credential_endpoint"`
	NonceEndpoint        string                   `json:"nonce_endpoint"`
	Configurations       map[string]configuration `json:"credential_configurations_supported"`
	Encryption           *struct {
		Required bool `json:"encryption_required"`
	} `json:"credential_response_encryption"`

	url *url.URL
}

// configuration is one kind of credential.
type configuration struct {
	Format     string   `json:"format"`
	VCT        string   `json:"vct"`
	Bindings   []string `json:"cryptographic_binding_methods_supported"`
	Definition struct {
		Type []string `json:"type"`
	} `json:"credential_definition"`
	ProofTypes map[string]struct {
		Algs []string `json:"proof_signing_alg_values_supported"`
	} `json:"proof_types_supported"`
}

// server is the part of an authorization server's metadata that this wallet
// uses (RFC 8414 §2, OID4VCI 1.0 §12.3).
type server struct {
	ID             string   `json:"issuer"`
	TokenEndpoint  string   `json:"token_endpoint"`
	Grants         []string `json:"grant_types_supported"`
	AllowAnonymous bool     `json:"pre-authorized_grant_anonymous_access_supported"`
}

// readIssuer fetches and checks the metadata of the offer's issuer.
func (w *wallet) readIssuer(ctx context.Context, o *offer) (*issuer, error) {
	u, err := checkURL(o.Issuer)
	if err != nil {
		return nil, err
	}
	address := wellKnown(u, "openid-credential-issuer")
	w.say("Reading how the issuer works: %s", address)
	i := issuer{url: u}
	if err := w.web.fetch(ctx, address, &i); err != nil {
		return nil, err
	}
	if i.ID != o.Issuer { // §12.2.1: compared as they stand
		return nil, fmt.Errorf("%s describes another issuer, %q", address, i.ID)
	}
	if err := i.check(o); err != nil {
		return nil, fmt.Errorf("metadata of %s: %w", i.ID, err)
	}
	return &i, nil
}

func (i *issuer) check(o *offer) error {
	if _, err := checkURL(i.CredentialEndpoint); err != nil {
		return fmt.Errorf("credential_endpoint: %w", err)
	}
	if i.NonceEndpoint != "" {
		if _, err := checkURL(i.NonceEndpoint); err != nil {
			return fmt.Errorf("nonce_endpoint: %w", err)
		}
	}
	if i.Encryption != nil && i.Encryption.Required {
		return errors.New("it demands encrypted answers, which this wallet cannot read")
	}
	for _, id := range o.Configurations {
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

func (c configuration) check() error {
	switch {
	case c.Format != formatSDJWT && c.Format != formatLDP:
		return fmt.Errorf("this wallet does not know the format %q", c.Format)
	case c.Format == formatSDJWT && c.VCT == "": // appendix A.3.2
		return errors.New("vct is missing")
	case c.Format == formatLDP && len(c.Definition.Type) == 0: // appendix A.1.2.2
		return errors.New("credential_definition has no type")
	case (len(c.Bindings) > 0) != (len(c.ProofTypes) > 0): // §12.2.4
		return errors.New("cryptographic_binding_methods_supported and proof_types_supported must come together")
	}
	_, err := c.binding()
	return err
}

// readServer fetches and checks the authorization server that the offer means
// (OID4VCI 1.0 §4.1.1, §12.3).
func (w *wallet) readServer(ctx context.Context, o *offer, i *issuer) (*server, error) {
	id, named := i.ID, o.Grants.PreAuthorized.AuthorizationServer
	switch {
	case named != "" && !slices.Contains(i.AuthorizationServers, named):
		return nil, fmt.Errorf("the offer names an authorization server that the issuer does not: %s", named)
	case named != "":
		id = named
	case len(i.AuthorizationServers) > 0:
		id = i.AuthorizationServers[0]
	}
	u, err := checkURL(id)
	if err != nil {
		return nil, fmt.Errorf("authorization server: %w", err)
	}
	address := wellKnown(u, "oauth-authorization-server")
	w.say("Reading how its authorization server works: %s", address)
	var s server
	if err := w.web.fetch(ctx, address, &s); err != nil {
		return nil, err
	}
	if err := s.check(id); err != nil {
		return nil, fmt.Errorf("metadata of %s: %w", id, err)
	}
	return &s, nil
}

func (s *server) check(id string) error {
	if s.ID != id { // RFC 8414 §3.3
		return fmt.Errorf("it describes another server, %q", s.ID)
	}
	if _, err := checkURL(s.TokenEndpoint); err != nil {
		return fmt.Errorf("token_endpoint: %w", err)
	}
	if !slices.Contains(s.Grants, preAuthorizedGrant) {
		return errors.New("it does not take pre-authorized codes")
	}
	if !s.AllowAnonymous { // §12.3: absent is false
		return errors.New("it takes pre-authorized codes from wallets that it knows only")
	}
	return nil
}
