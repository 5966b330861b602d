package oauth_test

import (
	"strings"
	"testing"

	"socialregistry/issuer/oauth"
)

func TestAccessToken(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{"Bearer k1.a-b_c~+/==": "Bearer", "bearer k1.a-b_c~+/==": "Bearer", "BEARER   k1.a-b_c~+/==": "Bearer",
		"DPoP k1.a-b_c~+/==": "DPoP", "dpop k1.a-b_c~+/==": "DPoP", "DPOP  k1.a-b_c~+/==": "DPoP"} {
		if scheme, got, err := oauth.AccessToken([]string{header}); err != nil || got != "k1.a-b_c~+/==" || scheme != want {
			t.Errorf("%q: %q %q, %v", header, scheme, got, err)
		}
	}
	if _, _, err := oauth.AccessToken([]string{"Bearer " + strings.Repeat("a", 4096)}); err != nil {
		t.Errorf("4096 bytes: %v", err)
	}
}

func TestRow41TokenNoneOrGarbage(t *testing.T) {
	t.Parallel()
	if _, _, err := oauth.AccessToken(nil); oauth.CodeOf(err) != "invalid_token" || !isBare(err) {
		t.Errorf("no header: %v", err)
	}
	if _, _, err := oauth.AccessToken([]string{"Bearer a", "Bearer b"}); oauth.CodeOf(err) != "invalid_request" {
		t.Errorf("two headers: %v", err)
	}
	for _, bad := range []string{"", "Bearer", "Bearer ", "Bearer =", "Bearer a b", "Bearer a,b", "Bearer a\x00", "Bearer é",
		"Basic YTpi", "DPoP", "DPoP ", "DPoPabc", "DPoP a b", "Bearerabc", " Bearer abc", "Bearer " + strings.Repeat("a", 4097)} {
		if _, _, err := oauth.AccessToken([]string{bad}); oauth.CodeOf(err) != "invalid_token" || isBare(err) {
			t.Errorf("%.20q: %v, want invalid_token", bad, err)
		}
	}
}

func isBare(err error) bool {
	e, ok := err.(*oauth.Error)
	return ok && !strings.Contains(strings.Join(e.Challenges(), ""), "error=")
}
