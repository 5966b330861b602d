package did_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	ariesdid "github.com/hyperledger/aries-framework-go/pkg/doc/did"

	"socialregistry/did"
	"socialregistry/did/ariesvdr"
)

func TestWebDID(t *testing.T) {
	t.Parallel()
	for u, want := range map[string]string{
		"https://registry.example":            "did:web:registry.example",
		"https://Registry.Example/":           "did:web:registry.example",
		"http://localhost:8080":               "did:web:localhost%3A8080",
		"http://127.0.0.1:8080":               "did:web:127.0.0.1%3A8080",
		"https://registry.example:8443/a/b":   "did:web:registry.example%3A8443:a:b",
		"https://registry.example/tenant%201": "did:web:registry.example:tenant%201",
	} {
		if got, err := did.WebDID(u); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", u, got, err, want)
		}
	}
	for _, u := range []string{"", "registry.example", "ftp://a.example", "https://", "https://a.example?q", "https://a.example#f",
		"https://u@a.example", "https://192.0.2.1", "http://[::1]:8080", "https://a b.example", "https://é.example"} {
		if got, err := did.WebDID(u); !errors.Is(err, did.ErrURL) {
			t.Errorf("%s: %s, %v; want ErrURL", u, got, err)
		}
	}
}

func TestKeyDIDRefusesOtherKeys(t *testing.T) {
	t.Parallel()
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []crypto.PublicKey{nil, "x", &p384.PublicKey, (*ecdsa.PublicKey)(nil), ed(t)[:31]} {
		if got, err := did.KeyDID(key); err == nil {
			t.Errorf("%T: %s", key, got)
		}
	}
}

func TestDocument(t *testing.T) {
	t.Parallel()
	const id = "did:web:localhost%3A8080"
	doc, err := did.Document(id, []did.PublicKey{{Fragment: "k-1", Key: ed(t)}, {Fragment: "k-2", Key: p256(t)}})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	// aries reads it as a DID document, by its own schema.
	parsed, err := ariesdid.ParseDocument(raw)
	if err != nil || parsed.ID != id {
		t.Fatalf("%v, %v", parsed, err)
	}
	var types, ids []string
	for _, v := range parsed.AssertionMethod {
		types, ids = append(types, v.VerificationMethod.Type), append(ids, v.VerificationMethod.ID)
		if v.VerificationMethod.Controller != id {
			t.Errorf("controller of %s is %s", v.VerificationMethod.ID, v.VerificationMethod.Controller)
		}
	}
	if want := []string{"Multikey", "JsonWebKey", "Multikey", "JsonWebKey"}; !reflect.DeepEqual(types, want) {
		t.Errorf("types = %v", types)
	}
	if want := []string{id + "#k-1", id + "#k-1-jwk", id + "#k-2", id + "#k-2-jwk"}; !reflect.DeepEqual(ids, want) {
		t.Errorf("ids = %v", ids)
	}
	if strings.Contains(string(raw), `"d"`) {
		t.Error("a private member is in the document")
	}
}

// What Document writes, and aries reads, gives the same keys back: the way that
// a did:web document takes.
func TestDocumentKeysRoundTrip(t *testing.T) {
	t.Parallel()
	for range 20 { // points with either sign of y
		keys := []crypto.PublicKey{ed(t), p256(t)}
		doc, err := did.Document("did:web:a.example", []did.PublicKey{{Fragment: "a", Key: keys[0]}, {Fragment: "b", Key: keys[1]}})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := ariesdid.ParseDocument(raw)
		if err != nil {
			t.Fatal(err)
		}
		for n, v := range parsed.AssertionMethod {
			method := ariesvdr.Method{ID: v.VerificationMethod.ID, Type: v.VerificationMethod.Type, Raw: v.VerificationMethod.Value}
			if v.VerificationMethod.JSONWebKey() != nil {
				method.JWK = doc["verificationMethod"].([]any)[n].(map[string]any)["publicKeyJwk"].(map[string]any)
			}
			got, err := did.KeyOf(method)
			if err != nil || !got.(interface{ Equal(crypto.PublicKey) bool }).Equal(keys[n/2]) {
				t.Errorf("%s: %v, %v", method.ID, got, err)
			}
		}
	}
}

func TestUnknownVerificationMethods(t *testing.T) {
	t.Parallel()
	offCurve := append([]byte{0x80, 0x24, 2}, make([]byte, 32)...)
	offCurve[34] = 1 // x = 1 has no y on P-256
	for name, m := range map[string]ariesvdr.Method{
		"unknown type":        {Type: "RsaVerificationKey2018", Raw: make([]byte, 32)},
		"Multikey, no prefix": {Type: "Multikey", Raw: make([]byte, 34)},
		"Multikey, short":     {Type: "Multikey", Raw: []byte{0xed}},
		"Multikey, off curve": {Type: "Multikey", Raw: offCurve},
		"Multikey, bad sign":  {Type: "Multikey", Raw: append([]byte{0x80, 0x24, 5}, make([]byte, 32)...)},
		"2018, 31 bytes":      {Type: "Ed25519VerificationKey2018", Raw: make([]byte, 31)},
		"JWK missing":         {Type: "JsonWebKey"},
	} {
		if key, err := did.KeyOf(m); !errors.Is(err, did.ErrNotFound) {
			t.Errorf("%s: %v, %v; want ErrNotFound", name, key, err)
		}
	}
}

func TestDocumentRefusesBadKeysAndNames(t *testing.T) {
	t.Parallel()
	for _, k := range []did.PublicKey{{Fragment: "", Key: ed(t)}, {Fragment: "a b", Key: ed(t)}, {Fragment: "a", Key: "x"}} {
		if doc, err := did.Document("did:web:a.example", []did.PublicKey{k}); err == nil {
			t.Errorf("%+v: %v", k, doc)
		}
	}
}
