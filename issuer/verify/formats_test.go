package verify_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/jwtvc"
	"socialregistry/issuer/mdoc"
	"socialregistry/issuer/verify"
)

// Row 81 and 82, the verifying half: an ldp_vc signed with the other suite is
// genuine by its own key, and altered under a key of the other kind.
func TestBothCryptosuites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ldpKey = w.es
	in := w.credential(verify.FormatLDP)
	if got := w.parsed().Verify(in, now()); got.Outcome != verify.Genuine || got.Claims["givenName"] != "Amina" {
		t.Errorf("ecdsa-rdfc-2019: %s (%s)", got.Outcome, got.Reason)
	}
	for old, changed := range map[string]string{"Amina": "Amine", `"ecdsa-rdfc-2019"`: `"eddsa-rdfc-2022"`, "#es-1": "#ed-1", "2026-12-01": "2027-12-01"} {
		if got := w.parsed().Verify(bytes.Replace(in, []byte(old), []byte(changed), 1), now()); got.Outcome != verify.Altered || got.Claims != nil {
			t.Errorf("%s for %s: %s (%s), want altered", changed, old, got.Outcome, got.Reason)
		}
	}
	if got := w.parsed().Verify(bytes.Replace(in, []byte("ecdsa-rdfc-2019"), []byte("ecdsa-jcs-2019"), 1), now()); got.Outcome != verify.UnsupportedFormat {
		t.Errorf("a suite that is not known: %s, want unsupported_format", got.Outcome)
	}
}

// What the chain of a mobile document must be.
func TestChainOfAMobileDocument(t *testing.T) {
	t.Parallel()
	stranger := func(w *world) {
		other := newWorld(w.t)
		w.es, w.chain = other.es, other.chain
	}
	noKeys := func(w *world) { w.bundle.Issuers[0].Keys = nil; w.withoutList = true }
	window := func(from, until time.Time) func(*world) { return func(w *world) { w.certify(from, until) } }
	signed := day(11, 1, 0)
	runOutcomes(t, map[string]outcomeCase{
		"under the anchor":                   {nil, time.Time{}, verify.Genuine, ""},
		"certificate from that moment":       {window(signed, day(12, 31, 0)), time.Time{}, verify.Genuine, ""},
		"certificate a second later":         {window(signed.Add(time.Second), day(12, 31, 0)), time.Time{}, verify.Altered, "signature"},
		"certificate until that moment":      {window(day(10, 1, 0), signed), time.Time{}, verify.Genuine, ""},
		"certificate until a second before":  {window(day(10, 1, 0), signed.Add(-time.Second)), time.Time{}, verify.Altered, "signature"},
		"under another anchor":               {func(w *world) { old := w.chain; w.certify(day(11, 1, 0), day(12, 31, 0)); w.chain = old }, time.Time{}, verify.Altered, "signature"},
		"no anchor: the key is known":        {func(w *world) { w.bundle.Issuers[0].Anchors = "" }, time.Time{}, verify.Genuine, ""},
		"a signer newer than the bundle":     {noKeys, time.Time{}, verify.GenuineStatusUnknown, "status"},
		"neither key nor anchor":             {func(w *world) { noKeys(w); w.bundle.Issuers[0].Anchors = "" }, time.Time{}, verify.UnknownIssuer, "issuer"},
		"a stranger with a CA of their own":  {func(w *world) { noKeys(w); stranger(w) }, time.Time{}, verify.UnknownIssuer, "issuer"},
		"no status, of a type that has them": {func(w *world) { w.edit = func(i *mdoc.Issue) { i.Status = nil } }, time.Time{}, verify.GenuineStatusUnknown, "status"},
		"a status list that is not ours": {func(w *world) { w.edit = func(i *mdoc.Issue) { i.Status.URI = "https://elsewhere.example/1" } }, time.Time{},
			verify.GenuineStatusUnknown, "status"},
	}, verify.FormatMdoc)
}

func TestBundleWithBadAnchors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "x"}, NotBefore: day(1, 1, 0), NotAfter: day(12, 1, 0)}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, leaf, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	for name, anchors := range map[string]string{"no PEM": "x", "another block": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"no certificate": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})),
		"no CA":          string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
	} {
		w.bundle.Issuers[0].Anchors = anchors
		if _, err := verify.ParseBundle(w.json(w.bundle)); !errors.Is(err, verify.ErrBundle) {
			t.Errorf("%s: %v, want ErrBundle", name, err)
		}
	}
}

// One bit flipped anywhere in the text of a mobile document: never genuine, and
// nothing of it is repeated. Where its frame is hit it cannot be read any more.
func TestEveryFlippedBitMdoc(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, in := w.parsed(), w.credential(verify.FormatMdoc)
	outcomes := map[verify.Outcome]int{}
	for at := range in {
		bad := bytes.Clone(in)
		bad[at] ^= 1 << (at % 8)
		got := b.Verify(bad, now())
		outcomes[got.Outcome]++
		switch {
		case got.Outcome == verify.Genuine, got.Claims != nil:
			t.Fatalf("byte %d (%q): %s with %v", at, bad[max(0, at-5):at+1], got.Outcome, got.Claims)
		case got.Outcome == verify.Altered, got.Outcome == verify.UnreadableCode, got.Outcome == verify.IncompleteCode, got.Outcome == verify.UnknownIssuer:
		default:
			t.Fatalf("byte %d (%q): %s", at, bad[max(0, at-5):at+1], got.Outcome)
		}
	}
	if outcomes[verify.Altered] == 0 {
		t.Errorf("outcomes %v: some should be altered", outcomes)
	}
	raw, err := base64.RawURLEncoding.DecodeString(string(in))
	if err != nil {
		t.Fatal(err)
	}
	short := base64.RawURLEncoding.EncodeToString(raw[:len(raw)-5])
	for name, c := range map[string]struct {
		in   string
		want verify.Outcome
	}{
		"whole":               {string(in), verify.Genuine},
		"cut short":           {short, verify.IncompleteCode},
		"cut in a letter":     {string(in[:len(in)/4*4-3]), verify.IncompleteCode},
		"padded":              {string(in) + "=", verify.UnreadableCode},
		"base64 of no map":    {"AAAA", verify.UnreadableCode},
		"a map of other CBOR": {"oA", verify.UnreadableCode},
	} {
		if got := b.Verify([]byte(c.in), now()); got.Outcome != c.want {
			t.Errorf("%s: %s (%s), want %s", name, got.Outcome, got.Reason, c.want)
		}
	}
}

// One bit flipped anywhere in a jwt_vc_json: altered, but for the name of the key
// and for the dots, as an SD-JWT.
func TestEveryFlippedBitJWTVC(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, in := w.parsed(), w.credential(verify.FormatJWTVC)
	for i := range len(in) * 8 {
		bad := bytes.Clone(in)
		bad[i/8] ^= 1 << (i % 8)
		got := b.Verify(bad, now())
		switch {
		case got.Claims != nil:
			t.Fatalf("bit %d of byte %d: claims of an altered credential", i%8, i/8)
		case got.Outcome == verify.Altered:
		case got.Outcome == verify.UnknownIssuer && kidOf(bad) != did+"#ed-1":
		case got.Outcome == verify.UnreadableCode && (in[i/8] == '.' || bad[i/8] == '.' || bad[i/8] == '~'):
		default:
			t.Fatalf("bit %d of byte %d (%q): %s, %s", i%8, i/8, bad[max(0, i/8-5):i/8+1], got.Outcome, got.Reason)
		}
	}
}

// A JWT that our key signed and that is no credential of this form says nothing.
func TestJWTVCReadsStrictly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.parsed()
	for name, payload := range map[string]string{
		"data model 2.0":      `{"iss":"` + did + `","vc":{"@context":["https://www.w3.org/ns/credentials/v2"]}}`,
		"a second expiration": `{"iss":"` + did + `","sub":"x","jti":"y","nbf":1,"exp":2,"vc":{"@context":["` + jwtvc.Context + `"],"type":["VerifiableCredential"],"credentialSubject":{},"expirationDate":"2099-01-01T00:00:00Z"}}`,
	} {
		token, err := jose.Sign(w.ed, jose.EdDSA, map[string]any{"typ": "JWT", "kid": did + "#ed-1"}, []byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Verify([]byte(token), now()); got.Outcome != verify.UnsupportedFormat || got.Claims != nil {
			t.Errorf("%s: %s (%s), want unsupported_format", name, got.Outcome, got.Reason)
		}
	}
	w.doc["issuer"] = "did:web:bank.example"
	if got := b.Verify(w.credential(verify.FormatJWTVC), now()); got.Outcome != verify.UnknownIssuer || got.Claims != nil {
		t.Errorf("in another's name: %s, want unknown_issuer", got.Outcome)
	}
}
