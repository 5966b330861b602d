package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// token is the answer of the token endpoint (OID4VCI 1.0 §6.2).
type token struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Details []struct {
		Type          string   `json:"type"`
		Configuration string   `json:"credential_configuration_id"`
		Identifiers   []string `json:"credential_identifiers"`
	} `json:"authorization_details"`
}

// redeem turns the pre-authorized code into an access token (§6.1).
func (w *wallet) redeem(ctx context.Context, s *server, g *grant, txCode string) (*token, error) {
	w.say("Redeeming the code for an access token: %s", s.TokenEndpoint)
	form := url.Values{"grant_type": {preAuthorizedGrant}, "pre-authorized_code": {g.Code}}
	if g.TxCode != nil {
		form.Set("tx_code", txCode)
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	a, err := w.web.do(ctx, http.MethodPost, s.TokenEndpoint, header, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, a.refusal(s.TokenEndpoint)
	}
	var t token
	if err := a.decode(s.TokenEndpoint, &t); err != nil {
		return nil, err
	}
	if err := a.notStored(); err != nil { // RFC 6749 §5.1
		return nil, fmt.Errorf("%s: %w", s.TokenEndpoint, err)
	}
	if t.Access == "" || !strings.EqualFold(t.Type, "Bearer") {
		return nil, fmt.Errorf("%s gives no bearer token (token_type %q)", s.TokenEndpoint, printable(t.Type))
	}
	return &t, nil
}

// identifier is what to ask the credential endpoint for: the identifier that the
// token came with, if any, else the configuration (§8.2).
func (t *token) identifier(configuration string) (member, value string) {
	for _, d := range t.Details {
		if d.Type == "openid_credential" && d.Configuration == configuration && len(d.Identifiers) > 0 {
			return "credential_identifier", d.Identifiers[0]
		}
	}
	return "credential_configuration_id", configuration
}

// freshNonce asks for a nonce, "" if the issuer has no nonce endpoint (§7).
func (w *wallet) freshNonce(ctx context.Context, i *issuer) (string, error) {
	if i.NonceEndpoint == "" {
		return "", nil
	}
	w.say("Asking for a nonce, so that my proof is fresh: %s", i.NonceEndpoint)
	a, err := w.web.do(ctx, http.MethodPost, i.NonceEndpoint, nil, nil)
	if err != nil {
		return "", err
	}
	if a.status != http.StatusOK {
		return "", a.refusal(i.NonceEndpoint)
	}
	var n struct {
		Nonce string `json:"c_nonce"`
	}
	if err := a.decode(i.NonceEndpoint, &n); err != nil {
		return "", err
	}
	if err := a.notStored(); err != nil { // §7.2
		return "", fmt.Errorf("%s: %w", i.NonceEndpoint, err)
	}
	if n.Nonce == "" {
		return "", fmt.Errorf("%s gives no c_nonce", i.NonceEndpoint)
	}
	return n.Nonce, nil
}

// notStored demands that a secret is marked as not to be kept by caches.
func (a answer) notStored() error {
	words := strings.FieldsFunc(strings.ToLower(a.header.Get("Cache-Control")), func(r rune) bool { return r == ',' || r == ' ' })
	if !slices.Contains(words, "no-store") {
		return errors.New("the answer is not marked Cache-Control: no-store")
	}
	return nil
}
