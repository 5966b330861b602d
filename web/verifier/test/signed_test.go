package verifier_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/veraison/go-cose"

	"socialregistry/internal/jose"
	"socialregistry/internal/specimen"
	"socialregistry/issuer/claim169"
	"socialregistry/issuer/verify"
)

// items writes CBOR of any kind: what an issuer could sign, and no library would write.
type items struct{ *rand.Rand }

// head writes the head of an item, at times longer than it must be.
func (r items) head(major byte, n uint64) []byte {
	size := r.IntN(5)
	switch {
	case n < 24 && size < 3:
		return []byte{major<<5 | byte(n)}
	case n < 1<<8 && size < 4:
		return []byte{major<<5 | 24, byte(n)}
	case n < 1<<16:
		return binary.BigEndian.AppendUint16([]byte{major<<5 | 25}, uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32([]byte{major<<5 | 26}, uint32(n))
	}
	return binary.BigEndian.AppendUint64([]byte{major<<5 | 27}, n)
}

func (r items) text(s string) []byte { return append(r.head(3, uint64(len(s))), s...) }

// number writes one of some numbers as an integer, or as a float of a size.
func (r items) number(n int64) []byte {
	switch r.IntN(60) {
	case 0:
		return binary.BigEndian.AppendUint64([]byte{0xfb}, math.Float64bits(float64(n)))
	case 1:
		return binary.BigEndian.AppendUint32([]byte{0xfa}, math.Float32bits(float32(n)))
	}
	if n < 0 {
		return r.head(1, uint64(-1-n))
	}
	return r.head(0, uint64(n))
}

// item writes anything.
func (r items) item(depth int) []byte {
	switch kind := r.IntN(11); {
	case kind < 3:
		return r.number([]int64{0, 1, 2, 4, 9, 16, 169, -1, -7, 4711, 19900412, 1 << 53, math.MaxInt64, math.MinInt64, 1_795_000_000}[r.IntN(15)])
	case kind < 5:
		return r.text([]string{"", "1", "4", "19900412", "Amina", "status_list", "constructor", "__proto__", "01", "-1", "ن"}[r.IntN(11)])
	case kind == 5:
		return append(r.head(2, 3), 1, 2, 3)
	case kind == 6:
		return [][]byte{{0xf4}, {0xf5}, {0xf6}, {0xf7}, {0xf8, 0x20}, {0xe0}, {0xf9, 0x7e, 0x00}, {0xf9, 0x7c, 0x00}, {0xf9, 0x80, 0x00}, {0xf9, 0x44, 0x00}}[r.IntN(10)]
	case kind < 9 && depth < 3:
		out := r.head(4, 2)
		return append(append(out, r.item(depth+1)...), r.item(depth+1)...)
	case depth < 3:
		return r.object(depth+1, nil)
	}
	return r.text("end")
}

// object writes a map: members that are given, and at times others.
func (r items) object(depth int, members [][2][]byte) []byte {
	for range r.IntN(3) {
		if r.IntN(8) == 0 || members == nil {
			members = append(members, [2][]byte{r.item(3), r.item(depth)})
		}
	}
	r.Shuffle(len(members), func(a, b int) { members[a], members[b] = members[b], members[a] })
	out := r.head(5, uint64(len(members)))
	for _, m := range members {
		out = append(append(out, m[0]...), m[1]...)
	}
	return out
}

// claims writes those of a code that is in order, with some written in another way.
func (r items) claims() []byte {
	or := func(in []byte) []byte {
		if r.IntN(25) == 0 {
			return r.item(1)
		}
		return in
	}
	label := func(n int64) []byte { return or(r.number(n)) }
	made := at().AddDate(0, 0, -1).Unix()
	list := r.object(1, [][2][]byte{{r.text("idx"), or(r.number(3))}, {r.text("uri"), r.text("https://a.example/status/1")}})
	person := r.object(1, [][2][]byte{{label(1), or(r.text("2847"))}, {label(4), or(r.text("Amina"))}, {label(8), or(r.number(19900412))}, {label(9), or(r.number(2))}, {label(18), or(r.number(3))}})
	if r.IntN(4) == 0 {
		person = append(r.head(2, uint64(len(person))), person...)
	}
	return r.object(1, [][2][]byte{{label(1), r.text("https://a.example")}, {label(6), or(r.number(made))}, {label(4), or(r.number(made + 864_000))}, {label(169), person},
		{label(65535), r.object(1, [][2][]byte{{r.text("status_list"), list}})}})
}

// Codes that an issuer signed, of any CBOR: the module says of each what package verify
// says, and shows the same.
func TestSignedCBOR(t *testing.T) {
	t.Parallel()
	const seed, many = 20261124, 3000
	r := items{rand.New(rand.NewPCG(seed, 0))}
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	jwk, err := jose.PublicJWK(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	f := &specimen.File{Bundles: map[string]json.RawMessage{"one": marshal(t, verify.Bundle{Version: 1, Created: at(), Types: map[string]verify.BundleType{verify.FormatClaim169: {NoStatus: true}},
		Issuers: []verify.BundleIssuer{{ID: "did:web:a.example", URL: "https://a.example", Keys: []verify.BundleKey{{KID: "k", CoseKID: base64.RawURLEncoding.EncodeToString([]byte("k")), JWK: jwk, Alg: jose.EdDSA,
			NotBefore: at().AddDate(-1, 0, 0), NotAfter: at().AddDate(1, 0, 0)}}}}})}}
	b, err := verify.ParseBundle(f.Bundles["one"])
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[verify.Outcome]int{}
	for n := range many {
		text := signedCode(t, key, r.claims())
		got := b.Verify([]byte(text), at())
		outcomes[got.Outcome]++
		f.Vectors = append(f.Vectors, specimen.Vector{Name: fmt.Sprintf("seed %d, number %d", seed, n), Outcome: string(got.Outcome), At: at(), Bundle: "one", Data: text, Claims: got.Claims})
	}
	if outcomes[verify.Genuine]+outcomes[verify.GenuineStatusUnknown] < many/10 || outcomes[verify.UnsupportedFormat] < many/10 || outcomes[verify.Altered] > 0 {
		t.Errorf("what was made is one-sided: %v", outcomes)
	}
	t.Logf("%d codes: %v", many, outcomes)
	agree(t, f, node(t, nil, "vectors.mjs", written(t, f)))
}

func signedCode(t *testing.T, key ed25519.PrivateKey, claims []byte) string {
	t.Helper()
	signer, err := cose.NewSigner(cose.AlgorithmEdDSA, key)
	if err != nil {
		t.Fatal(err)
	}
	m := cose.Sign1Message{Payload: claims, Headers: cose.Headers{Protected: cose.ProtectedHeader{cose.HeaderLabelAlgorithm: cose.AlgorithmEdDSA, cose.HeaderLabelKeyID: []byte("k")}}}
	if err := m.Sign(nil, nil, signer); err != nil {
		t.Fatal(err)
	}
	token, err := m.MarshalCBOR()
	if err != nil {
		t.Fatal(err)
	}
	text, err := claim169.Pack(token)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
