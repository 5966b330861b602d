package oauth

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// ErrRedirectURI says that a redirect URI must not be registered.
var ErrRedirectURI = errors.New("oauth: a redirect URI is an absolute https URI, or one of an app's own scheme," +
	" or http on this machine; it has no fragment and no user")

// CheckRedirectURI holds a redirect URI that staff want to register to RFC 9700
// §2.1 and RFC 8252 §7: https, or http on the loopback interface, or a scheme of
// the wallet's own; absolute, without fragment, user or dot segments, in the
// characters of a URI. Authorization requests are compared with it byte by byte.
// Error: ErrRedirectURI.
func CheckRedirectURI(s string) error {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxShort || !printable(s) || strings.ContainsAny(s, " \\#\"<>^`{|}") {
		return ErrRedirectURI
	}
	switch {
	case u.Scheme == "" || u.User != nil || u.Opaque != "" || hasDotSegment(u):
		return ErrRedirectURI
	case slices.Contains(unsafeSchemes(), u.Scheme):
		return ErrRedirectURI
	case u.Scheme == "https" && u.Host != "", u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	case u.Scheme != "https" && u.Scheme != "http": // a private-use scheme (RFC 8252 §7.1)
		return nil
	}
	return ErrRedirectURI
}

// unsafeSchemes run code or read files in a browser.
func unsafeSchemes() []string {
	return []string{"javascript", "data", "vbscript", "file", "filesystem", "blob", "about", "view-source", "chrome", "ws", "wss", "ftp", "mailto"}
}

func hasDotSegment(u *url.URL) bool {
	parts := strings.Split(u.Path, "/") // decoded: %2e%2e too
	return slices.Contains(parts, "..") || slices.Contains(parts, ".")
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
