package dataintegrity_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"

	"socialregistry/contexts"
	"socialregistry/internal/vectors"
	"socialregistry/issuer/dataintegrity"
)

const folder, folderECDSA = "data/w3c-vc-di-eddsa/TestVectors/", "data/w3c-vc-di-ecdsa/TestVectors/"

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

// deterministic signs as RFC 6979 says, as whoever made the vectors did.
type deterministic struct{ *ecdsa.PrivateKey }

func (k deterministic) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.PrivateKey.Sign(nil, digest, opts)
}

// vectorKeyP256 reads the key pair of the vectors: multicodecs 0x1200 and 0x1306.
func vectorKeyP256(t *testing.T) deterministic {
	t.Helper()
	var pair struct{ PublicKeyMultibase, SecretKeyMultibase string }
	if err := json.Unmarshal(vectors.Read(t, folderECDSA+"p256KeyPair.json"), &pair); err != nil {
		t.Fatal(err)
	}
	raw, ok := dataintegrity.DecodeBase58(pair.SecretKeyMultibase[1:])
	if !ok || len(raw) != 34 {
		t.Fatalf("private key of %d bytes", len(raw))
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw[2:])
	if err != nil {
		t.Fatal(err)
	}
	point := elliptic.MarshalCompressed(elliptic.P256(), key.X, key.Y)
	if got := "z" + dataintegrity.EncodeBase58(append([]byte{0x80, 0x24}, point...)); got != pair.PublicKeyMultibase {
		t.Fatalf("public key %s, want %s", got, pair.PublicKeyMultibase)
	}
	return deterministic{key}
}

// The vectors of ecdsa-rdfc-2019 with P-256: each verifies, every intermediate
// hash is the published one, and signing anew gives the same bytes.
func TestW3CVectorsP256(t *testing.T) {
	t.Parallel()
	key, set := vectorKeyP256(t), vectorSet(t)
	for _, dir := range []string{folderECDSA + "ecdsa-rdfc-2019-p256/", folderECDSA + "ecdsa-rdfc-2019-p256/employ/"} {
		signed := decode(t, vectors.Read(t, dir+"signedECDSAP256.json"))
		if err := dataintegrity.Verify(set, signed, key.Public()); err != nil {
			t.Errorf("%s: Verify: %v", dir, err)
		}
		unsigned := maps.Clone(signed)
		delete(unsigned, "proof")
		config := decode(t, vectors.Read(t, dir+"proofConfigECDSAP256.json"))
		checkHash(t, checkText(t, set, unsigned, dir+"canonDocECDSAP256.txt"), dir+"docHashECDSAP256.txt")
		checkHash(t, checkText(t, set, config, dir+"proofCanonECDSAP256.txt"), dir+"proofHashECDSAP256.txt")
		data, err := dataintegrity.HashData(set, unsigned, config)
		if want := strings.TrimSpace(string(vectors.Read(t, dir+"combinedHashECDSAP256.txt"))); err != nil || hex.EncodeToString(data) != want {
			t.Errorf("%s: combined hash %x, %v, want %s", dir, data, err, want)
		}
		proof, err := dataintegrity.ProofOf(signed)
		if err != nil {
			t.Fatal(err)
		}
		again, err := dataintegrity.Sign(set, unsigned, key, proof.Method, proof.Created)
		if err != nil || !reflect.DeepEqual(again, signed) {
			t.Errorf("%s: signed anew %v, %v", dir, again["proof"], err)
		}
	}
}

// P-384 is not supported: its proofs are refused for what they are.
func TestW3CVectorsP384AreRefused(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"ecdsa-rdfc-2019-p384/", "ecdsa-rdfc-2019-p384/employ/"} {
		signed := decode(t, vectors.Read(t, folderECDSA+dir+"signedECDSAP384.json"))
		if err := dataintegrity.Verify(vectorSet(t), signed, vectorKeyP256(t).Public()); !errors.Is(err, dataintegrity.ErrProof) {
			t.Errorf("%s: %v, want ErrProof", dir, err)
		}
		if err := dataintegrity.Verify(vectorSet(t), signed, key.Public()); !errors.Is(err, dataintegrity.ErrKey) {
			t.Errorf("%s, with a P-384 key: %v, want ErrKey", dir, err)
		}
	}
}

func checkHash(t *testing.T, canonical []byte, file string) {
	t.Helper()
	sum := sha256.Sum256(canonical)
	if want := strings.TrimSpace(string(vectors.Read(t, file))); hex.EncodeToString(sum[:]) != want {
		t.Errorf("%s: hash %x, want %s", file, sum, want)
	}
}

// checkText compares the canonical form of a document with a file, and gives it.
func checkText(t *testing.T, set *contexts.Set, doc map[string]any, file string) []byte {
	t.Helper()
	got, err := set.Canonicalize(doc)
	if want := vectors.Read(t, file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %v\n%s\nwant\n%s", file, err, got, want)
	}
	return got
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
