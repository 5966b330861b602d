package main_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"testing"

	"socialregistry/internal/vciclient"
)

// newDocumentSigner makes one who signs mobile documents under a CA of its own (ISO/IEC
// 18013-5 Annex B).
func newDocumentSigner(t *testing.T) *vciclient.Provider {
	t.Helper()
	made := func(name string, public crypto.PublicKey, parent *x509.Certificate, by crypto.Signer, change func(*x509.Certificate)) ([]byte, *x509.Certificate) {
		c := &x509.Certificate{SerialNumber: big.NewInt(int64(len(name))), Subject: pkix.Name{CommonName: name, Country: []string{"UT"}}, NotBefore: now().AddDate(0, -6, 0), NotAfter: now().AddDate(0, 6, 0)}
		change(c)
		if parent == nil {
			parent = c
		}
		der, err := x509.CreateCertificate(rand.Reader, c, parent, public, by)
		if err != nil {
			t.Fatal(err)
		}
		return der, c
	}
	var keys []*ecdsa.PrivateKey
	for range 2 {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	root, ca := made("Root of a trial", keys[0].Public(), nil, keys[0], func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})
	leaf, _ := made("Document signer of a trial", keys[1].Public(), ca, keys[0], func(c *x509.Certificate) {
		c.KeyUsage, c.UnknownExtKeyUsage = x509.KeyUsageDigitalSignature, []asn1.ObjectIdentifier{{1, 0, 18013, 5, 1, 2}}
	})
	return &vciclient.Provider{Key: keys[1], Chain: [][]byte{leaf}, Root: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root})}
}
