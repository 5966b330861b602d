package oauth_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"socialregistry/issuer/oauth"
)

const s256 = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636 appendix B

// pushed is a request that is in order, with some parameters changed.
func pushed(more ...string) url.Values {
	v := url.Values{"client_id": {"wallet"}, "response_type": {"code"}, "redirect_uri": {"https://wallet.example/cb"},
		"code_challenge": {s256}, "code_challenge_method": {"S256"}, "scope": {"person"}}
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

func FuzzParsePushedRequest(f *testing.F) {
	f.Add(pushed().Encode())
	f.Add(pushed("authorization_details", `[{"type":"openid_credential","credential_configuration_id":"a","claims":[{"path":["x",null,1]}],"locations":["`+issuerID+`"]}]`).Encode())
	f.Add(pushed("authorization_details", strings.Repeat("[", 4096)).Encode())
	f.Add(pushed("request_uri", "urn:x").Encode() + "&scope=%00&scope=b")
	f.Fuzz(func(t *testing.T, body string) {
		v, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		got, err := oauth.ParsePushedRequest(v, issuerID)
		var e *oauth.Error
		if err != nil && (!errors.As(err, &e) || e.Code == "" || e.Status < 400 || !allowed(e.Description)) {
			t.Fatalf("error is not a clean protocol error: %v", err)
		}
		if err == nil && (got.ClientID == "" || got.RedirectURI == "" || len(got.CodeChallenge) != 43 || len(got.State) > 2048 || len(got.Details) > 32) {
			t.Fatalf("accepted %+v", got)
		}
	})
}

func FuzzCheckRedirectURI(f *testing.F) {
	for _, s := range []string{"https://wallet.example/cb", "org.wallet:/cb", "http://127.0.0.1:7/cb", "javascript:alert(1)", "https://a@b/", "https://w/%2e%2e/x", "JAVAscript://x/%0aalert(1)", "https://w/#f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if oauth.CheckRedirectURI(s) != nil {
			return
		}
		u, err := url.Parse(s)
		if err != nil || u.User != nil || strings.ContainsAny(s, "#\"<> \\") || strings.HasPrefix(strings.ToLower(s), "javascript:") || strings.HasPrefix(strings.ToLower(s), "data:") {
			t.Fatalf("accepted %q", s)
		}
		if u.Scheme == "http" && u.Hostname() != "localhost" && !strings.HasPrefix(u.Hostname(), "127.") && u.Hostname() != "::1" && !strings.HasPrefix(u.Hostname(), "::ffff:127.") {
			t.Fatalf("accepted plain http to %q", u.Host)
		}
	})
}
