package web_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"socialregistry/web"
)

// sources is this package's folder.
func sources() fs.FS { return os.DirFS(".") }

func TestOnlyWalletLinksPass(t *testing.T) {
	t.Parallel()
	good := "openid-credential-offer://?credential_offer_uri=http%3A%2F%2Flocalhost%3A8080%2Foid4vci%2Foffers%2Fabc"
	if got, err := web.WalletLink(good); err != nil || string(got) != good {
		t.Errorf("%s, %v", got, err)
	}
	for _, bad := range []string{"", "javascript:alert(1)", "https://example.org/?x", "openid-credential-offer:?x", "openid-credential-offer://host?x",
		`openid-credential-offer://?x="onclick=`, "openid-credential-offer://?<script>", " openid-credential-offer://?x", "data:text/html,x"} {
		if got, err := web.WalletLink(bad); err == nil {
			t.Errorf("%q passed as %q", bad, got)
		}
	}
}

func TestNextStaysOnOurPages(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"/me": "/me", "/me/credentials": "/me/credentials", "/admin/people?q=a": "/admin/people?q=a",
		"": "", "/": "", "//evil.example": "", "https://evil.example": "", "/\\evil.example": "", "/login": "", "/me//evil": "", "/admin\r\nX: y": "",
		"/me\\..\\x": "", "javascript:alert(1)": "",
	} {
		if got := web.LocalPath(next); got != want {
			t.Errorf("LocalPath(%q) = %q, want %q", next, got, want)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	f.Add("/me")
	f.Add("//x")
	f.Fuzz(func(t *testing.T, s string) {
		if got := web.LocalPath(s); got != "" && (!strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n")) {
			t.Errorf("LocalPath(%q) = %q", s, got)
		}
	})
}
