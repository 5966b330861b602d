package dataintegrity_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"

	"socialregistry/contexts"
	"socialregistry/internal/vectors"
	"socialregistry/issuer/dataintegrity"
)

const folder = "data/w3c-vc-di-eddsa/TestVectors/"

// vectorKey reads the key pair of the vectors: multibase of multicodec 0x1300 and seed.
func vectorKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	var pair struct{ PublicKeyMultibase, PrivateKeyMultibase string }
	if err := json.Unmarshal(vectors.Read(t, folder+"keyPair.json"), &pair); err != nil {
		t.Fatal(err)
	}
	raw, ok := dataintegrity.DecodeBase58(pair.PrivateKeyMultibase[1:])
	if !ok || len(raw) != 34 {
		t.Fatalf("private key of %d bytes", len(raw))
	}
	key := ed25519.NewKeyFromSeed(raw[2:])
	if want := "z" + dataintegrity.EncodeBase58(append([]byte{0xed, 0x01}, key.Public().(ed25519.PublicKey)...)); want != pair.PublicKeyMultibase {
		t.Fatalf("public key %s, want %s", pair.PublicKeyMultibase, want)
	}
	return key
}

func vectorSet(t *testing.T) *contexts.Set {
	t.Helper()
	citizenship, err := os.ReadFile("testdata/citizenship-v4rc1.jsonld")
	if err != nil {
		t.Fatal(err)
	}
	s, err := contexts.New(map[string][]byte{"https://w3id.org/citizenship/v4rc1": citizenship})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func decode(t testing.TB, b []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// Every vector verifies, each of its steps is the published one, and signing the
// same document gives the same bytes.
func TestW3CVectors(t *testing.T) {
	t.Parallel()
	key, set := vectorKey(t), vectorSet(t)
	for _, dir := range []string{folder + "eddsa-rdfc-2022/", folder + "eddsa-rdfc-2022/employ/"} {
		published := vectors.Read(t, dir+"signedDataInt.json")
		signed := decode(t, published)
		if err := dataintegrity.Verify(set, signed, key.Public().(ed25519.PublicKey)); err != nil {
			t.Errorf("%s: Verify: %v", dir, err)
		}
		proof, err := dataintegrity.ProofOf(signed)
		if err != nil {
			t.Fatal(err)
		}
		unsigned := maps.Clone(signed)
		delete(unsigned, "proof")
		config := decode(t, vectors.Read(t, dir+"proofConfigDataInt.json"))
		checkText(t, set, unsigned, dir+"canonDocDataInt.txt")
		checkText(t, set, config, dir+"proofCanonDataInt.txt")
		data, err := dataintegrity.HashData(set, unsigned, config)
		if want := strings.TrimSpace(string(vectors.Read(t, dir+"combinedHashDataInt.txt"))); err != nil || hex.EncodeToString(data) != want {
			t.Errorf("%s: combined hash %x, %v, want %s", dir, data, err, want)
		}
		again, err := dataintegrity.Sign(set, unsigned, key, proof.Method, proof.Created)
		if err != nil || !reflect.DeepEqual(again, signed) {
			t.Errorf("%s: signed anew %v, %v", dir, again["proof"], err)
		}
		if got := reorder(t, published, again); !bytes.Equal(got, bytes.TrimSpace(published)) {
			t.Errorf("%s: signed anew\n%s\nwant\n%s", dir, got, published)
		}
	}
}

func checkText(t *testing.T, set *contexts.Set, doc map[string]any, file string) {
	t.Helper()
	got, err := set.Canonicalize(doc)
	if want := vectors.Read(t, file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %v\n%s\nwant\n%s", file, err, got, want)
	}
}

// reorder writes doc with two blanks of indent and its members in the order of
// the published file, for a map of Go has none.
func reorder(t *testing.T, published []byte, doc map[string]any) []byte {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(published))
	var out bytes.Buffer
	writeLike(t, dec, &out, doc, "\n")
	return out.Bytes()
}

func writeLike(t *testing.T, dec *json.Decoder, out *bytes.Buffer, v any, indent string) {
	t.Helper()
	token, err := dec.Token()
	if err != nil {
		t.Fatal(err)
	}
	open, nested := token.(json.Delim)
	if !nested {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
		out.Truncate(out.Len() - 1)
		return
	}
	out.WriteString(open.String())
	for i := 0; dec.More(); i++ {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(indent + "  ")
		member := v
		if open == '{' {
			name, err := dec.Token()
			if err != nil {
				t.Fatal(err)
			}
			out.WriteString(`"` + name.(string) + `": `)
			member = v.(map[string]any)[name.(string)]
		} else {
			member = v.([]any)[i]
		}
		writeLike(t, dec, out, member, indent+"  ")
	}
	end, err := dec.Token()
	if err != nil {
		t.Fatal(err)
	}
	out.WriteString(indent + end.(json.Delim).String())
}
