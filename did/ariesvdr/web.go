package ariesvdr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// Bounds of one did:web fetch.
const (
	fetchTime   = 5 * time.Second
	maxDocument = 64 << 10 // bytes
)

// webHost is the host of a did:web, with its port if it has one (did:web
// method specification: %3A stands for the colon), as the list has it.
func webHost(didID string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(didID, "did:web:"), ":")
	name, port, found := strings.Cut(strings.ToLower(host), "%3a")
	if !found {
		return name
	}
	return name + ":" + port
}

// guardedTransport dials public addresses only. The check is made on the
// address that is about to be connected, after DNS, so that a name which
// resolves to a private address, now or on a second look, is refused too. No
// proxy is used: it would dial for us.
func guardedTransport() http.RoundTripper {
	dialer := &net.Dialer{Timeout: fetchTime, Control: publicOnly}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: 16 << 10,
		TLSHandshakeTimeout:    fetchTime,
	}
}

// publicOnly is a net.Dialer's Control.
func publicOnly(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !isPublic(at.Addr()) {
		return fmt.Errorf("%w: not a public address", ErrBlocked)
	}
	return nil
}

// isPublic says that an address is routed on the public internet: nothing of
// the IANA special-purpose registries (RFC 6890), and of IPv6 only 2000::/3
// without the parts that carry an IPv4 address inside.
func isPublic(a netip.Addr) bool {
	a = a.Unmap()
	for _, p := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "224.0.0.0/3",
		"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
	} {
		if netip.MustParsePrefix(p).Contains(a) {
			return false
		}
	}
	return a.IsValid() && (a.Is4() || netip.MustParsePrefix("2000::/3").Contains(a) && a.Zone() == "")
}

// fetchClient gives aries a client for one fetch: bound to ctx, no redirects,
// a bounded body. The URL is always https: aries builds it from the DID.
func fetchClient(ctx context.Context, base http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     fetcher{ctx, base},
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("redirects are not followed") },
	}
}

// fetcher carries the context that aries' interface has no place for.
type fetcher struct {
	ctx  context.Context
	base http.RoundTripper
}

// RoundTrip fetches within the bounds.
func (f fetcher) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := f.base.RoundTrip(req.WithContext(f.ctx))
	if err != nil {
		return nil, err
	}
	resp.Body = &bounded{resp.Body, maxDocument}
	return resp, nil
}

// bounded fails, rather than ends, after left bytes: a cut document must not
// pass for a whole one.
type bounded struct {
	io.ReadCloser
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if len(p) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, fmt.Errorf("more than %d bytes", maxDocument)
	}
	return n, err
}
