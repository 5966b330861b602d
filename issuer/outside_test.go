package issuer_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/jose"
	"socialregistry/issuer/verify"
)

// outsideCertificate lets a CA that is none of ours certify the key behind a request,
// and gives the certificate and the CA's (PEM).
func outsideCertificate(t *testing.T, request []byte, now time.Time) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Somebody's CA"}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(20, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	root, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	must(t, err)
	block, _ := pem.Decode(request)
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	must(t, err)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: csr.Subject, URIs: csr.URIs, NotBefore: now.AddDate(0, 0, -1), NotAfter: now.AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true}
	own, err := x509.CreateCertificate(rand.Reader, leaf, ca, csr.PublicKey, key)
	must(t, err)
	out := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own})
	return append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root})...)
}

// A mobile document stays genuine once a CA outside certified the key, made before or
// after; and that CA, which certifies others too, is no anchor of ours.
func TestBundleKnowsTheCertificateFromOutside(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id, kid := w.person(t, amina(), mandatory()...), w.current(t, w.Issuer, jose.ES256)
		before, err := w.ask(ctx, w.token(t, id, mobile), mobile, newHolder(t))
		must(t, err)
		request, err := w.KeyRequest(ctx, w.admin, kid)
		must(t, err)
		must(t, w.CertifyKey(ctx, w.admin, kid, outsideCertificate(t, request, w.clock.now()), "the ministry's CA"))
		after, err := w.ask(ctx, w.token(t, id, mobile), mobile, newHolder(t))
		must(t, err)
		// The ministry gets another CA: what names its first certificate stays good.
		must(t, w.CertifyKey(ctx, w.admin, kid, outsideCertificate(t, request, w.clock.now()), "the ministry's next CA"))
		renewed, err := w.ask(ctx, w.token(t, id, mobile), mobile, newHolder(t))
		must(t, err)
		for name, credential := range map[string]any{"before": before, "after": after, "renewed": renewed} {
			if got := w.check(t, credential.(string)); got.Outcome != verify.Genuine {
				t.Errorf("%s: %+v, want genuine", name, got)
			}
		}
		b, err := w.Bundle(ctx)
		if err != nil || b.Issuers[0].Anchors != string(w.Authorities()) {
			t.Errorf("anchors %s, %v", b.Issuers[0].Anchors, err)
		}
		for _, k := range b.Issuers[0].Keys {
			if want := map[bool]int{true: 1}[k.KID == kid]; len(k.Certificates) != want { // our own CA's is found by the anchor
				t.Errorf("key %s has %d former certificates, want %d", k.KID, len(k.Certificates), want)
			}
		}
	})
}
