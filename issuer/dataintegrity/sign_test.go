package dataintegrity_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"socialregistry/contexts"
	"socialregistry/issuer/dataintegrity"
)

const method = "did:web:registry.example#key-1"

func newSet(t testing.TB) *contexts.Set {
	t.Helper()
	iri, doc, _ := contexts.Registry("https://registry.example")
	s, err := contexts.New(map[string][]byte{iri: doc})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// bothKeys gives a key of each suite.
func bothKeys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]crypto.Signer{dataintegrity.SuiteEdDSA: newKey(t), dataintegrity.SuiteECDSA: ec}
}

func newKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func credential() map[string]any {
	return map[string]any{
		"@context": []any{contexts.CredentialsV2, "https://registry.example/contexts/v1"}, "id": "urn:uuid:5c6a3e0c-9d62-4d3a-8b1f-0a5d2c0e7f11",
		"type": []any{"VerifiableCredential", "SocialRegistryPersonCredential"}, "issuer": "did:web:registry.example", "validFrom": "2026-11-01T00:00:00Z",
		"credentialSubject": map[string]any{"id": "did:key:z6Mk1", "type": "Person", "givenName": "Amina", "familyName": "Diallo \"Dia\" \\ \n ديالو"},
		"credentialStatus":  map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "7", "statusListCredential": "https://registry.example/status/bitstring/1"},
	}
}

func signed(t testing.TB, s *contexts.Set, key crypto.Signer) map[string]any {
	t.Helper()
	doc, err := dataintegrity.Sign(s, credential(), key, method, time.Date(2026, 11, 1, 12, 0, 0, 999, time.FixedZone("", 3600)))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestSignAndVerify(t *testing.T) {
	t.Parallel()
	s, keys := newSet(t), bothKeys(t)
	for suite, key := range keys {
		doc := signed(t, s, key)
		if err := dataintegrity.Verify(s, doc, key.Public()); err != nil {
			t.Fatal(suite, err)
		}
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if err := dataintegrity.Verify(s, decode(t, b), key.Public()); err != nil {
			t.Errorf("%s, after a trip through JSON: %v", suite, err)
		}
		p, err := dataintegrity.ProofOf(doc)
		if err != nil || p.Suite != suite || p.Method != method || !p.Created.Equal(time.Date(2026, 11, 1, 11, 0, 0, 0, time.UTC)) {
			t.Errorf("%s: proof %+v, %v", suite, p, err)
		}
		if err := dataintegrity.Verify(s, doc, bothKeys(t)[suite].Public()); !errors.Is(err, dataintegrity.ErrSignature) {
			t.Errorf("%s, foreign key: %v, want ErrSignature", suite, err)
		}
		for other, k := range keys {
			if err := dataintegrity.Verify(s, doc, k.Public()); other != suite && !errors.Is(err, dataintegrity.ErrKey) {
				t.Errorf("%s, key of %s: %v, want ErrKey", suite, other, err)
			}
		}
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	s, key := newSet(t), newKey(t)
	ec, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dataintegrity.Sign(s, credential(), ec, method, time.Now()); !errors.Is(err, dataintegrity.ErrKey) {
		t.Errorf("P-384: %v, want ErrKey", err)
	}
	if _, err := dataintegrity.Sign(s, signed(t, s, key), key, method, time.Now()); !errors.Is(err, dataintegrity.ErrProof) {
		t.Errorf("second proof: %v, want ErrProof", err)
	}
	for want, change := range map[error]func(map[string]any){
		contexts.ErrDocument: func(d map[string]any) { d["credentialSubject"].(map[string]any)["povertyScore"] = "12" },
		contexts.ErrContext:  func(d map[string]any) { d["@context"] = []any{contexts.CredentialsV2, "https://elsewhere.example/c"} },
	} {
		doc := credential()
		change(doc)
		if _, err := dataintegrity.Sign(s, doc, key, method, time.Now()); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	if _, err := dataintegrity.Sign(s, credential(), key, "key-1", time.Now()); !errors.Is(err, contexts.ErrDocument) {
		t.Errorf("relative method: %v, want ErrDocument", err)
	}
	if _, err := dataintegrity.Sign(s, credential(), key, "", time.Now()); !errors.Is(err, dataintegrity.ErrProof) {
		t.Errorf("no method: %v, want ErrProof", err)
	}
}

// Whatever is changed in a signed document, and whatever is added to it, shows.
func TestVerifySeesEveryChange(t *testing.T) {
	t.Parallel()
	s := newSet(t)
	for suite, key := range bothKeys(t) {
		b, err := json.Marshal(signed(t, s, key))
		if err != nil {
			t.Fatal(err)
		}
		seesEveryChange(t, s, suite, b, key.Public())
	}
}

func seesEveryChange(t *testing.T, s *contexts.Set, suite string, b []byte, public crypto.PublicKey) {
	t.Helper()
	for old, changed := range map[string]string{
		`"Amina"`: `"Amine"`, `"VerifiableCredential",`: ``, `"did:key:z6Mk1"`: `"did:key:z6Mk2"`, `2026-11-01T00`: `2026-11-01T01`,
		`"statusListIndex":"7"`: `"statusListIndex":"8"`, `"created":"2026-11-01T11`: `"created":"2026-11-01T12`, `#key-1`: `#key-2`,
		`"givenName":"Amina",`: ``, `"givenName":`: `"middleName":`, `"credentialStatus":{`: `"credentialStatus":{"id":"urn:x",`,
		`"validFrom"`: `"validUntil"`, `"givenName":"Amina"`: `"givenName":"Amina","sex":"F"`, `"givenName":"Amin`: `"sex":null,"givenName":"Amin`,
	} {
		bad := bytes.Replace(b, []byte(old), []byte(changed), 1)
		if bytes.Equal(bad, b) {
			t.Errorf("%s is not in the document", old)
		}
		if err := dataintegrity.Verify(s, decode(t, bad), public); err == nil {
			t.Errorf("%s, %s for %s: still verified", suite, changed, old)
		}
	}
}

func TestProofIsReadStrictly(t *testing.T) {
	t.Parallel()
	s, key := newSet(t), newKey(t)
	value := signed(t, s, key)["proof"].(map[string]any)["proofValue"].(string)
	for name, change := range map[string]func(d, p map[string]any){
		"none":             func(d, p map[string]any) { delete(d, "proof") },
		"null":             func(d, p map[string]any) { d["proof"] = nil },
		"a set":            func(d, p map[string]any) { d["proof"] = []any{p} },
		"two":              func(d, p map[string]any) { d["proof"] = []any{p, p} },
		"type":             func(d, p map[string]any) { p["type"] = "Ed25519Signature2020" },
		"type a set":       func(d, p map[string]any) { p["type"] = []any{"DataIntegrityProof"} },
		"suite":            func(d, p map[string]any) { p["cryptosuite"] = "eddsa-jcs-2022" },
		"old suite":        func(d, p map[string]any) { p["cryptosuite"] = "eddsa-2022" },
		"suite a list":     func(d, p map[string]any) { p["cryptosuite"] = []any{"eddsa-rdfc-2022"} },
		"purpose":          func(d, p map[string]any) { p["proofPurpose"] = "authentication" },
		"no purpose":       func(d, p map[string]any) { delete(p, "proofPurpose") },
		"no method":        func(d, p map[string]any) { delete(p, "verificationMethod") },
		"method an object": func(d, p map[string]any) { p["verificationMethod"] = map[string]any{"id": method} },
		"no created":       func(d, p map[string]any) { delete(p, "created") },
		"created a date":   func(d, p map[string]any) { p["created"] = "2026-11-01" },
		"no zone":          func(d, p map[string]any) { p["created"] = "2026-11-01T11:00:00" },
		"comma":            func(d, p map[string]any) { p["created"] = "2026-11-01T11:00:00,5Z" },
		"month 13":         func(d, p map[string]any) { p["created"] = "2026-13-01T11:00:00Z" },
		"extra member":     func(d, p map[string]any) { p["expires"] = "2020-01-01T00:00:00Z" },
		"context inside":   func(d, p map[string]any) { p["@context"] = d["@context"] },
		"no value":         func(d, p map[string]any) { delete(p, "proofValue") },
		"value base64":     func(d, p map[string]any) { p["proofValue"] = "u" + value[1:] },
		"value z":          func(d, p map[string]any) { p["proofValue"] = "z" },
		"value 0":          func(d, p map[string]any) { p["proofValue"] = "z0" + value[2:] },
		"value short":      func(d, p map[string]any) { p["proofValue"] = value[:len(value)-2] },
		"value long":       func(d, p map[string]any) { p["proofValue"] = "z1" + value[1:] },
		"value huge":       func(d, p map[string]any) { p["proofValue"] = "z" + strings.Repeat("2", 1<<20) },
		"value not ASCII":  func(d, p map[string]any) { p["proofValue"] = "zé" + value[2:] },
	} {
		doc := signed(t, s, key)
		change(doc, doc["proof"].(map[string]any))
		if err := dataintegrity.Verify(s, doc, key.Public().(ed25519.PublicKey)); !errors.Is(err, dataintegrity.ErrProof) {
			t.Errorf("%s: %v, want ErrProof", name, err)
		}
	}
	if err := dataintegrity.Verify(s, signed(t, s, key), nil); !errors.Is(err, dataintegrity.ErrKey) {
		t.Errorf("no key: %v, want ErrKey", err)
	}
}

func TestEveryBitOfTheSignatureCounts(t *testing.T) {
	t.Parallel()
	s := newSet(t)
	for suite, key := range bothKeys(t) {
		doc := signed(t, s, key)
		proof := doc["proof"].(map[string]any)
		value, _ := dataintegrity.DecodeBase58(proof["proofValue"].(string)[1:])
		for i := 0; i < len(value)*8; i += 7 {
			bad := bytes.Clone(value)
			bad[i/8] ^= 1 << (i % 8)
			proof["proofValue"] = "z" + dataintegrity.EncodeBase58(bad)
			if err := dataintegrity.Verify(s, doc, key.Public()); err == nil {
				t.Errorf("%s: bit %d flipped and still verified", suite, i)
			}
		}
	}
}

func TestBase58(t *testing.T) {
	t.Parallel()
	for _, b := range [][]byte{{}, {0}, {0, 0, 1}, {255}, []byte("hello world"), bytes.Repeat([]byte{255}, 64), make([]byte, 64)} {
		got, ok := dataintegrity.DecodeBase58(dataintegrity.EncodeBase58(b))
		if !ok || !bytes.Equal(got, b) {
			t.Errorf("%x became %x, %v", b, got, ok)
		}
	}
	if got := dataintegrity.EncodeBase58([]byte("Hello World!")); got != "2NEpo7TZRRrLZSi2U" {
		t.Errorf("got %s", got)
	}
}
