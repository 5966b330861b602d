package web_test

import (
	"net/url"
	"strings"
	"testing"

	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
)

// asked is the address to which a wallet sends the browser.
func (w *world) asked(t *testing.T, client string) string {
	t.Helper()
	err := ledger.New(w.db, w.Now).CreateClient(t.Context(), ledger.Client{ID: client, Name: "Wallet", AuthMethod: oauth.AuthNone,
		RedirectURIs: []string{"https://wallet.example/cb"}, GrantTypes: []string{oauth.GrantAuthorizationCode}}, ledger.Entry{Actor: "test", Reason: "test"})
	if err != nil {
		t.Fatal(err)
	}
	pushed, err := w.issuer.Push(t.Context(), oauth.Call{Method: "POST", URL: w.URL + "/oid4vci/par"}, url.Values{"client_id": {client},
		"response_type": {"code"}, "redirect_uri": {"https://wallet.example/cb"}, "scope": {"SocialRegistryPerson_dc_sd_jwt"},
		"code_challenge": {strings.Repeat("a", 43)}, "code_challenge_method": {"S256"}})
	if err != nil {
		t.Fatal(err)
	}
	return "/oid4vci/authorize?" + url.Values{"client_id": {client}, "request_uri": {pushed.RequestURI}}.Encode()
}
