package conformance_test

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"testing"
	"time"

	"socialregistry/internal/vciclient"
)

// leafKey is the key of the first certificate in x5c (RFC 7515 §4.1.6), whose chain
// leads to the issuer's CA.
func leafKey(r *run, header map[string]any) *ecdsa.PublicKey {
	r.Helper()
	list, _ := header["x5c"].([]any)
	var chain []*x509.Certificate
	for _, e := range list {
		text, _ := e.(string)
		der, err := base64.StdEncoding.Strict().DecodeString(text)
		must(r, err)
		c, err := x509.ParseCertificate(der)
		must(r, err)
		chain = append(chain, c)
	}
	return r.certified(chain)
}

// certified is the key of a chain that leads to the issuer's CA.
func (r *run) certified(chain []*x509.Certificate) *ecdsa.PublicKey {
	r.Helper()
	if err := checkChain(chain, r.suite.office.issuer.Authorities(), r.client.Now()); err != nil {
		r.Fatalf("certificates of the signer: %v", err)
	}
	key, ok := chain[0].PublicKey.(*ecdsa.PublicKey)
	if !ok {
		r.Fatalf("the leaf has a %T", chain[0].PublicKey)
	}
	return key
}

// checkChain holds certificates to HAIP §4.5, §6.1.1: the signer's own first, none of
// them signed by itself, so not the anchor either, to which they lead. anchors are PEM.
func checkChain(chain []*x509.Certificate, anchors []byte, at time.Time) error {
	if len(chain) == 0 {
		return errors.New("there are none")
	}
	roots, others := x509.NewCertPool(), x509.NewCertPool()
	if !roots.AppendCertsFromPEM(anchors) {
		return errors.New("there is no anchor")
	}
	for n, c := range chain {
		if c.CheckSignatureFrom(c) == nil {
			return fmt.Errorf("number %d is signed by itself", n)
		}
		others.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: others, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err
}

// The check itself can fail.
func TestCheckChain(t *testing.T) {
	t.Parallel()
	now := time.Now()
	p, err := vciclient.NewProvider(now)
	must(t, err)
	other, err := vciclient.NewProvider(now)
	must(t, err)
	leaf, err := x509.ParseCertificate(p.Chain[0])
	must(t, err)
	block, _ := pem.Decode(p.Root)
	root, err := x509.ParseCertificate(block.Bytes)
	must(t, err)
	for name, c := range map[string]struct {
		chain   []*x509.Certificate
		anchors []byte
		at      time.Time
		good    bool
	}{
		"good":          {[]*x509.Certificate{leaf}, p.Root, now, true},
		"none":          {nil, p.Root, now, false},
		"another CA":    {[]*x509.Certificate{leaf}, other.Root, now, false},
		"with anchor":   {[]*x509.Certificate{leaf, root}, p.Root, now, false},
		"anchor itself": {[]*x509.Certificate{root}, p.Root, now, false},
		"over":          {[]*x509.Certificate{leaf}, p.Root, now.AddDate(1, 0, 0), false},
	} {
		if err := checkChain(c.chain, c.anchors, c.at); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}
