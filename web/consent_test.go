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

// What is agreed to is shown: also the optional details that nobody has attested
// yet, in both languages.
func TestConsentShowsWhatMayFollow(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		for lang, want := range map[string]string{"en": "And, once attested:", "ar": "وكذلك، بعد المصادقة عليها:"} {
			page := w.registrant(lang).get(w.asked(t, "wallet-"+lang))
			_, later, _ := strings.Cut(text(page.body), want)
			for _, f := range []string{"second_name", "sex", "national_id", "region"} {
				label := w.label(t, lang, f)
				if !strings.Contains(later, label) {
					t.Errorf("%s: %q is not among what may follow\n%s", lang, label, text(page.body))
				}
			}
		}
	})
}

// label is how a field is called in a language.
func (w *world) label(t *testing.T, lang, key string) string {
	t.Helper()
	fields, err := w.registry.Fields(t.Context())
	w.must(err)
	for _, f := range fields {
		if f.Key == key {
			return f.Label[lang]
		}
	}
	t.Fatalf("no field %s", key)
	return ""
}
