package vciclient

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// Request is one request before it is sent.
type Request struct {
	Method, URL string
	Header      http.Header
	Body        []byte
}

// Bytes is the request as HTTP/1.1 writes it (RFC 9112 §2), headers in the order
// of their names, so that a test can change one of them.
func (r Request) Bytes() ([]byte, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, fmt.Errorf("write a request: %w", err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %d\r\n", r.Method, u.RequestURI(), u.Host, len(r.Body))
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, value := range r.Header[name] {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	b.WriteString("\r\n")
	b.Write(r.Body)
	return b.Bytes(), nil
}

// postForm is a request of application/x-www-form-urlencoded.
func postForm(address string, header http.Header, form url.Values) Request {
	header.Set("Content-Type", "application/x-www-form-urlencoded")
	return Request{Method: http.MethodPost, URL: address, Header: header, Body: []byte(form.Encode())}
}

func encode(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	return b, nil
}
