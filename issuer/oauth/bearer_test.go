package oauth_test

import (
	"strings"
	"testing"

	"socialregistry/issuer/oauth"
)

func TestBearerToken(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"Bearer k1.a-b_c~+/==", "bearer k1.a-b_c~+/==", "BEARER   k1.a-b_c~+/=="} {
		if got, err := oauth.BearerToken([]string{header}); err != nil || got != "k1.a-b_c~+/==" {
			t.Errorf("%q: %q, %v", header, got, err)
		}
	}
	if _, err := oauth.BearerToken([]string{"Bearer " + strings.Repeat("a", 4096)}); err != nil {
		t.Errorf("4096 bytes: %v", err)
	}
}

func TestRow41TokenNoneOrGarbage(t *testing.T) {
	t.Parallel()
	if _, err := oauth.BearerToken(nil); oauth.CodeOf(err) != "invalid_token" || !isBare(err) {
		t.Errorf("no header: %v", err)
	}
	if _, err := oauth.BearerToken([]string{"Bearer a", "Bearer b"}); oauth.CodeOf(err) != "invalid_request" {
		t.Errorf("two headers: %v", err)
	}
	for _, bad := range []string{"", "Bearer", "Bearer ", "Bearer =", "Bearer a b", "Bearer a,b", "Bearer a\x00", "Bearer é",
		"Basic YTpi", "DPoP abc", "Bearerabc", " Bearer abc", "Bearer " + strings.Repeat("a", 4097)} {
		if _, err := oauth.BearerToken([]string{bad}); oauth.CodeOf(err) != "invalid_token" || isBare(err) {
			t.Errorf("%.20q: %v, want invalid_token", bad, err)
		}
	}
}

func isBare(err error) bool {
	e, ok := err.(*oauth.Error)
	return ok && !strings.Contains(e.Challenge(), "error=")
}
