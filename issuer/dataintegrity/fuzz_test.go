package dataintegrity_test

import (
	"bytes"
	"crypto"
	"encoding/json"
	"testing"

	"socialregistry/issuer/dataintegrity"
)

// What verifies says what was signed, whatever became of the bytes.
func FuzzVerify(f *testing.F) {
	set, keys := newSet(f), bothKeys(f)
	originals := map[string][]byte{}
	for suite, key := range keys {
		doc := signed(f, set, key)
		text, err := json.Marshal(doc)
		if err != nil {
			f.Fatal(err)
		}
		delete(doc, "proof")
		if originals[suite], err = set.Canonicalize(doc); err != nil {
			f.Fatal(err)
		}
		f.Add(text, suite)
		f.Add(bytes.Replace(text, []byte(`"Amina"`), []byte(`{"@value":"Amina"}`), 1), suite)
	}
	f.Add([]byte(`{"proof":{"type":"DataIntegrityProof","proofValue":"z","cryptosuite":"ecdsa-rdfc-2019"}}`), dataintegrity.SuiteECDSA)
	f.Fuzz(func(t *testing.T, text []byte, suite string) {
		var doc map[string]any
		var key crypto.PublicKey
		if signer, ok := keys[suite]; ok {
			key = signer.Public()
		}
		if json.Unmarshal(text, &doc) != nil || dataintegrity.Verify(set, doc, key) != nil {
			return
		}
		delete(doc, "proof")
		if got, err := set.Canonicalize(doc); err != nil || !bytes.Equal(got, originals[suite]) {
			t.Fatalf("verified as\n%s\nwhat was signed as\n%s (%v)", got, originals[suite], err)
		}
	})
}
