package vci_test

import (
	"errors"
	"fmt"
	"html"
	"net/url"
	"strings"
	"time"

	"socialregistry/internal/secret"
	"socialregistry/issuer/oauth"
)

// authorized takes a credential by the authorization code grant: the wallet pushes
// its request (RFC 9126) and shows its key by a client assertion; the browser of
// its owner, who signed in before, opens the page and agrees; the wallet redeems
// the code (RFC 7636).
func (w *flowWallet) authorized(string) error {
	verifier := secret.RandomID(32)
	requestURI, err := w.push(verifier)
	if err != nil {
		return err
	}
	code, err := w.agree(requestURI)
	if err != nil {
		return err
	}
	form, err := w.authenticated(url.Values{"grant_type": {oauth.GrantAuthorizationCode}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier}})
	if err != nil {
		return err
	}
	return w.redeem(form, object{"iss": w.clientID})
}

func (w *flowWallet) push(verifier string) (requestURI string, err error) {
	form, err := w.authenticated(url.Values{"response_type": {"code"}, "redirect_uri": {redirect}, "state": {secret.RandomID(16)},
		"code_challenge": {challenge(verifier)}, "code_challenge_method": {"S256"}, "scope": {sd}})
	if err != nil {
		return "", err
	}
	var pushed struct {
		RequestURI string `json:"request_uri"`
	}
	err = w.call(flowCall{method: "POST", path: "/oid4vci/par", contentType: formMedia, body: form.Encode(), bound: w.dpop}, &pushed)
	return pushed.RequestURI, err
}

// agree is what the browser does: it follows the wallet's link to the page, and
// sends the form on it.
func (w *flowWallet) agree(requestURI string) (code string, err error) {
	query := url.Values{"client_id": {w.clientID}, "request_uri": {requestURI}}
	header, _, err := w.send(flowCall{method: "GET", path: "/oid4vci/authorize?" + query.Encode(), session: w.session})
	if err != nil {
		return "", err
	}
	_, page, err := w.send(flowCall{method: "GET", path: header.Get("Location"), session: w.session})
	if err != nil {
		return "", err
	}
	_, rest, _ := strings.Cut(string(page), `action="/me/authorize/`)
	action, _, found := strings.Cut(rest, `"`)
	if !found {
		return "", errors.New("the page has no form")
	}
	header, _, err = w.send(flowCall{method: "POST", path: "/me/authorize/" + html.UnescapeString(action), contentType: formMedia, body: "decision=allow", session: w.session})
	if err != nil {
		return "", err
	}
	back, err := url.Parse(header.Get("Location"))
	if err == nil && back.Query().Get("code") == "" {
		err = fmt.Errorf("no code came: %s", back)
	}
	if err != nil {
		return "", err
	}
	return back.Query().Get("code"), nil
}

// authenticated adds a client assertion to a form (RFC 7523 §2.2).
func (w *flowWallet) authenticated(form url.Values) (url.Values, error) {
	now := time.Now().Unix()
	assertion, err := w.sign(object{"typ": "JWT"}, object{"iss": w.clientID, "sub": w.clientID, "aud": publicURL, "jti": secret.RandomID(16), "iat": now, "exp": now + 60})
	if err != nil {
		return nil, err
	}
	form.Set("client_id", w.clientID)
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", assertion)
	return form, nil
}
