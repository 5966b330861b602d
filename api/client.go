package api

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"

	"github.com/gin-gonic/gin"
)

// Proxies are the networks of the proxies in front of the service, whose word on where a
// request comes from is believed.
type Proxies []netip.Prefix

// maxForwarded is how many addresses of a header are looked at: no chain of proxies is
// longer.
const maxForwarded = 20

// ParseProxies reads addresses and networks with commas between them: 10.0.0.5 or
// 10.1.0.0/16. Everybody's network is refused, for then anybody could be anybody.
func ParseProxies(text string) (Proxies, error) {
	var out Proxies
	for word := range strings.SplitSeq(text, ",") {
		word = strings.TrimSpace(word)
		if word == "" {
			continue
		}
		network, err := netip.ParsePrefix(word)
		if err != nil {
			address, err := netip.ParseAddr(word)
			if err != nil {
				return nil, errors.New("not an address and not a network")
			}
			network = netip.PrefixFrom(address, address.BitLen())
		}
		if network.Bits() == 0 {
			return nil, errors.New("a network of everybody")
		}
		out = append(out, network.Masked())
	}
	return out, nil
}

func (p Proxies) trust(at netip.Addr) bool {
	for _, network := range p {
		if network.Contains(at) {
			return true
		}
	}
	return false
}

// client is the address that a request comes from: that of the connection or, if it is
// one of our proxies, the last one in X-Forwarded-For that is not. What stands before
// that, the client may have written itself. An entry that is no address ends the search.
func (p Proxies) client(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	at := from.Addr().Unmap().WithZone("")
	entries := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for n := len(entries) - 1; n >= max(0, len(entries)-maxForwarded) && p.trust(at); n-- {
		before, err := addressOf(strings.TrimSpace(entries[n]))
		if err != nil {
			return at
		}
		at = before
	}
	return at
}

// addressOf reads an entry of X-Forwarded-For, which some proxies write with a port.
func addressOf(entry string) (netip.Addr, error) {
	if at, err := netip.ParseAddrPort(entry); err == nil {
		return at.Addr().Unmap().WithZone(""), nil
	}
	at, err := netip.ParseAddr(entry)
	return at.Unmap().WithZone(""), err
}

const clientKey = "api.client"

// findClient is the middleware that finds out where a request comes from.
func (s *server) findClient(c *gin.Context) { c.Set(clientKey, s.deps.Proxies.client(c.Request)) }

// clientOf is whom a limit counts: the address that a request comes from; for IPv6 its
// /64, which is what one household or host gets.
func clientOf(c *gin.Context) netip.Prefix {
	value, _ := c.Get(clientKey)
	ip, _ := value.(netip.Addr)
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
