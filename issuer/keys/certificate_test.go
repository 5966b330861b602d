package keys_test

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"slices"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/keys"
)

func kenya() keys.Issuer {
	return keys.Issuer{Country: "KE", Name: "Registry of Kenya", URL: "https://registry.example:8443"}
}

func authority(t *testing.T) keys.Key {
	t.Helper()
	ca, err := keys.Generate(keys.Authority, jose.ES256, day(1), day(30))
	must(t, err)
	der, err := ca.SelfSigned(kenya())
	must(t, err)
	ca.Chain = [][]byte{der}
	return ca
}

func certified(t *testing.T, ca keys.Key) keys.Key {
	t.Helper()
	k := generate(t, jose.ES256, day(2).Add(7*time.Hour), day(20))
	der, err := ca.Certify(k, kenya())
	must(t, err)
	k.Chain = [][]byte{der}
	return k
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func certificate(t *testing.T, k keys.Key) *x509.Certificate {
	t.Helper()
	c, err := k.Certificate()
	must(t, err)
	return c
}

// ISO 18013-5 §B.1.2: what an IACA certificate must hold.
func TestIssuerCAProfile(t *testing.T) {
	t.Parallel()
	ca := authority(t)
	c := certificate(t, ca)
	if c.Version != 3 || !c.IsCA || !c.MaxPathLenZero || c.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign || c.SignatureAlgorithm != x509.ECDSAWithSHA256 {
		t.Errorf("version %d, CA %v, path %d, usage %b, %s", c.Version, c.IsCA, c.MaxPathLen, c.KeyUsage, c.SignatureAlgorithm)
	}
	if !slices.Equal(c.Subject.Country, []string{"KE"}) || c.Subject.CommonName != "Registry of Kenya issuer CA" || !bytes.Equal(c.RawIssuer, c.RawSubject) {
		t.Errorf("subject %s, issuer %s", c.Subject, c.Issuer)
	}
	if len(c.SubjectKeyId) != 20 || c.SerialNumber.BitLen() < 63 || len(c.SerialNumber.Bytes()) > 20 {
		t.Errorf("key id %x, serial %s", c.SubjectKeyId, c.SerialNumber)
	}
	if !c.NotBefore.Equal(day(1)) || !c.NotAfter.Equal(day(30).Add(keys.SignerLife)) {
		t.Errorf("from %s until %s", c.NotBefore, c.NotAfter)
	}
	critical(t, c, map[string]bool{"2.5.29.15": true, "2.5.29.19": true, "2.5.29.14": false, "2.5.29.18": false})
}

// ISO 18013-5 §B.1.4: a document signer; HAIP 1.0 §6.1.1: not self-signed.
func TestDocumentSignerProfile(t *testing.T) {
	t.Parallel()
	ca := authority(t)
	k := certified(t, ca)
	c, root := certificate(t, k), certificate(t, ca)
	if c.IsCA || c.KeyUsage != x509.KeyUsageDigitalSignature || !slices.Equal(c.Subject.Country, root.Subject.Country) || !bytes.Equal(c.AuthorityKeyId, root.SubjectKeyId) {
		t.Errorf("CA %v, usage %b, subject %s, authority %x", c.IsCA, c.KeyUsage, c.Subject, c.AuthorityKeyId)
	}
	if len(c.UnknownExtKeyUsage) != 1 || !c.UnknownExtKeyUsage[0].Equal(asn1.ObjectIdentifier{1, 0, 18013, 5, 1, 2}) || len(c.ExtKeyUsage) != 0 {
		t.Errorf("extended usage %v %v", c.UnknownExtKeyUsage, c.ExtKeyUsage)
	}
	if len(c.URIs) != 1 || c.URIs[0].String() != kenya().URL || !slices.Equal(c.DNSNames, []string{"registry.example"}) {
		t.Errorf("names %v %v", c.URIs, c.DNSNames)
	}
	if !c.NotBefore.Equal(day(2)) || c.NotAfter.Sub(c.NotBefore) != 457*24*time.Hour {
		t.Errorf("from %s until %s, want the UTC day on which it signs first, and 457 days", c.NotBefore, c.NotAfter)
	}
	critical(t, c, map[string]bool{"2.5.29.15": true, "2.5.29.37": true, "2.5.29.14": false, "2.5.29.35": false, "2.5.29.18": false, "2.5.29.17": false})
	roots := x509.NewCertPool()
	roots.AddCert(root)
	if _, err := c.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: day(3), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		t.Errorf("path: %v", err)
	}
	late := generate(t, jose.ES256, day(1).AddDate(2, 0, 0), day(2).AddDate(2, 0, 0))
	der, err := ca.Certify(late, kenya())
	must(t, err)
	late.Chain = [][]byte{der}
	if got := certificate(t, late).NotAfter; !got.Equal(root.NotAfter) {
		t.Errorf("until %s, want no longer than the CA, %s", got, root.NotAfter)
	}
}

// critical holds the extensions to those that the profile lists.
func critical(t *testing.T, c *x509.Certificate, want map[string]bool) {
	t.Helper()
	got := map[string]bool{}
	for _, e := range c.Extensions {
		got[e.Id.String()] = e.Critical
	}
	if len(got) != len(want) {
		t.Errorf("extensions %v, want %v", got, want)
	}
	for id, is := range want {
		if was, ok := got[id]; !ok || was != is {
			t.Errorf("extension %s: there %v, critical %v, want %v", id, ok, was, is)
		}
	}
}

// An address has no DNS name.
func TestCertificateOfAnAddress(t *testing.T) {
	t.Parallel()
	ca, k := authority(t), generate(t, jose.ES256, day(1), day(2))
	who := kenya()
	who.URL = "http://127.0.0.1:8080"
	der, err := ca.Certify(k, who)
	must(t, err)
	if c, err := x509.ParseCertificate(der); err != nil || len(c.DNSNames) != 0 || c.URIs[0].String() != who.URL {
		t.Errorf("%v, %v", c, err)
	}
}

func TestChainAt(t *testing.T) {
	t.Parallel()
	ca := authority(t)
	k := certified(t, ca)
	last := certificate(t, k).NotAfter
	for at, want := range map[time.Time]error{day(2).Add(-time.Second): keys.ErrNoCertificate, day(2): nil, last: nil, last.Add(time.Second): keys.ErrNoCertificate} {
		if chain, err := k.ChainAt(at); !errors.Is(err, want) || err == nil && len(chain) != 1 {
			t.Errorf("%s: %d, %v, want %v", at, len(chain), err, want)
		}
	}
	k.Chain = append(k.Chain, ca.Chain[0])
	if chain, err := k.ChainAt(day(3)); err != nil || len(chain) != 1 {
		t.Errorf("%d certificates, %v: the anchor is not sent", len(chain), err)
	}
	if _, err := generate(t, jose.EdDSA, day(1), day(2)).ChainAt(day(1)); !errors.Is(err, keys.ErrNoCertificate) {
		t.Errorf("EdDSA: %v", err)
	}
}

func TestCertifyRefuses(t *testing.T) {
	t.Parallel()
	ca := authority(t)
	bare := ca
	bare.Chain = nil
	encryption, err := keys.Generate(keys.Encryption, keys.ECDHES, day(1), day(2))
	must(t, err)
	for name, try := range map[string]func() ([]byte, error){
		"EdDSA":              func() ([]byte, error) { return ca.Certify(generate(t, jose.EdDSA, day(1), day(2)), kenya()) },
		"an encryption key":  func() ([]byte, error) { return ca.Certify(encryption, kenya()) },
		"a CA":               func() ([]byte, error) { return ca.Certify(authority(t), kenya()) },
		"a CA that has none": func() ([]byte, error) { return bare.Certify(generate(t, jose.ES256, day(1), day(2)), kenya()) },
		"a key that is no CA": func() ([]byte, error) {
			return certified(t, ca).Certify(generate(t, jose.ES256, day(1), day(2)), kenya())
		},
		"self-signed leaf": func() ([]byte, error) { return generate(t, jose.ES256, day(1), day(2)).SelfSigned(kenya()) },
	} {
		if _, err := try(); !errors.Is(err, keys.ErrKey) {
			t.Errorf("%s: %v, want ErrKey", name, err)
		}
	}
}

// A certificate that a CA outside makes of our request is taken; every other is
// refused, and the key keeps its own.
func TestCertificateFromOutside(t *testing.T) {
	t.Parallel()
	ca, other := authority(t), authority(t)
	k := certified(t, ca)
	request, err := k.Request(kenya())
	must(t, err)
	csr, err := x509.ParseCertificateRequest(request)
	must(t, err)
	if err := csr.CheckSignature(); err != nil || csr.Subject.Country[0] != "KE" || csr.URIs[0].String() != kenya().URL {
		t.Errorf("request of %s for %v: %v", csr.Subject, csr.URIs, err)
	}
	file := func(ders ...[]byte) []byte {
		var out []byte
		for _, der := range ders {
			out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
		}
		return out
	}
	long := k // its window ends after the certificate does
	long.NotAfter = certificate(t, k).NotAfter.Add(time.Second)
	elsewhere := certified(t, other)
	for name, c := range map[string]struct {
		key  keys.Key
		file []byte
		want error
	}{
		"leaf and anchor": {k, file(k.Chain[0], ca.Chain[0]), nil}, "leaf alone": {k, file(k.Chain[0]), nil},
		"empty": {k, nil, keys.ErrCertificate}, "no PEM": {k, []byte("x"), keys.ErrCertificate}, "something before": {k, append([]byte("x\n"), file(k.Chain[0])...), keys.ErrCertificate},
		"a private key": {k, []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), keys.ErrCertificate},
		"garbage":       {k, file([]byte("x")), keys.ErrCertificate}, "another key's": {k, file(elsewhere.Chain[0]), keys.ErrCertificate},
		"the CA's own": {ca, file(ca.Chain[0]), keys.ErrCertificate}, "another anchor": {k, file(k.Chain[0], other.Chain[0]), keys.ErrCertificate},
		"over before the key": {long, file(k.Chain[0]), keys.ErrCertificate},
		"six":                 {k, file(k.Chain[0], ca.Chain[0], ca.Chain[0], ca.Chain[0], ca.Chain[0], ca.Chain[0]), keys.ErrCertificate},
	} {
		chain, err := keys.ParseChain(c.file)
		var got keys.Key
		if err == nil {
			got, err = c.key.WithChain(chain, day(3))
		}
		if !errors.Is(err, c.want) || err == nil && len(got.Chain) != len(chain) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := k.WithChain(k.Chain, day(2).Add(-time.Second)); !errors.Is(err, keys.ErrCertificate) {
		t.Errorf("before it begins: %v", err)
	}
}
