package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"socialregistry/internal/vciclient"
)

// maxBrowsing is how long somebody may take to sign in and to agree.
const maxBrowsing = 10 * time.Minute

// throughBrowser prints the address for a person to open, and waits on this
// machine for the browser to come back (RFC 8252 §7.3).
func throughBrowser(words io.Writer, redirectURI string) func(context.Context, string) (*url.URL, error) {
	return func(ctx context.Context, address string) (*url.URL, error) {
		back, err := url.Parse(redirectURI)
		if err != nil || back.Scheme != "http" || !vciclient.IsLoopback(back.Hostname()) {
			return nil, errors.New("--redirect-uri must be http on this machine, for I wait there for the browser")
		}
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", back.Host)
		if err != nil {
			return nil, fmt.Errorf("wait for the browser at %s: %w", back.Host, err)
		}
		came := make(chan *url.URL, 1)
		server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: callback(back.Path, came)}
		go func() { _ = server.Serve(listener) }() // ends with Close
		defer server.Close()
		fmt.Fprintf(words, "Open this address, sign in and decide:\n\n  %s\n\n", safe(address))
		select {
		case u := <-came:
			return u, nil
		case <-time.After(maxBrowsing):
			return nil, errors.New("the browser did not come back")
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// callback hands over the first call of the path and thanks.
func callback(path string, came chan<- *url.URL) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path {
			http.NotFound(w, r)
			return
		}
		select {
		case came <- r.URL:
		default: // once is enough
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, "The wallet has its answer. You can close this page.")
	})
}
