package outbound

import "net/netip"

// AllowsAddress is allowsAddress for tests.
func (h Hosts) AllowsAddress(host, addr string) bool {
	return h.allowsAddress(host, netip.MustParseAddr(addr))
}
