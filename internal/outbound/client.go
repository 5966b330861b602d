package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"socialregistry/internal/fault"
)

// The limits that hold where Config leaves them zero.
const (
	DefaultTimeout  = 60 * time.Second // of a whole fetch
	DefaultMaxBytes = 16 << 20         // of an answer, after it is unpacked
	maxRedirects    = 3
)

// Config says what may be fetched.
type Config struct {
	Hosts    Hosts
	Timeout  time.Duration
	MaxBytes int64
	Roots    *x509.CertPool // who certifies the hosts; nil: those whom this machine trusts
}

// Client fetches. It is safe for concurrent use.
type Client struct {
	config Config
	http   *http.Client
}

// Answer is what a fetch gave.
type Answer struct {
	Body      []byte
	Link      []string // header fields Link (RFC 8288)
	NoContent bool     // status 204: there is no body to read
}

// Errors of this package, as their callers tell them apart: see Get.
var (
	errAddress  = errors.New("outbound: the address is not public and not listed")
	errRedirect = errors.New("outbound: redirect to another host")
)

// New makes a client. It takes no proxy from the environment.
func New(c Config) *Client {
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	if c.MaxBytes <= 0 {
		c.MaxBytes = DefaultMaxBytes
	}
	client := &Client{config: c}
	client.http = &http.Client{
		Timeout:       c.Timeout,
		CheckRedirect: client.checkRedirect,
		Transport:     &http.Transport{DialContext: client.dial, TLSClientConfig: &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12}, TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: 64 << 10, DisableKeepAlives: true},
	}
	return client
}

// Allows tells whether a URL is on a host of the list.
func (c *Client) Allows(u *url.URL) bool { return c.config.Hosts.Allows(u) }

// dial connects to a host of the list, if the address that is really connected to
// is one that it may have.
func (c *Client) dial(ctx context.Context, network, hostPort string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !c.config.Hosts.allowsAddress(strings.TrimSuffix(host, "."), at.Addr()) {
			return errAddress
		}
		return nil
	}}
	return d.DialContext(ctx, network, hostPort)
}

func (c *Client) checkRedirect(next *http.Request, before []*http.Request) error {
	if len(before) > maxRedirects || origin(next.URL) != origin(before[0].URL) || next.URL.User != nil {
		return errRedirect
	}
	return nil
}

// Get fetches a JSON document. It returns Forbidden "host_not_allowed",
// "address_not_allowed", "redirect_refused" or "source_denied" (401, 403); Unavailable "source_unreachable",
// "source_timeout" or "source_error" (5xx, 408, 429); Invalid "source_refused" (any
// other 4xx), "answer_unexpected" (any other status but 200 and 204) or "answer_not_json"; TooLarge "answer_too_large".
func (c *Client) Get(ctx context.Context, u *url.URL, header http.Header) (Answer, error) {
	if !c.Allows(u) {
		return Answer{}, fault.New(fault.Forbidden, "host_not_allowed", "This host is not on the list of those that may be reached.")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return Answer{}, fmt.Errorf("outbound: %w", err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "socialregistry")
	res, err := c.http.Do(req)
	if err != nil {
		return Answer{}, failure(ctx, err)
	}
	defer res.Body.Close()
	if err := checkHead(res); err != nil {
		return Answer{}, err
	}
	if res.StatusCode == http.StatusNoContent {
		return Answer{NoContent: true}, nil
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, c.config.MaxBytes+1))
	switch {
	case err != nil:
		return Answer{}, failure(ctx, err)
	case int64(len(body)) > c.config.MaxBytes:
		return Answer{}, fault.New(fault.TooLarge, "answer_too_large", fmt.Sprintf("The answer has more than %d bytes.", c.config.MaxBytes))
	}
	return Answer{Body: body, Link: res.Header.Values("Link")}, nil
}

func checkHead(res *http.Response) error {
	switch {
	case res.StatusCode >= 500, res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusRequestTimeout:
		return fault.New(fault.Unavailable, "source_error", fmt.Sprintf("The other system answered with status %d.", res.StatusCode))
	case res.StatusCode == http.StatusUnauthorized, res.StatusCode == http.StatusForbidden:
		return fault.New(fault.Forbidden, "source_denied", fmt.Sprintf("The other system does not let the registry in (status %d): look at the secret.", res.StatusCode))
	case res.StatusCode >= 400:
		return fault.New(fault.Invalid, "source_refused", fmt.Sprintf("The other system refused with status %d.", res.StatusCode))
	case res.StatusCode == http.StatusNoContent:
		return nil
	case res.StatusCode != http.StatusOK:
		return fault.New(fault.Invalid, "answer_unexpected", fmt.Sprintf("The other system answered with status %d, which gives no page.", res.StatusCode))
	}
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return fault.New(fault.Invalid, "answer_not_json", "The answer does not say that it is JSON.")
	}
	return nil
}

// failure says what went wrong, without the address: it may hold a secret.
func failure(ctx context.Context, err error) error {
	var timeout net.Error
	switch {
	case errors.Is(err, errAddress):
		return fault.New(fault.Forbidden, "address_not_allowed", "The host has an address that may not be reached.")
	case errors.Is(err, errRedirect):
		return fault.New(fault.Forbidden, "redirect_refused", "The other system sends to another host, or too often on.")
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fault.New(fault.Unavailable, "source_timeout", "The other system took too long.")
	}
	return fault.New(fault.Unavailable, "source_unreachable", "The other system cannot be reached, or ended the connection.")
}
