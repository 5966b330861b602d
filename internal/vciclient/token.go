package vciclient

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Token is the answer of the token endpoint (OID4VCI 1.0 §6.2).
type Token struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Life    int    `json:"expires_in"`
	Refresh string `json:"refresh_token"`
	Scope   string `json:"scope"`
	Details []struct {
		Type          string   `json:"type"`
		Configuration string   `json:"credential_configuration_id"`
		Identifiers   []string `json:"credential_identifiers"`
	} `json:"authorization_details"`
}

// Redeem turns a pre-authorized code into an access token (§6.1).
func (c *Client) Redeem(ctx context.Context, s *Server, g *PreAuthorizedGrant, txCode string) (*Token, error) {
	c.Say("Redeeming the code for an access token: %s", s.TokenEndpoint)
	form := g.form()
	if g.TxCode != nil {
		form.Set("tx_code", txCode)
	}
	return c.token(ctx, s, form)
}

// RedeemFor is Redeem for some of what is offered, named by authorization_details
// (§6.1; RFC 9396 §6), of an offer without a transaction code.
func (c *Client) RedeemFor(ctx context.Context, i *Issuer, s *Server, g *PreAuthorizedGrant, configurations []string) (*Token, error) {
	form := g.form()
	if err := i.describe(AuthorizationRequest{Configurations: configurations}, form); err != nil {
		return nil, err
	}
	return c.token(ctx, s, form)
}

func (g *PreAuthorizedGrant) form() url.Values {
	return url.Values{"grant_type": {GrantPreAuthorized}, "pre-authorized_code": {g.Code}}
}

// Exchange turns the code that the browser brought into an access token (RFC
// 6749 §4.1.3, RFC 7636 §4.5).
func (c *Client) Exchange(ctx context.Context, a *Authorization, code string) (*Token, error) {
	c.Say("Exchanging the code for an access token: %s", a.server.TokenEndpoint)
	return c.token(ctx, a.server, c.exchangeForm(a, code))
}

func (c *Client) exchangeForm(a *Authorization, code string) url.Values {
	return url.Values{"grant_type": {GrantCode}, "code": {code}, "redirect_uri": {c.RedirectURI}, "code_verifier": {a.Verifier}}
}

// ExchangeRequest is the request of Exchange.
func (c *Client) ExchangeRequest(ctx context.Context, a *Authorization, code string) (Request, error) {
	return c.post(ctx, a.server, a.server.TokenEndpoint, c.exchangeForm(a, code))
}

// RedeemRequest is the request of Redeem.
func (c *Client) RedeemRequest(ctx context.Context, s *Server, g *PreAuthorizedGrant) (Request, error) {
	return c.post(ctx, s, s.TokenEndpoint, g.form())
}

// RefreshRequest is the request of Refresh.
func (c *Client) RefreshRequest(ctx context.Context, s *Server, refresh string) (Request, error) {
	return c.post(ctx, s, s.TokenEndpoint, url.Values{"grant_type": {GrantRefresh}, "refresh_token": {refresh}})
}

// Refresh gets another access token (RFC 6749 §6).
func (c *Client) Refresh(ctx context.Context, s *Server, refresh string) (*Token, error) {
	c.Say("Asking for another access token: %s", s.TokenEndpoint)
	return c.token(ctx, s, url.Values{"grant_type": {GrantRefresh}, "refresh_token": {refresh}})
}

// token asks the token endpoint and holds the answer to RFC 6749 §5.1 and RFC
// 9449 §5: with a DPoP key, the token must be bound to it.
func (c *Client) token(ctx context.Context, s *Server, form url.Values) (*Token, error) {
	a, err := c.call(ctx, func() (Request, error) { return c.post(ctx, s, s.TokenEndpoint, form) })
	if err != nil {
		return nil, err
	}
	var t Token
	if err := a.want(http.StatusOK, &t); err != nil {
		return nil, err
	}
	want := "Bearer"
	if c.DPoP != nil {
		want = headerDPoP
	}
	if t.Access == "" || !strings.EqualFold(t.Type, want) {
		return nil, fmt.Errorf("%s gives no %s token (token_type %q)", s.TokenEndpoint, strings.Replace(want, "Bearer", "bearer", 1), Printable(t.Type))
	}
	return &t, nil
}

// Subject is what to ask the credential endpoint for: the identifier that the
// token came with, if any, else the configuration (§8.2).
func (t *Token) Subject(configuration string) (member, value string) {
	for _, d := range t.Details {
		if d.Type == "openid_credential" && d.Configuration == configuration && len(d.Identifiers) > 0 {
			return "credential_identifier", d.Identifiers[0]
		}
	}
	return "credential_configuration_id", configuration
}

// present adds an access token to a request: with the DPoP key's proof, if it is
// bound to one (RFC 9449 §7.1), else as a bearer (RFC 6750 §2.1).
func (c *Client) present(t *Token, r *Request) error {
	if c.DPoP == nil {
		r.Header.Set("Authorization", "Bearer "+t.Access)
		return nil
	}
	proof, err := c.Proof(r.Method, r.URL, t.Access)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "DPoP "+t.Access)
	r.Header.Set(headerDPoP, proof)
	return nil
}

// hash is the ath of a DPoP proof (RFC 9449 §4.2).
func hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
