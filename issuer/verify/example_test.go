package verify_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"log"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/sdjwt"
	"socialregistry/issuer/verify"
)

// sample is what a registry gave out (a signed trust bundle, and on paper the thumbprint
// of its root key) and what somebody shows.
func sample() (bundle []byte, thumbprint, credential string) {
	must := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	jwk, err := jose.PublicJWK(key.Public())
	must(err)
	thumbprint, err = jose.Thumbprint(key.Public())
	must(err)
	from, until := day(1, 1, 0), day(12, 31, 0)
	b := &verify.Bundle{Version: verify.BundleVersion, Registry: "https://registry.example", Seq: 1, Created: day(11, 1, 0),
		Roots: []verify.BundleRoot{{KID: thumbprint, JWK: jwk, NotBefore: from, NotAfter: until}},
		Issuers: []verify.BundleIssuer{{ID: "did:web:registry.example", URL: "https://registry.example", Names: map[string]string{"en": "Ministry"},
			Keys: []verify.BundleKey{{KID: "k1", JWK: jwk, Alg: jose.ES256, NotBefore: from, NotAfter: until}}}},
		Types: map[string]verify.BundleType{"person": {NoStatus: true}}}
	bundle, err = verify.SignBundle(b, key)
	must(err)
	credential, err = sdjwt.Issue{Key: key, Alg: jose.ES256, KID: "k1", Disclose: map[string]any{"given_name": "Amina"},
		Plain: map[string]any{"iss": "https://registry.example", "vct": "person", "iat": day(11, 1, 0).Unix(), "exp": day(12, 1, 0).Unix()}}.Sign()
	must(err)
	return bundle, thumbprint, credential
}

// A verifier pins the root key of a registry, opens the bundle that it signed, and
// checks what it is shown. The pins that come back are kept for the next bundle.
func ExamplePins_Open() {
	file, thumbprint, credential := sample()
	bundle, pins, err := verify.Pins{Roots: []string{thumbprint}}.Open(file)
	if err != nil {
		log.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	got := bundle.Verify([]byte(credential), at)
	fmt.Println(got.Outcome, got.IssuerNames["en"], got.Claims["given_name"], "bundle", pins.Seq)
	for _, c := range got.Checks {
		fmt.Println(c.Name, c.Result)
	}
	// Output:
	// genuine Ministry Amina bundle 1
	// read passed
	// issuer passed
	// signature passed
	// key passed
	// dates passed
	// status not_checked
	// holder not_checked
}

// Whatever the bytes are, there is an outcome; only genuine is a yes.
func ExampleBundle_Verify() {
	file, thumbprint, credential := sample()
	bundle, _, err := verify.Pins{Roots: []string{thumbprint}}.Open(file)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range []struct {
		shown string
		at    time.Time
	}{
		{credential, day(11, 22, 9)}, {credential, day(12, 1, 0)}, {credential, day(10, 1, 0)}, {credential[:len(credential)-1], day(11, 22, 9)}, {"hello", day(11, 22, 9)},
	} {
		fmt.Println(bundle.Verify([]byte(c.shown), c.at).Outcome)
	}
	// Output:
	// genuine
	// expired
	// not_yet_valid
	// incomplete_code
	// unreadable_code
}

// In person: the screen shows a nonce, the wallet answers with the holder's key. What
// comes without an answer leaves the holder unchecked: compare the photo.
func ExampleBundle_VerifyHeld() {
	file, thumbprint, credential := sample()
	bundle, _, err := verify.Pins{Roots: []string{thumbprint}}.Open(file)
	if err != nil {
		log.Fatal(err)
	}
	ask := verify.Binding{Nonce: "kSmxX1tQ", Audience: "https://clinic.example"}
	got := bundle.VerifyHeld([]byte(credential), day(11, 22, 9), ask)
	fmt.Println(got.Outcome, got.Checks[len(got.Checks)-1].Result)
	// Output: genuine not_checked
}
