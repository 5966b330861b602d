package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// certificateLife is how long a certificate for trying out holds.
const certificateLife = 90 * 24 * time.Hour

// overTLS puts TLS on the listener, if a certificate is named. Where the server is
// for this machine alone and neither file is there, they are made: a certificate
// that nobody trusts but who is told to, for trying out.
func overTLS(listener net.Listener, c Config, now time.Time) (net.Listener, error) {
	if c.TLSCert == "" {
		return listener, nil
	}
	if err := beginCertificate(c, now); err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("read the certificate (SR_TLS_CERT, SR_TLS_KEY): %w", err)
	}
	return tls.NewListener(listener, tlsConfig(pair)), nil
}

// tlsConfig takes TLS 1.2 with the suites of FAPI 2.0 §5.2.2 that Go has (RFC 9325
// §4.2), and TLS 1.3.
func tlsConfig(pair tls.Certificate) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{pair},
		MinVersion:   tls.VersionTLS12,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		},
	}
}

// beginCertificate makes the two files where they may be made.
func beginCertificate(c Config, now time.Time) error {
	u, err := url.Parse(c.PublicURL)
	if err != nil || !isLoopback(u.Hostname()) {
		return err
	}
	for _, path := range []string{c.TLSCert, c.TLSKey} {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return err // it is there, or it cannot be told: reading it says more
		}
	}
	cert, key, err := selfSigned(now)
	if err != nil {
		return fmt.Errorf("make a certificate for this machine: %w", err)
	}
	for path, content := range map[string][]byte{c.TLSCert: cert, c.TLSKey: key} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("make the folder of the certificate (SR_TLS_CERT, SR_TLS_KEY): %w", err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return fmt.Errorf("write the certificate (SR_TLS_CERT, SR_TLS_KEY): %w", err)
		}
	}
	return nil
}

// selfSigned makes a certificate for this machine and its key, in PEM.
func selfSigned(now time.Time) (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "localhost"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, nil, err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), nil
}
