package openid

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"crypto/subtle"
	"socialregistry/internal/fault"
	"socialregistry/internal/jose"
)

// assertionLife is for how long the provider may take our proof of who we are.
const assertionLife = time.Minute

// Challenge is what one sign-in is bound to: whoever begins it makes all three of
// at least 256 random bits, and keeps them with the browser.
type Challenge struct {
	State, Nonce, Verifier string
}

// Address is where a browser is sent to sign in. Error: Unavailable "provider_away".
func (c *Client) Address(ctx context.Context, ch Challenge) (string, error) {
	p, err := c.discover(ctx)
	if err != nil {
		return "", err
	}
	return c.oauth(p).AuthCodeURL(ch.State, oidc.Nonce(ch.Nonce), oauth2.S256ChallengeOption(ch.Verifier)), nil
}

// Claims gives what the provider says of who signed in, from the ID Token and, what
// does not stand there, from UserInfo; answer is the query of the callback, whose
// state the caller has checked. Errors: Forbidden "provider_refused" (the person said
// no, or the provider), Forbidden "provider_untrusted" (what came is not its own, or
// not for this sign-in), Unavailable "provider_away".
func (c *Client) Claims(ctx context.Context, ch Challenge, answer url.Values) (map[string]any, error) {
	p, err := c.discover(ctx)
	if err != nil {
		return nil, err
	}
	if iss := answer.Get("iss"); iss != c.config.Issuer && (iss != "" || p.NamesItself) {
		return nil, untrusted(errors.New("the answer names another issuer"))
	}
	switch code := answer.Get("error"); {
	case code == "temporarily_unavailable" || code == "server_error":
		return nil, fault.New(fault.Unavailable, "provider_away", "The other service does not answer.")
	case code != "" || answer.Get("code") == "":
		return nil, fault.New(fault.Forbidden, "provider_refused", "The other service did not sign you in.")
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, c.http), 3*patience)
	defer cancel()
	token, err := c.exchange(ctx, p, ch, answer.Get("code"))
	if err != nil {
		return nil, err
	}
	return c.read(ctx, p, ch, token)
}

// exchange takes the code to the provider, with a proof of who we are.
func (c *Client) exchange(ctx context.Context, p *provider, ch Challenge, code string) (*oauth2.Token, error) {
	assertion, err := c.assertion(p.Endpoint().TokenURL)
	if err != nil {
		return nil, err
	}
	token, err := c.oauth(p).Exchange(ctx, code, oauth2.VerifierOption(ch.Verifier),
		oauth2.SetAuthURLParam("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
		oauth2.SetAuthURLParam("client_assertion", assertion))
	if err != nil {
		return nil, reason(err)
	}
	return token, nil
}

// assertion says who we are (RFC 7523 §2.2).
func (c *Client) assertion(audience string) (string, error) {
	id := make([]byte, 16)
	rand.Read(id)
	now := c.config.Now()
	payload, err := json.Marshal(map[string]any{"iss": c.config.ClientID, "sub": c.config.ClientID, "aud": audience, "iat": now.Unix(),
		"exp": now.Add(assertionLife).Unix(), "jti": base64.RawURLEncoding.EncodeToString(id)})
	if err != nil {
		return "", fmt.Errorf("openid: %w", err)
	}
	return jose.Sign(c.config.Key, jose.ES256, map[string]any{"kid": c.kid, "typ": "JWT"}, payload)
}

// read checks the ID Token and adds UserInfo.
func (c *Client) read(ctx context.Context, p *provider, ch Challenge, token *oauth2.Token) (map[string]any, error) {
	raw, _ := token.Extra("id_token").(string)
	verifier := p.VerifierContext(ctx, &oidc.Config{ClientID: c.config.ClientID, Now: c.config.Now, SupportedSigningAlgs: []string{oidc.RS256, oidc.PS256, oidc.ES256, oidc.EdDSA}})
	id, err := verifier.Verify(ctx, raw)
	if err != nil {
		return nil, reason(err)
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return nil, untrusted(err)
	}
	azp, many := claims["azp"], len(id.Audience) > 1
	switch {
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(ch.Nonce)) != 1:
		return nil, untrusted(errors.New("another nonce"))
	case azp != nil && azp != c.config.ClientID, many && azp == nil:
		return nil, untrusted(errors.New("the token is for another client"))
	case id.Subject == "" || len(id.Subject) > 255:
		return nil, untrusted(errors.New("no subject"))
	case p.UserInfoEndpoint() == "":
		return claims, nil
	}
	info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, reason(err)
	}
	if info.Subject != id.Subject {
		return nil, untrusted(errors.New("UserInfo is about somebody else"))
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return nil, untrusted(err)
	}
	return merged(claims, more), nil
}

// merged adds what UserInfo says to what the ID Token says, which wins. Whether an
// address or a telephone is verified is said of that very one: by the same document,
// or by the other one about the same value.
func merged(claims, more map[string]any) map[string]any {
	for _, claim := range []string{"email", "phone_number"} {
		verified := claim + "_verified"
		_, said := claims[verified]
		value, there := claims[claim]
		switch {
		case !there:
			delete(claims, verified)
		case said || !reflect.DeepEqual(more[claim], value):
			delete(more, verified)
		}
	}
	out := maps.Clone(more)
	maps.Copy(out, claims)
	return out
}

func untrusted(err error) error {
	return fault.Wrap(fault.Forbidden, "provider_untrusted", "What the other service sent cannot be trusted.", err)
}

// reason tells a provider that is away from one that says what cannot be trusted.
func reason(err error) error {
	var net *url.Error
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode < 500:
		if slices.Contains([]string{"access_denied", "invalid_grant"}, refused.ErrorCode) {
			return fault.Wrap(fault.Forbidden, "provider_refused", "The other service did not sign you in.", err)
		}
		return untrusted(err)
	case errors.As(err, &refused), errors.As(err, &net), errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(fault.Unavailable, "provider_away", "The other service does not answer.", err)
	}
	return untrusted(err)
}
