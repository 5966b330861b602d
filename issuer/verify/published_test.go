package verify_test

import (
	"os"
	"testing"

	"socialregistry/internal/vectors"
	"socialregistry/issuer/verify"
)

// Credentials that the W3C published (VC Data Integrity EdDSA Cryptosuites 1.0,
// test vectors) are written as others write: they must be taken. They have no
// status, so that is unknown, but for a type that is marked so.
func TestPublishedCredentials(t *testing.T) {
	t.Parallel()
	const folder, method = "data/w3c-vc-di-eddsa/TestVectors/eddsa-rdfc-2022/", "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2#z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
	citizenship, err := os.ReadFile("../dataintegrity/testdata/citizenship-v4rc1.jsonld")
	if err != nil {
		t.Fatal(err)
	}
	key := verify.BundleKey{KID: method, Alg: "EdDSA", NotBefore: day(1, 1, 0).AddDate(-5, 0, 0), NotAfter: day(12, 31, 0),
		JWK: map[string]any{"kty": "OKP", "crv": "Ed25519", "x": "sA2Nk45_dz1RVlqtNqYj9TRPf10ZYPnPPo4SYg6igQ8"}}
	for file, issuer := range map[string]string{
		"signedDataInt.json":        "https://vc.example/issuers/5678",
		"employ/signedDataInt.json": "did:key:zDnaegE6RR3atJtHKwTRTWHsJ3kNHqFwv7n9YjTgmU7TyfU76",
	} {
		w := newWorld(t)
		w.bundle.Issuers = []verify.BundleIssuer{{ID: issuer, Keys: []verify.BundleKey{key}}}
		w.bundle.Types = map[string]verify.BundleType{"AlumniCredential": {NoStatus: true}}
		w.bundle.Contexts["https://w3id.org/citizenship/v4rc1"] = verify.NewContext(citizenship)
		b, err := verify.ParseBundle(w.json(w.bundle))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]verify.Outcome{"AlumniCredential": verify.Genuine, "EmploymentAuthorizationDocumentCredential": verify.GenuineStatusUnknown}
		got := b.Verify(vectors.Read(t, folder+file), now())
		if got.Outcome != want[got.Type] || len(got.Claims) == 0 {
			t.Errorf("%s: %s (%s), %q", file, got.Outcome, got.Reason, got.Type)
		}
	}
}
