package openid

import (
	"cmp"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"socialregistry/internal/jose"
	"socialregistry/internal/outbound"
)

// The bounds of what a provider may cost.
const (
	maxAnswer = 256 << 10        // bytes
	patience  = 10 * time.Second // of one fetch, where Config does not say
	fresh     = time.Hour        // of what was discovered
)

// inside is where a provider may be besides the open net: the operator names it by
// its own address, nobody else does.
const inside = ",10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7"

// Config says which provider, and who we are to it.
type Config struct {
	Issuer   string // https; http on this machine only
	ClientID string
	Redirect string        // address of our callback
	Key      crypto.Signer // P-256, by which we say who we are
	Now      func() time.Time
	Roots    *x509.CertPool // who certifies the provider; nil: those whom this machine trusts
	Patience time.Duration  // of one fetch; 0: 10 seconds
}

// Client signs people in by one provider. It is safe for concurrent use.
type Client struct {
	config Config
	http   *http.Client
	kid    string

	mu    sync.Mutex
	found *provider
}

// provider is what was discovered.
type provider struct {
	*oidc.Provider
	NamesItself bool `json:"authorization_response_iss_parameter_supported"`
	at          time.Time
}

// New makes a client. It fetches nothing yet. It refuses a bad issuer or key.
func New(c Config) (*Client, error) {
	at, err := ParseIssuer(c.Issuer)
	if err != nil {
		return nil, err
	}
	hosts, err := outbound.ParseHosts(at.Scheme + "://" + at.Host + inside)
	if err != nil {
		return nil, fmt.Errorf("openid: %w", err)
	}
	kid, err := jose.Thumbprint(c.Key.Public())
	if err != nil {
		return nil, fmt.Errorf("openid: %w", err)
	}
	c.Patience = cmp.Or(c.Patience, patience)
	client := outbound.New(outbound.Config{Hosts: hosts, Timeout: c.Patience, MaxBytes: maxAnswer, Roots: c.Roots})
	return &Client{config: c, http: client.HTTP(), kid: kid}, nil
}

// ParseIssuer reads the address of a provider: https, or http on this machine.
func ParseIssuer(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("openid: not the address of a provider")
	}
	ip := net.ParseIP(u.Hostname())
	here := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !here) {
		return nil, errors.New("openid: not https")
	}
	return u, nil
}

// JWKS is the public half of our key, for the provider to fetch. Errors: those of
// jose.PublicJWK.
func (c *Client) JWKS() ([]byte, error) {
	key, err := jose.PublicJWK(c.config.Key.Public())
	if err != nil {
		return nil, err
	}
	key["kid"], key["alg"], key["use"] = c.kid, jose.ES256, "sig"
	return json.Marshal(map[string]any{"keys": []any{key}})
}

// discover gives what is known of the provider. It is fetched anew after an hour;
// while that fails, what was found before stays. Error: Unavailable "provider_away".
func (c *Client) discover(ctx context.Context) (*provider, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.found != nil && c.config.Now().Sub(c.found.at) < fresh {
		return c.found, nil
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(context.WithoutCancel(ctx), c.http), c.config.Patience)
	defer cancel()
	p, err := oidc.NewProvider(ctx, c.config.Issuer)
	if err == nil {
		next := &provider{Provider: p, at: c.config.Now()}
		if err = p.Claims(next); err == nil {
			c.found = next
			return next, nil
		}
	}
	if c.found != nil {
		c.found.at = c.config.Now().Add(time.Minute - fresh) // asked again in a minute
		return c.found, nil
	}
	return nil, away(err)
}

func (c *Client) oauth(p *provider) *oauth2.Config {
	at := p.Endpoint()
	at.AuthStyle = oauth2.AuthStyleInParams
	return &oauth2.Config{ClientID: c.config.ClientID, Endpoint: at, RedirectURL: c.config.Redirect, Scopes: []string{oidc.ScopeOpenID, "profile", "email"}}
}
