package conformance_test

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"socialregistry/api"
	"socialregistry/internal/dbtest"
	"socialregistry/web"
)

// clock is a time that a test moves.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) pass(d time.Duration) { c.ahead.Add(int64(d)) }

// onServer runs f against a server behind TLS on each database.
func onServer(t *testing.T, f func(t *testing.T, s *suite)) {
	t.Helper()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) { f(t, startServer(t, databaseURL)) })
}

// startServer serves the whole product behind TLS until the test ends.
func startServer(t *testing.T, databaseURL string) *suite {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	must(t, err)
	pair, roots := certify(t)
	c := &clock{}
	s := prepare(t, databaseURL, "https://localhost:"+port, c)
	s.roots = roots
	s.client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: s.tls(), MaxIdleConnsPerHost: 16}}
	pages, err := web.New(web.Config{Registry: s.office.registry, Issuer: s.office.issuer, PublicURL: s.url, Now: c.now})
	must(t, err)
	handler, err := api.New(api.Deps{Registry: s.office.registry, Issuer: s.office.issuer, Pages: pages, PublicURL: s.url, Now: c.now, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	server := httptest.NewUnstartedServer(handler)
	server.Listener.Close()
	server.Listener = listener
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	return s
}

// certify makes a certificate for this machine, and the pool that trusts it.
func certify(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true, IsCA: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	leaf, err := x509.ParseCertificate(der)
	must(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
