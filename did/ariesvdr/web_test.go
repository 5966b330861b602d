package ariesvdr_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"socialregistry/did/ariesvdr"
)

// site is a did:web host on this machine that serves one document.
type site struct {
	did, host string
	registry  *ariesvdr.Registry // reaches this machine
	asked     atomic.Int64
}

func newSite(t *testing.T, serve func(w http.ResponseWriter, did string)) *site {
	t.Helper()
	s := &site{}
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if r.URL.Path != "/.well-known/did.json" {
			http.NotFound(w, r)
			return
		}
		serve(w, s.did)
	}))
	t.Cleanup(srv.Close)
	s.host = srv.Listener.Addr().String()
	s.did = "did:web:" + strings.Replace(s.host, ":", "%3A", 1)
	s.registry = ariesvdr.Unguarded(ariesvdr.New([]string{s.host}), srv.Client().Transport, time.Second)
	return s
}

func document(id, pad string) string {
	return fmt.Sprintf(`{"@context":["https://www.w3.org/ns/did/v1"],"id":%q,"verificationMethod":[{"id":"%s#k1","type":"Multikey","controller":%q,
		"publicKeyMultibase":"z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ8XJPt4swbTQ2"}],"assertionMethod":["%s#k1"],"alsoKnownAs":["https://x.example/%s"]}`,
		id, id, id, id, pad)
}

func TestDIDWeb(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w http.ResponseWriter, did string) { fmt.Fprint(w, document(did, "")) })
	methods, err := s.registry.Resolve(context.Background(), s.did)
	if err != nil || len(methods) != 1 || methods[0].ID != s.did+"#k1" || len(methods[0].Raw) != 34 {
		t.Fatalf("%+v, %v", methods, err)
	}
}

// A key that stands under keyAgreement only signs nothing.
func TestOnlySigningMethods(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w http.ResponseWriter, did string) {
		fmt.Fprint(w, strings.Replace(document(did, ""), "assertionMethod", "keyAgreement", 1))
	})
	if methods, err := s.registry.Resolve(context.Background(), s.did); err != nil || len(methods) != 0 {
		t.Errorf("%+v, %v", methods, err)
	}
}

// base58 is decoded in quadratic time: a long did:key is refused before.
func TestLongDIDsAreNotDecoded(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"did:key:z" + strings.Repeat("6", 120), "did:jwk:" + strings.Repeat("a", 2041)} {
		if _, err := ariesvdr.New(nil).Resolve(context.Background(), id); err == nil || !strings.Contains(err.Error(), "too long") {
			t.Errorf("%d bytes: %v", len(id), err)
		}
	}
}

func TestDIDWebRefusals(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(w http.ResponseWriter, did string){
		"document of another DID": func(w http.ResponseWriter, _ string) { fmt.Fprint(w, document("did:web:bank.example", "")) },
		"redirect": func(w http.ResponseWriter, did string) { // to a good document, were it followed
			w.Header().Set("Location", "/.well-known/did.json?again")
			w.WriteHeader(http.StatusFound)
			fmt.Fprint(w, document(did, ""))
		},
		"not found": func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusNotFound) },
		"not JSON":  func(w http.ResponseWriter, _ string) { fmt.Fprint(w, "<html>") },
		"too big": func(w http.ResponseWriter, did string) {
			fmt.Fprint(w, document(did, strings.Repeat("p", ariesvdr.MaxDocument)))
		},
		"bad multibase": func(w http.ResponseWriter, did string) {
			fmt.Fprint(w, strings.Replace(document(did, ""), "z6Mk", "q!", 1))
		},
		"a number as id": func(w http.ResponseWriter, _ string) { fmt.Fprint(w, `{"id":7}`) },
		"null":           func(w http.ResponseWriter, _ string) { fmt.Fprint(w, `null`) },
	} {
		s := newSite(t, serve)
		if _, err := s.registry.Resolve(context.Background(), s.did); !errors.Is(err, ariesvdr.ErrNotFound) || len(err.Error()) > 250 {
			t.Errorf("%s: %v, want ErrNotFound", name, err)
		}
		if s.asked.Load() != 1 {
			t.Errorf("%s: asked %d times, want once", name, s.asked.Load())
		}
	}
}

// A document of exactly the limit passes; one byte more does not.
func TestDIDWebSizeLimit(t *testing.T) {
	t.Parallel()
	for extra, ok := range map[int]bool{-1: true, 0: true, 1: false} {
		s := newSite(t, func(w http.ResponseWriter, did string) {
			fmt.Fprint(w, document(did, strings.Repeat("p", ariesvdr.MaxDocument+extra-len(document(did, "")))))
		})
		if _, err := s.registry.Resolve(context.Background(), s.did); (err == nil) != ok {
			t.Errorf("%+d bytes: %v", extra, err)
		}
	}
}

func TestDIDWebTimeLimit(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := newSite(t, func(http.ResponseWriter, string) { <-release })
	t.Cleanup(func() { close(release) })
	if _, err := s.registry.Resolve(context.Background(), s.did); !errors.Is(err, ariesvdr.ErrNotFound) {
		t.Errorf("a silent host: %v", err)
	}
}

func TestDIDWebEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w http.ResponseWriter, did string) { fmt.Fprint(w, document(did, "")) })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.registry.Resolve(ctx, s.did); !errors.Is(err, ariesvdr.ErrNotFound) || s.asked.Load() != 0 {
		t.Errorf("%v, asked %d times", err, s.asked.Load())
	}
}

// Only hosts on the list are asked, whatever the DID looks like.
func TestDIDWebAllowList(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w http.ResponseWriter, did string) { fmt.Fprint(w, document(did, "")) })
	empty := ariesvdr.Unguarded(ariesvdr.New(nil), http.DefaultTransport, time.Second)
	for _, id := range []string{s.did, "did:web:", "did:web:%3A443", "did:web:example.org"} {
		if _, err := empty.Resolve(context.Background(), id); !errors.Is(err, ariesvdr.ErrBlocked) {
			t.Errorf("%s on an empty list: %v, want ErrBlocked", id, err)
		}
	}
	port := s.host[strings.LastIndex(s.host, ":")+1:]
	for _, id := range []string{"did:web:evil.example%40" + strings.TrimPrefix(s.did, "did:web:"), "did:web:127.0.0.1", "did:web:127.0.0.1%3A1",
		"did:web:127.0.0.1:" + port, "did:web:localhost%3A" + port, s.did + "%2F..", s.did + "%23", s.did + "%3A80"} {
		if _, err := s.registry.Resolve(context.Background(), id); !errors.Is(err, ariesvdr.ErrBlocked) {
			t.Errorf("%s: %v, want ErrBlocked", id, err)
		}
	}
	if s.asked.Load() != 0 {
		t.Errorf("asked %d times", s.asked.Load())
	}
}

// The dial guard holds even for a host on the list: an address of this machine,
// a name that resolves to one, the metadata address of clouds.
func TestDIDWebNeverReachesPrivateAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w http.ResponseWriter, did string) { fmt.Fprint(w, document(did, "")) })
	_, port, err := net.SplitHostPort(s.host)
	if err != nil {
		t.Fatal(err)
	}
	hosts := []string{s.host, "localhost:" + port, "169.254.169.254", "10.0.0.1", "0.0.0.0:" + port, "127.1:" + port, "2130706433:" + port}
	guarded := ariesvdr.New(hosts)
	for _, host := range hosts[:5] {
		if _, err := guarded.Resolve(context.Background(), "did:web:"+strings.Replace(host, ":", "%3A", 1)); !errors.Is(err, ariesvdr.ErrBlocked) {
			t.Errorf("%s: %v, want ErrBlocked", host, err)
		}
	}
	for _, host := range hosts[5:] { // odd spellings: some resolvers read them as 127.0.0.1
		if _, err := guarded.Resolve(context.Background(), "did:web:"+strings.Replace(host, ":", "%3A", 1)); err == nil {
			t.Errorf("%s was resolved", host)
		}
	}
	if s.asked.Load() != 0 {
		t.Errorf("reached %d times", s.asked.Load())
	}
}

func TestIsPublic(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"1.1.1.1": true, "9.255.255.255": true, "11.0.0.0": true, "172.15.255.255": true, "172.32.0.0": true, "192.167.255.255": true,
		"192.169.0.0": true, "100.63.255.255": true, "100.128.0.0": true, "223.255.255.255": true, "2606:4700::1111": true,
		"0.0.0.0": false, "10.0.0.0": false, "10.255.255.255": false, "100.64.0.0": false, "100.127.255.255": false, "127.0.0.1": false,
		"127.255.255.255": false, "169.254.169.254": false, "172.16.0.0": false, "172.31.255.255": false, "192.168.0.0": false,
		"192.168.255.255": false, "192.0.2.1": false, "198.18.0.1": false, "198.51.100.7": false, "203.0.113.7": false, "224.0.0.1": false,
		"240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:1.1.1.1": true, "::7f00:1": false,
		"64:ff9b::7f00:1": false, "fc00::1": false, "fd00:ec2::254": false, "fe80::1": false, "fec0::1": false, "ff02::1": false,
		"2001:db8::1": false, "2001::1": false, "2002:7f00:1::": false, "2606:4700::1%eth0": false,
	} {
		if got := ariesvdr.IsPublic(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: public %v, want %v", address, got, want)
		}
	}
	if ariesvdr.IsPublic(netip.Addr{}) {
		t.Error("no address is public")
	}
}
