package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestTLSTakesNoWeakCipher: TLS 1.3, and of TLS 1.2 the ECDHE suites with AES-GCM
// alone; the certificate for trying out is good for localhost.
func TestTLSTakesNoWeakCipher(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	config := Config{PublicURL: "https://localhost:8443", TLSCert: filepath.Join(folder, "tls", "cert.pem"), TLSKey: filepath.Join(folder, "tls", "key.pem")}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	secured, err := overTLS(listener, config, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- serveHTTP(ctx, secured, http.NotFoundHandler(), silent()) }()

	pem, err := os.ReadFile(config.TLSCert)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate")
	}
	for name, tc := range map[string]struct {
		min, max uint16
		suite    uint16
		ok       bool
	}{
		"TLS 1.3":             {tls.VersionTLS13, tls.VersionTLS13, 0, true},
		"TLS 1.2 AES-128-GCM": {tls.VersionTLS12, tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, true},
		"TLS 1.2 AES-256-GCM": {tls.VersionTLS12, tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, true},
		"TLS 1.2 ChaCha20":    {tls.VersionTLS12, tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, false},
		"TLS 1.2 AES-CBC":     {tls.VersionTLS12, tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, false},
		"TLS 1.1":             {tls.VersionTLS11, tls.VersionTLS11, 0, false},
	} {
		client := &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tc.min, MaxVersion: tc.max}
		if tc.suite != 0 {
			client.CipherSuites = []uint16{tc.suite}
		}
		conn, err := tls.Dial("tcp", listener.Addr().String(), client)
		if (err == nil) != tc.ok {
			t.Errorf("%s: %v, want taken: %v", name, err, tc.ok)
		}
		if err == nil {
			conn.Close()
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestCertificateIsMadeForThisMachineOnly: what is there is kept, and no other
// host gets a certificate that nobody trusts.
func TestCertificateIsMadeForThisMachineOnly(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	at := func(url, cert, key string) Config {
		return Config{PublicURL: url, TLSCert: filepath.Join(folder, cert), TLSKey: filepath.Join(folder, key)}
	}
	here := at("https://localhost", "c.pem", "k.pem")
	if _, err := overTLS(nil, here, time.Now()); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(here.TLSCert)
	if _, err := overTLS(nil, here, time.Now()); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.ReadFile(here.TLSCert); string(after) != string(before) {
		t.Error("a second start made another certificate")
	}
	if info, err := os.Stat(here.TLSKey); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", info, err)
	}
	for name, config := range map[string]Config{"another host": at("https://registry.example", "a.pem", "b.pem"), "one of two": at("https://localhost", "c.pem", "other.pem")} {
		if _, err := overTLS(nil, config, time.Now()); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
