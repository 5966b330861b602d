package openid

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

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

// Address is where a browser is sent to sign in. With again the provider asks the person
// anew, whatever it knows, and says when it did: see AskedAt. Error: Unavailable
// "provider_away".
func (c *Client) Address(ctx context.Context, ch Challenge, again bool) (string, error) {
	p, err := c.discover(ctx)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(ch.Nonce), oauth2.S256ChallengeOption(ch.Verifier)}
	if again { // OpenID Connect Core §3.1.2.1
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return c.oauth(p).AuthCodeURL(ch.State, options...), nil
}

// authTime is the claim about when the provider asked the person; only an ID Token says it.
const authTime = "auth_time"

// AskedAt is when the provider itself asked the person who signed in, by the claims that
// it gave; zero: it does not say.
func AskedAt(claims map[string]any) time.Time {
	seconds, ok := claims[authTime].(float64)
	if !ok || seconds <= 0 || seconds > math.MaxInt32*100 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
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
		return nil, away(saying(code))
	case slices.Contains([]string{"access_denied", "login_required", "interaction_required", "consent_required", "account_selection_required"}, code):
		return nil, fault.New(fault.Forbidden, "provider_refused", "The other service did not sign you in.")
	case code != "" || answer.Get("code") == "": // it does not like how we ask
		return nil, fault.Wrap(fault.Forbidden, "provider_refused", "The other service did not sign you in.", saying(code))
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, c.http), 3*c.config.Patience)
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
		return nil, reason(withoutAnswer(err))
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
	delete(out, authTime)
	maps.Copy(out, claims)
	return out
}

func untrusted(err error) error {
	return fault.Wrap(fault.Forbidden, "provider_untrusted", "What the other service sent cannot be trusted.", brief(err))
}

// reason tells a provider that is away from one that says what cannot be trusted. The
// cause is for the log of the operator: it holds nothing of what the provider answered
// but its code, for that may be about a person.
func reason(err error) error {
	var net *url.Error
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused):
		return reasonOfToken(refused)
	case errors.As(err, &net), errors.Is(err, context.DeadlineExceeded), strings.Contains(err.Error(), "fetching keys"):
		return away(err)
	}
	return untrusted(err)
}

func away(cause error) error {
	return fault.Wrap(fault.Unavailable, "provider_away", "The other service does not answer.", brief(cause))
}

// maxCause is how many bytes of a cause are told, which may quote a whole answer.
const maxCause = 200

func brief(err error) error {
	if words := err.Error(); len(words) > maxCause {
		return errors.New(strings.ToValidUTF8(words[:maxCause], ""))
	}
	return err
}

// reasonOfToken is reason for what the token endpoint answers.
func reasonOfToken(refused *oauth2.RetrieveError) error {
	status := 0
	if refused.Response != nil {
		status = refused.Response.StatusCode
	}
	cause := fmt.Errorf("the token endpoint: status %d: %w", status, saying(refused.ErrorCode))
	switch {
	case status == 0 || status >= http.StatusInternalServerError:
		return away(cause)
	case slices.Contains([]string{"access_denied", "invalid_grant"}, refused.ErrorCode):
		return fault.Wrap(fault.Forbidden, "provider_refused", "The other service did not sign you in.", cause)
	}
	return untrusted(cause)
}

var plainCode = regexp.MustCompile(`^[a-z_]{1,40}$`)

// saying is a code of OAuth as the cause of a failure; what is none may be anything.
func saying(code string) error {
	switch {
	case code == "":
		return errors.New("the provider says nothing of why")
	case !plainCode.MatchString(code):
		return errors.New("the provider says why in no code of OAuth")
	}
	return errors.New("the provider says " + code)
}

// withoutAnswer takes out of an error of UserInfo what the provider answered, which is
// about a person.
func withoutAnswer(err error) error {
	var net *url.Error
	if errors.As(err, &net) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return errors.New("UserInfo cannot be read")
}
