package outbound

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Hosts is what may be reached. The zero value is nothing.
type Hosts struct {
	origins []string       // scheme://host:port
	nets    []netip.Prefix // that names may resolve into, besides public addresses
}

// ParseHosts reads a list with commas: data.example.org, https://HOST:PORT,
// http://HOST:PORT for a host without TLS, and networks such as 10.1.0.0/16 that
// names may resolve into. A host that is written as an address, or as localhost,
// may be just that address.
func ParseHosts(text string) (Hosts, error) {
	var h Hosts
	for _, entry := range strings.Split(text, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		if prefix, err := netip.ParsePrefix(entry); err == nil {
			h.nets = append(h.nets, prefix.Masked())
			continue
		}
		if !strings.Contains(entry, "://") {
			entry = "https://" + entry
		}
		u, err := url.Parse(entry)
		if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != entry || u.Scheme != "http" && u.Scheme != "https" {
			return Hosts{}, fmt.Errorf("outbound: not a host or a network: %q", entry)
		}
		h.origins = append(h.origins, origin(u))
	}
	return h, nil
}

// origin is scheme, host in small letters, and port.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), port)
}

// Allows tells whether a URL is on a host of the list.
func (h Hosts) Allows(u *url.URL) bool {
	return u.User == nil && slices.Contains(h.origins, origin(u))
}

// allowsAddress tells whether a connection to host, which is on the list, may be
// one to this address.
func (h Hosts) allowsAddress(host string, addr netip.Addr) bool {
	addr = addr.Unmap()
	if literal, err := netip.ParseAddr(host); err == nil {
		return literal.Unmap() == addr
	}
	if strings.EqualFold(host, "localhost") {
		return addr.IsLoopback()
	}
	return isPublic(addr) || slices.ContainsFunc(h.nets, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// isPublic tells whether an address is one of the Internet: RFC 6890 and what has
// come since.
func isPublic(addr netip.Addr) bool {
	if !addr.IsGlobalUnicast() || addr.IsPrivate() || addr.Is6() && !global6().Contains(addr) {
		return false
	}
	return !slices.ContainsFunc(special(), func(p netip.Prefix) bool { return p.Contains(addr) })
}

// global6 is what of IPv6 is given out for the open net (RFC 4291 §2.4, IANA): all
// else is local, or hides an IPv4 address.
func global6() netip.Prefix { return netip.MustParsePrefix("2000::/3") }

// special are the networks that look public and are not, those that hide an IPv4
// address among them.
func special() []netip.Prefix {
	var out []netip.Prefix
	for _, p := range []string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16"} {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}
