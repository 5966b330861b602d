package vciclient

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
	"slices"
	"strings"
	"time"

	"socialregistry/internal/jose"
)

// Limits of what a server may send or take.
const (
	maxBody     = 1 << 20 // bytes
	maxDuration = 30 * time.Second
)

// Answer is what a server said. Members are those of its JSON object, if it is
// one.
type Answer struct {
	Status  int
	Header  http.Header
	Body    []byte
	Members map[string]any

	address string
	wrong   error // why it is no JSON object
}

// Fetch reads a JSON document into the value: 200, application/json (or a +json
// type), no member twice.
func (c *Client) Fetch(ctx context.Context, address string, into any) error {
	a, err := c.Get(ctx, address, "application/json")
	if err != nil {
		return err
	}
	if a.Status != http.StatusOK {
		return &Unanswered{fmt.Errorf("%s answers %d", address, a.Status), a.Status}
	}
	if a.wrong != nil {
		return a.wrong
	}
	return a.decode(into)
}

// Get asks for a document of a media type.
func (c *Client) Get(ctx context.Context, address, accept string) (Answer, error) {
	return c.Send(ctx, Request{Method: http.MethodGet, URL: address, Header: http.Header{"Accept": {accept}}})
}

// Send sends one request: https only (http on this machine), no redirects, no
// endless bodies. What the answer brings for the next request is remembered.
func (c *Client) Send(ctx context.Context, r Request) (Answer, error) {
	if _, err := CheckURL(r.URL); err != nil {
		return Answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return Answer{}, fmt.Errorf("ask %s: %w", r.URL, err)
	}
	req.Header.Set("Accept", "application/json")
	for name, values := range r.Header {
		req.Header[name] = values
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		return Answer{}, &Unanswered{fmt.Errorf("ask %s: %w", r.URL, errors.Unwrap(err)), 0} // the outer error repeats the address with its query
	}
	defer res.Body.Close()
	c.remember(r.URL, res.Header)
	return ReadAnswer(r.URL, res)
}

// ReadAnswer takes in a response. That it is no JSON is an error only for those
// who need it to be.
func ReadAnswer(address string, res *http.Response) (Answer, error) {
	b, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err != nil {
		return Answer{}, &Unanswered{fmt.Errorf("read the answer of %s: %w", address, err), res.StatusCode}
	}
	if len(b) > maxBody {
		return Answer{}, fmt.Errorf("the answer of %s is longer than %d bytes", address, maxBody)
	}
	a := Answer{Status: res.StatusCode, Header: res.Header, Body: b, address: address}
	kind := a.mediaType()
	if kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		a.wrong = &Unanswered{fmt.Errorf("%s answers %d with no JSON", address, res.StatusCode), res.StatusCode}
		return a, nil
	}
	if a.Members, err = jose.DecodeObject(bytes.TrimSpace(b)); err != nil {
		a.wrong = fmt.Errorf("%s: %w", address, err)
	}
	return a, nil
}

func (a Answer) mediaType() string {
	kind, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return kind
}

// decode reads the JSON of the answer into the value.
func (a Answer) decode(into any) error {
	if a.wrong != nil {
		return a.wrong
	}
	if err := json.Unmarshal(a.Body, into); err != nil {
		return fmt.Errorf("%s: a member has the wrong type", a.address)
	}
	return nil
}

// Document demands that the answer is a JSON document. Anything else is no
// answer.
func (a Answer) Document() error {
	if a.wrong != nil {
		return a.wrong
	}
	if a.Status != http.StatusOK {
		return &Unanswered{a.Refusal(), a.Status}
	}
	return nil
}

// want holds an answer to a status and to JSON that no cache keeps (RFC 6749
// §5.1, OID4VCI 1.0 §7.2, §8.3).
func (a Answer) want(status int, into any) error {
	switch {
	case a.wrong != nil:
		return a.wrong
	case a.Status != status:
		return a.Refusal()
	}
	if err := a.decode(into); err != nil {
		return err
	}
	return a.notStored()
}

// notStored demands that a secret is marked as not to be kept by caches.
func (a Answer) notStored() error {
	words := strings.FieldsFunc(strings.ToLower(a.Header.Get("Cache-Control")), func(r rune) bool { return r == ',' || r == ' ' })
	if !slices.Contains(words, "no-store") {
		return fmt.Errorf("%s: the answer is not marked Cache-Control: no-store", a.address)
	}
	return nil
}

// Code is the error code of an answer: in its body (RFC 6749 §5.2), or in its
// challenge (RFC 6750 §3, RFC 9449 §7.1). "" if it has none.
func (a Answer) Code() string {
	if code, ok := a.Members["error"].(string); ok {
		return code
	}
	_, rest, ok := strings.Cut(a.Header.Get("WWW-Authenticate"), `error="`)
	code, _, closed := strings.Cut(rest, `"`)
	if !ok || !closed {
		return ""
	}
	return code
}

// Refusal puts a server's error into words. Only the printable part of what it
// says is repeated.
func (a Answer) Refusal() error {
	code := a.Code()
	if code == "" {
		return fmt.Errorf("%s answers %d", a.address, a.Status)
	}
	words, _ := a.Members["error_description"].(string)
	return &Refused{address: a.address, Status: a.Status, Code: Printable(code), words: Printable(words)}
}

// Refused is an error that a server names by an OAuth code.
type Refused struct {
	Status int
	Code   string

	address, words string
}

func (r *Refused) Error() string {
	return strings.TrimSuffix(fmt.Sprintf("%s refuses with %d %s: %s", r.address, r.Status, r.Code, r.words), ": ")
}

// Unanswered says that a question got no answer: no connection, an error of the
// server, the page of a gateway. Whatever was asked about is neither good nor bad.
type Unanswered struct {
	err    error
	Status int // of the answer that was none; 0 without a connection
}

func (u *Unanswered) Error() string { return u.err.Error() }

func (u *Unanswered) Unwrap() error { return u.err }

// CheckURL holds every address to https; http is for a loopback host only.
func CheckURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return nil, fmt.Errorf("%q is not a web address", address)
	case u.User != nil || u.Fragment != "" || strings.HasSuffix(address, "#"):
		return nil, fmt.Errorf("%q has a user name or a fragment", address)
	case u.Scheme == "https", u.Scheme == "http" && IsLoopback(u.Hostname()):
		return u, nil
	}
	return nil, fmt.Errorf("%q is not https (http is for this machine only)", address)
}

// IsLoopback says whether a host name means this machine.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// WellKnown inserts a well-known name between host and path (OID4VCI 1.0
// §12.2.2, RFC 8414 §3). A trailing slash of the issuer stays.
func WellKnown(u *url.URL, name string) string {
	return u.Scheme + "://" + u.Host + "/.well-known/" + name + u.EscapedPath()
}

// Printable is the part of a foreign text that steers no terminal and has a
// bounded length.
func Printable(s string) string {
	const limit = 200
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s[:min(len(s), limit)])
}
