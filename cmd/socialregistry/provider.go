package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"socialregistry/internal/openid"
	"socialregistry/registry"
	"socialregistry/web"
)

// providerSettings are about an OpenID Provider by which people sign in.
func providerSettings() []setting {
	return []setting{
		{"SR_OIDC_ISSUER", "", "use the https address of the OpenID Provider, as it names itself; http on this machine only", func(c *Config, v string) error {
			c.OIDCIssuer = v
			if v == "" {
				return nil
			}
			_, err := openid.ParseIssuer(v)
			return err
		}},
		{"SR_OIDC_CLIENT_ID", "", "use what the provider calls this registry, where there is SR_OIDC_ISSUER", func(c *Config, v string) error {
			c.OIDCClient = v
			if (v == "") != (c.OIDCIssuer == "") {
				return errors.New("one of two")
			}
			return nil
		}},
		{"SR_OIDC_NAME", "", "use what people call the provider, at most 60 characters", func(c *Config, v string) error {
			c.OIDCName = v
			if len([]rune(v)) > 60 {
				return errors.New("too long")
			}
			return nil
		}},
		{"SR_OIDC_CLAIM", "", "use CLAIM:IDENTIFIER, as individual_id:national_id: a claim, and the type of identifier or the field that it is matched to", func(c *Config, v string) error {
			c.OIDCClaim = v
			claim, identifier, both := strings.Cut(v, ":")
			if v != "" && (!both || claim == "" || identifier == "") {
				return errors.New("not two")
			}
			return nil
		}},
		{"SR_OIDC_STAFF_CLAIM", "", "use the claim by which members of staff are known, as email", func(c *Config, v string) error {
			c.OIDCStaffClaim = v
			if c.OIDCIssuer != "" && v == "" && c.OIDCClaim == "" {
				return errors.New("nobody could sign in")
			}
			return nil
		}},
	}
}

// provider is an OpenID Provider as the pages know it.
type provider struct {
	client *openid.Client
	config Config
}

var _ web.Provider = (*provider)(nil)

// openProvider opens the provider of the settings; nil: there is none. It fetches
// nothing yet.
func openProvider(ctx context.Context, c Config, r *registry.Registry, now func() time.Time) (web.Provider, error) {
	if c.OIDCIssuer == "" {
		return nil, nil
	}
	key, err := r.ProviderKey(ctx)
	if err != nil {
		return nil, err
	}
	client, err := openid.New(openid.Config{Issuer: c.OIDCIssuer, ClientID: c.OIDCClient, Redirect: c.PublicURL + "/login/provider/callback", Key: key, Now: now})
	if err != nil {
		return nil, fmt.Errorf("open the OpenID Provider (SR_OIDC_ISSUER): %w", err)
	}
	return &provider{client, c}, nil
}

func (p *provider) Issuer() string { return p.config.OIDCIssuer }

func (p *provider) Name() string {
	if p.config.OIDCName != "" {
		return p.config.OIDCName
	}
	u, err := url.Parse(p.config.OIDCIssuer)
	if err != nil {
		return p.config.OIDCIssuer
	}
	return u.Host
}

func (p *provider) Rules() registry.ProviderRules {
	claim, identifier, _ := strings.Cut(p.config.OIDCClaim, ":")
	return registry.ProviderRules{Claim: claim, Identifier: identifier, StaffClaim: p.config.OIDCStaffClaim}
}

func challengeOf(f registry.ProviderFlow) openid.Challenge {
	return openid.Challenge{State: f.State, Nonce: f.Nonce, Verifier: f.Verifier}
}

func (p *provider) Address(ctx context.Context, f registry.ProviderFlow, again bool) (string, error) {
	return p.client.Address(ctx, challengeOf(f), again)
}

func (p *provider) Claims(ctx context.Context, f registry.ProviderFlow, answer url.Values) (map[string]any, error) {
	return p.client.Claims(ctx, challengeOf(f), answer)
}

func (p *provider) AskedAt(claims map[string]any) time.Time { return openid.AskedAt(claims) }

func (p *provider) JWKS() ([]byte, error) { return p.client.JWKS() }
