package outbound_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/internal/outbound"
)

func hosts(t *testing.T, text string) outbound.Hosts {
	t.Helper()
	h, err := outbound.ParseHosts(text)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestHostsAllow(t *testing.T) {
	t.Parallel()
	h := hosts(t, "data.example.org, http://plain.example.org:8080,https://[2001:db8::1]:8443,10.1.2.3/16")
	for text, want := range map[string]bool{
		"https://data.example.org/x": true, "https://DATA.example.org.:443/x": true, "http://data.example.org/x": false, "https://data.example.org:444/": false,
		"http://plain.example.org:8080/": true, "https://plain.example.org:8080/": false, "https://evil.data.example.org/": false,
		"https://[2001:db8::1]:8443/": true, "https://10.1.9.9/": false, "https://user@data.example.org/": false, "https://data.example.org@evil.org/": false,
	} {
		if got := h.Allows(parse(t, text)); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	for _, bad := range []string{"ftp://x.org", "https://x.org/path", "https://", "https://u:p@x.org", "a b"} {
		if _, err := outbound.ParseHosts(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if (outbound.Hosts{}).Allows(parse(t, "https://data.example.org/")) {
		t.Error("an empty list allows something")
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	h := hosts(t, "data.example.org,10.1.0.0/16")
	for text, want := range map[string]bool{
		"8.8.8.8": true, "2a00:1450::1": true, "10.1.2.3": true, "10.2.0.1": false, "127.0.0.1": false, "::1": false, "::ffff:127.0.0.1": false, "169.254.169.254": false,
		"192.168.0.1": false, "172.16.0.1": false, "100.64.0.1": false, "0.0.0.0": false, "fd00::1": false, "fe80::1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false, "224.0.0.1": false,
		"::127.0.0.1": false, "::ffff:0:7f00:1": false, "fec0::1": false,
	} {
		if got := h.AllowsAddress("data.example.org", text); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	if !h.AllowsAddress("localhost", "127.0.0.1") || h.AllowsAddress("localhost", "8.8.8.8") || h.AllowsAddress("10.2.0.1", "10.2.0.2") || !h.AllowsAddress("10.2.0.1", "10.2.0.1") {
		t.Error("a literal host is not just its address")
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }))
	t.Cleanup(other.Close)
	answer := func(kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			fmt.Fprint(w, body)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/fine", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "<x>; rel=next")
		answer("application/problem+json; charset=utf-8", `{"auth":"`+r.Header.Get("Authorization")+`"}`)(w, r)
	})
	mux.HandleFunc("/page", answer("text/html", "{}"))
	mux.HandleFunc("/full", answer("application/json", strings.Repeat(" ", 100)))
	mux.HandleFunc("/over", answer("application/json", strings.Repeat(" ", 101)))
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	mux.HandleFunc("/none", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	mux.HandleFunc("/part", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(206) })
	mux.HandleFunc("/many", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(300) })
	mux.HandleFunc("/gone", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) })
	mux.HandleFunc("/shut", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) })
	mux.Handle("/away", http.RedirectHandler(other.URL+"/", http.StatusFound))
	mux.Handle("/here", http.RedirectHandler("/fine", http.StatusFound))
	mux.Handle("/round", http.RedirectHandler("/round", http.StatusFound))
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		answer("application/json", "{")(w, r)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	c := outbound.New(outbound.Config{Hosts: hosts(t, server.URL), Timeout: 300 * time.Millisecond, MaxBytes: 100})
	for path, want := range map[string]string{
		"/fine": "", "/here": "", "/full": "", "/page": "answer_not_json", "/over": "answer_too_large", "/broken": "source_error", "/gone": "source_refused", "/shut": "source_denied",
		"/none": "", "/part": "answer_unexpected", "/many": "answer_unexpected", "/away": "redirect_refused", "/round": "redirect_refused", "/slow": "source_timeout",
	} {
		got, err := c.Get(t.Context(), parse(t, server.URL+path), http.Header{"Authorization": {"Bearer x"}})
		if want == "" && err != nil || want != "" && fault.CodeOf(err) != want {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
		if path == "/fine" && (string(got.Body) != `{"auth":"Bearer x"}` || len(got.Link) != 1) {
			t.Errorf("answer %s %v", got.Body, got.Link)
		}
		if got.NoContent != (path == "/none") {
			t.Errorf("%s: no content %v", path, got.NoContent)
		}
		if err != nil && strings.Contains(err.Error(), server.URL) {
			t.Errorf("%s: the address is told: %v", path, err)
		}
	}
	for text, want := range map[string]string{other.URL: "host_not_allowed", strings.Replace(server.URL, "127.0.0.1", "localhost", 1): "host_not_allowed"} {
		if _, err := c.Get(t.Context(), parse(t, text), nil); fault.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	// A name whose address is within: the hosts file of every machine has one.
	named := outbound.New(outbound.Config{Hosts: hosts(t, strings.Replace(server.URL, "127.0.0.1", "localhost", 1))})
	if _, err := named.Get(t.Context(), parse(t, strings.Replace(server.URL, "127.0.0.1", "localhost", 1)+"/fine"), nil); err != nil {
		t.Errorf("localhost that is listed: %v", err)
	}
}
