package specimen

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	neturl "net/url"
	"slices"

	"socialregistry/issuer/verify"
)

// maxCertificate is how many bytes of one certificate every verifier reads.
const maxCertificate = 4 << 10

// chained makes mobile documents of a signer whom no bundle names: whether they are
// believed hangs on the certificates between its own and that of our CA.
func (g *generator) chained(v variant) {
	ca := func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	}
	middle := func(change func(*x509.Certificate)) *x509.Certificate {
		return g.below(g.anchor, g.ca, "es-clerk", change)
	}
	lowest := func(c *x509.Certificate) { ca(c); c.MaxPathLenZero = true }
	office := middle(lowest)
	deputy := g.below(office, g.key("es-clerk"), "es-deputy", ca)
	for name, c := range inOrder(map[string]struct {
		outcome verify.Outcome
		signer  string
		chain   []*x509.Certificate
	}{
		"a CA below ours":                    {verify.Genuine, "es-clerk", []*x509.Certificate{middle(ca)}},
		"certified with no basic constraint": {verify.UnknownIssuer, "es-clerk", []*x509.Certificate{middle(nil)}},
		"certified by no CA":                 {verify.UnknownIssuer, "es-clerk", []*x509.Certificate{middle(func(c *x509.Certificate) { c.BasicConstraintsValid = true })}},
		"certified by version 1":             {verify.UnknownIssuer, "es-clerk", []*x509.Certificate{g.ofVersion(1, middle(nil))}},
		"certified by version 2":             {verify.UnknownIssuer, "es-clerk", []*x509.Certificate{g.ofVersion(2, middle(nil))}},
		"certified by a key for other uses":  {verify.UnknownIssuer, "es-clerk", []*x509.Certificate{middle(func(c *x509.Certificate) { ca(c); c.KeyUsage = x509.KeyUsageDigitalSignature })}},
		"certified by a CA that is over":     {verify.Altered, "es-clerk", []*x509.Certificate{middle(func(c *x509.Certificate) { ca(c); c.NotAfter = day(2026, 1, 1) })}},
		"a CA that may have none below it":   {verify.Genuine, "es-clerk", []*x509.Certificate{office}},
		"and one below it all the same":      {verify.UnknownIssuer, "es-deputy", []*x509.Certificate{deputy, office}},
	}) {
		p := usual()
		p.key = "stranger"
		i := g.mdocIssue(v, p)
		i.Chain = [][]byte{g.below(c.chain[0], g.key(c.signer), "es-stranger", documentSigner).Raw}
		for _, above := range c.chain {
			i.Chain = append(i.Chain, above.Raw)
		}
		checked := check{}
		if c.outcome == verify.Genuine {
			checked.claims = person(v.format)
		}
		g.add(v.String()+": "+name, v.format, c.outcome, g.encode(i), checked)
	}
}

// documentSigner makes a certificate one of a signer of mobile documents of this registry.
func documentSigner(c *x509.Certificate) {
	c.KeyUsage, c.UnknownExtKeyUsage = x509.KeyUsageDigitalSignature, []asn1.ObjectIdentifier{{1, 0, 18013, 5, 1, 2}}
	c.URIs = []*neturl.URL{{Scheme: "https", Host: "registry.example"}}
}

// strangers are signers whom no bundle names and our CA certified, for this or for another
// use, and in whose name.
func (g *generator) strangers(v variant) {
	of := func(host string) []*neturl.URL { return []*neturl.URL{{Scheme: "https", Host: host}} }
	for name, s := range inOrder(map[string]struct {
		outcome verify.Outcome
		bundle  string
		change  func(*x509.Certificate)
	}{
		"of a server": {verify.UnknownIssuer, "", func(c *x509.Certificate) {
			c.UnknownExtKeyUsage, c.ExtKeyUsage = nil, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}},
		"for any use": {verify.UnknownIssuer, "", func(c *x509.Certificate) {
			c.UnknownExtKeyUsage, c.ExtKeyUsage = nil, []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
		}},
		"without a use":                 {verify.UnknownIssuer, "", func(c *x509.Certificate) { c.UnknownExtKeyUsage = nil }},
		"that may not sign":             {verify.UnknownIssuer, "", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }},
		"of unlimited usage":            {verify.Genuine, "", func(c *x509.Certificate) { c.KeyUsage = 0 }},
		"of a CA":                       {verify.UnknownIssuer, "", func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }},
		"of nobody by name":             {verify.Genuine, "", func(c *x509.Certificate) { c.URIs = nil }},
		"of somebody else":              {verify.UnknownIssuer, "", func(c *x509.Certificate) { c.URIs = of("nobody.example") }},
		"of ours, by one CA":            {verify.Genuine, "one-ca", nil},
		"of the bank, by one CA":        {verify.GenuineStatusUnknown, "one-ca", func(c *x509.Certificate) { c.URIs = of("bank.example") }},
		"of either, by one CA":          {verify.Genuine, "one-ca", func(c *x509.Certificate) { c.URIs = append(of("bank.example"), c.URIs...) }},
		"of either, a merged one first": {verify.Genuine, "merged-first", func(c *x509.Certificate) { c.URIs = append(of("bank.example"), c.URIs...) }},
		"of ours in capitals":           {verify.UnknownIssuer, "", func(c *x509.Certificate) { c.URIs = []*neturl.URL{{Scheme: "HTTPS", Host: "registry.example"}} }},
		"of nobody's name, by one CA":   {verify.UnknownIssuer, "one-ca", func(c *x509.Certificate) { c.URIs = nil }},
	}) {
		i := g.mdocIssue(v, usual())
		i.Key = g.key("es-stranger")
		i.Chain = [][]byte{g.below(g.anchor, g.ca, "es-stranger", func(c *x509.Certificate) {
			documentSigner(c)
			if s.change != nil {
				s.change(c)
			}
		}).Raw}
		checked := check{bundle: s.bundle}
		if s.outcome != verify.UnknownIssuer {
			checked.claims = person(v.format)
		}
		g.add(v.String()+": a certificate "+name, v.format, s.outcome, g.encode(i), checked)
	}
}

// below gives a certificate that another's key made.
func (g *generator) below(parent *x509.Certificate, signer crypto.Signer, name string, change func(*x509.Certificate)) *x509.Certificate {
	c := &x509.Certificate{SerialNumber: big.NewInt(4), Subject: pkix.Name{CommonName: name, Country: []string{"XX"}}, NotBefore: day(2026, 1, 1), NotAfter: day(2029, 1, 1)}
	if change != nil {
		change(c)
	}
	der, err := x509.CreateCertificate(nil, c, parent, g.key(name).Public(), signer)
	g.fail(err)
	return g.parsed(der)
}

func (g *generator) parsed(der []byte) *x509.Certificate {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		g.fail(err)
		return g.anchor
	}
	return c
}

// ofVersion gives what our CA certified as it was before there were extensions
// (X.509 of 1988 and 1993).
func (g *generator) ofVersion(version int, c *x509.Certificate) *x509.Certificate {
	var whole struct {
		TBS, Algorithm asn1.RawValue
		Signature      asn1.BitString
	}
	var parts []asn1.RawValue
	_, err := asn1.Unmarshal(c.Raw, &whole)
	g.fail(err)
	_, err = asn1.Unmarshal(whole.TBS.FullBytes, &parts)
	g.fail(err)
	parts = slices.DeleteFunc(parts, func(p asn1.RawValue) bool { return p.Class == asn1.ClassContextSpecific })
	if version > 1 {
		parts = slices.Insert(parts, 0, asn1.RawValue{FullBytes: []byte{0xa0, 3, asn1.TagInteger, 1, byte(version - 1)}})
	}
	tbs, err := asn1.Marshal(parts)
	g.fail(err)
	sum := sha256.Sum256(tbs)
	signature, err := g.ca.Sign(nil, sum[:], crypto.SHA256)
	g.fail(err)
	whole.TBS, whole.Signature = asn1.RawValue{FullBytes: tbs}, asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}
	der, err := asn1.Marshal(whole)
	g.fail(err)
	return g.parsed(der)
}

// longCertificates are as long as may be, and a byte longer.
func (g *generator) longCertificates(v variant) {
	for size, outcome := range inOrder(map[int]verify.Outcome{maxCertificate: verify.Genuine, maxCertificate + 1: verify.UnreadableCode}) {
		i := g.mdocIssue(v, usual())
		i.Chain = [][]byte{g.ofLength(size)}
		g.add(fmt.Sprintf("%s: a certificate of %d bytes", v, size), v.format, outcome, g.encode(i), check{})
	}
}

// ofLength gives our key's certificate with an extension that makes it so long; the
// length of a signature is never known before.
func (g *generator) ofLength(size int) []byte {
	for try, fill := 0, size-600; try < 100; try++ {
		value, err := asn1.Marshal(bytes.Repeat([]byte{'x'}, fill))
		g.fail(err)
		c := g.below(g.anchor, g.ca, "es-1", func(c *x509.Certificate) {
			c.SerialNumber = big.NewInt(int64(5 + try)) // another signature each time
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 999, 1}, Value: value}}
		})
		if len(c.Raw) == size {
			return c.Raw
		}
		fill += size - len(c.Raw)
	}
	g.fail(fmt.Errorf("no certificate of %d bytes", size))
	return nil
}
