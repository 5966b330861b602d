package outbound

import (
	"fmt"
	"io"
	"net/http"
)

// HTTP gives a client for libraries that speak HTTP themselves: it reaches the hosts
// of the list alone, follows no redirect, and cuts an answer off after MaxBytes,
// which no JSON survives.
func (c *Client) HTTP() *http.Client {
	return &http.Client{Timeout: c.config.Timeout, Transport: bounded{c},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// bounded holds what goes out to the list.
type bounded struct{ c *Client }

func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	if !b.c.Allows(req.URL) {
		return nil, fmt.Errorf("outbound: host not allowed: %s", req.URL.Hostname())
	}
	res, err := b.c.http.Transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, b.c.config.MaxBytes), res.Body}
	return res, nil
}
