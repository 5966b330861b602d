package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"socialregistry/internal/jose"
)

// Limits of what a server may send or take.
const (
	maxBody     = 1 << 20 // bytes
	maxDuration = 30 * time.Second
)

// web makes requests as a careful wallet does: no redirects, no endless bodies,
// https only, JSON without doubled members.
type web struct{ client *http.Client }

func newWeb() web {
	return web{&http.Client{
		Timeout: maxDuration,
		// What the specification fetches is never behind a redirect, and one could
		// carry a code or a token elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is what a server said, its JSON members checked and still raw.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	members map[string]any
}

// fetch reads a JSON document: 200, application/json (or a +json type).
func (w web) fetch(ctx context.Context, address string, into any) error {
	a, err := w.do(ctx, http.MethodGet, address, nil, nil)
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return &unanswered{fmt.Errorf("%s answers %d", address, a.status), a.status}
	}
	return a.decode(address, into)
}

func (a answer) decode(address string, into any) error {
	if err := json.Unmarshal(a.body, into); err != nil {
		return fmt.Errorf("%s: a member has the wrong type", address)
	}
	return nil
}

// do sends one request and reads a JSON object.
func (w web) do(ctx context.Context, method, address string, header http.Header, body io.Reader) (answer, error) {
	if _, err := checkURL(address); err != nil {
		return answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return answer{}, fmt.Errorf("ask %s: %w", address, err)
	}
	req.Header.Set("Accept", "application/json")
	for name, values := range header {
		req.Header[name] = values
	}
	res, err := w.client.Do(req)
	if err != nil {
		return answer{}, &unanswered{fmt.Errorf("ask %s: %w", address, errors.Unwrap(err)), 0} // the outer error repeats the address with its query
	}
	defer res.Body.Close()
	return read(address, res)
}

func read(address string, res *http.Response) (answer, error) {
	b, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err != nil {
		return answer{}, &unanswered{fmt.Errorf("read the answer of %s: %w", address, err), res.StatusCode}
	}
	if len(b) > maxBody {
		return answer{}, fmt.Errorf("the answer of %s is longer than %d bytes", address, maxBody)
	}
	a := answer{status: res.StatusCode, header: res.Header, body: b}
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return answer{}, &unanswered{fmt.Errorf("%s answers %d with no JSON", address, res.StatusCode), res.StatusCode}
	}
	if a.members, err = jose.DecodeObject(bytes.TrimSpace(b)); err != nil {
		return answer{}, fmt.Errorf("%s: %w", address, err)
	}
	return a, nil
}

// unanswered says that a question got no answer: no connection, an error of the
// server, the page of a gateway. Whatever was asked about is neither good nor bad.
type unanswered struct {
	err    error
	status int // of the answer that was none; 0 without a connection
}

func (u *unanswered) Error() string { return u.err.Error() }

func (u *unanswered) Unwrap() error { return u.err }

// checkURL holds every address to https; http is for a loopback host only.
func checkURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return nil, fmt.Errorf("%q is not a web address", address)
	case u.User != nil || u.Fragment != "" || strings.HasSuffix(address, "#"):
		return nil, fmt.Errorf("%q has a user name or a fragment", address)
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return u, nil
	}
	return nil, fmt.Errorf("%q is not https (http is for this machine only)", address)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// wellKnown inserts a well-known name between host and path (OID4VCI 1.0
// §12.2.2, RFC 8414 §3). A trailing slash of the issuer stays.
func wellKnown(u *url.URL, name string) string {
	return u.Scheme + "://" + u.Host + "/.well-known/" + name + u.EscapedPath()
}

// refusal puts a server's error into words. Only the printable part of what it
// says is repeated.
func (a answer) refusal(address string) error {
	code, _ := a.members["error"].(string)
	if code == "" {
		return fmt.Errorf("%s answers %d", address, a.status)
	}
	words, _ := a.members["error_description"].(string)
	return &refused{address: address, status: a.status, code: printable(code), words: printable(words)}
}

// refused is an error that a server names by an OAuth code.
type refused struct {
	address, code, words string
	status               int
}

func (r *refused) Error() string {
	return strings.TrimSuffix(fmt.Sprintf("%s refuses with %d %s: %s", r.address, r.status, r.code, r.words), ": ")
}

func printable(s string) string {
	const limit = 200
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s[:min(len(s), limit)])
}
