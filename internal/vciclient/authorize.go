package vciclient

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// AuthorizationRequest asks for leave to take credentials (OID4VCI 1.0 §5.1).
type AuthorizationRequest struct {
	Configurations []string
	ByScope        bool   // by scope (§5.1.2), else by authorization_details (§5.1.1)
	IssuerState    string // of an offer (§5.1.3)
}

// Authorization is a request under way: what must be remembered until the browser
// comes back.
type Authorization struct {
	URL      string // to open in a browser
	State    string
	Verifier string // of PKCE

	server *Server
}

// NewAuthorization makes the secrets of one request.
func NewAuthorization(s *Server) *Authorization {
	return &Authorization{State: random(16), Verifier: random(32), server: s}
}

// random gives n random bytes in base64url.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// Push sends the request to the server and gives the address to open (RFC 9126,
// with PKCE by S256, RFC 7636). The code is bound to the DPoP key, if there is
// one (RFC 9449 §10.1).
func (c *Client) Push(ctx context.Context, i *Issuer, s *Server, r AuthorizationRequest) (*Authorization, error) {
	if err := s.takesCodes(); err != nil {
		return nil, fmt.Errorf("metadata of %s: %w", s.ID, err)
	}
	a := NewAuthorization(s)
	c.Say("Telling the authorization server what I ask for: %s", s.PAREndpoint)
	answer, err := c.call(ctx, func() (Request, error) { return c.PushRequest(ctx, i, s, r, a) })
	if err != nil {
		return nil, err
	}
	var pushed struct {
		URI  string `json:"request_uri"`
		Life int    `json:"expires_in"`
	}
	if err := answer.want(http.StatusCreated, &pushed); err != nil { // RFC 9126 §2.2
		return nil, err
	}
	if pushed.URI == "" || pushed.Life <= 0 {
		return nil, fmt.Errorf("%s gives no request_uri with a life", s.PAREndpoint)
	}
	if a.URL, err = c.AuthorizationURL(s, pushed.URI); err != nil {
		return nil, err
	}
	return a, nil
}

// PushRequest is the request of Push.
func (c *Client) PushRequest(ctx context.Context, i *Issuer, s *Server, r AuthorizationRequest, a *Authorization) (Request, error) {
	challenge := sha256.Sum256([]byte(a.Verifier))
	form := url.Values{"response_type": {"code"}, "client_id": {c.ID}, "redirect_uri": {c.RedirectURI}, "state": {a.State},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"}}
	if err := i.describe(r, form); err != nil {
		return Request{}, err
	}
	if r.IssuerState != "" {
		form.Set("issuer_state", r.IssuerState)
	}
	return c.post(ctx, s, s.PAREndpoint, form)
}

// describe says what is asked for, in one of the two ways of §5.1.
func (i *Issuer) describe(r AuthorizationRequest, form url.Values) error {
	if r.ByScope {
		scope := ""
		for _, id := range r.Configurations {
			one := i.Configurations[id].Scope
			if one == "" {
				return fmt.Errorf("configuration %q has no scope", id)
			}
			scope += " " + one
		}
		form.Set("scope", scope[1:])
		return nil
	}
	var details []map[string]any
	for _, id := range r.Configurations {
		d := map[string]any{"type": "openid_credential", "credential_configuration_id": id}
		if len(i.AuthorizationServers) > 0 { // §5.1.1
			d["locations"] = []string{i.ID}
		}
		details = append(details, d)
	}
	b, err := encode(details)
	form.Set("authorization_details", string(b))
	return err
}

// AuthorizationURL is the address to open in a browser (RFC 9126 §4).
func (c *Client) AuthorizationURL(s *Server, requestURI string) (string, error) {
	u, err := CheckURL(s.AuthorizationEndpoint)
	if err != nil {
		return "", fmt.Errorf("authorization_endpoint: %w", err)
	}
	q := u.Query() // RFC 6749 §3.1: its own query is kept
	q.Set("client_id", c.ID)
	q.Set("request_uri", requestURI)
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// Code takes the code from the address that the browser came back to. The state
// must be ours, and the server must be the one that was asked (RFC 9207 §2.4).
func (a *Authorization) Code(callback *url.URL) (string, error) {
	q := callback.Query()
	for _, name := range []string{"state", "iss", "code", "error"} {
		if len(q[name]) > 1 {
			return "", fmt.Errorf("the browser came back with %s twice", name)
		}
	}
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(a.State)) != 1 {
		return "", errors.New("the browser came back with another state: this is not the answer to my request")
	}
	if iss := q.Get("iss"); iss != a.server.ID && (iss != "" || a.server.IssParameter) {
		return "", fmt.Errorf("the answer is of another server, %q", Printable(iss))
	}
	if code := q.Get("error"); code != "" {
		return "", &Refused{address: a.server.AuthorizationEndpoint, Status: http.StatusSeeOther, Code: Printable(code), words: Printable(q.Get("error_description"))}
	}
	if q.Get("code") == "" {
		return "", errors.New("the browser came back without a code")
	}
	return q.Get("code"), nil
}
