package mdoc_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"socialregistry/issuer/mdoc"
)

const (
	docType = "org.example.person.1"
	own     = "org.example.person.1"
	mdl     = "org.iso.18013.5.1"
)

func day(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }

func p256(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func certificate(t testing.TB, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "signer", Country: []string{"XX"}}, NotBefore: day(1), NotAfter: day(30)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func issue(t testing.TB) mdoc.Issue {
	t.Helper()
	key, device := p256(t, elliptic.P256()), p256(t, elliptic.P256())
	return mdoc.Issue{Key: key, Chain: [][]byte{certificate(t, key)}, DocType: docType, DeviceKey: device.Public(),
		Elements: map[string]map[string]any{
			own: {"region": "North", "estimated": true, "languages": []any{"ar", "fr"}, "address": map[string]any{"locality": "Town"}},
			mdl: {"given_name": "Amina", "family_name": "ديالو", "birth_date": mdoc.Date("1990-04-05"), "age": int64(36)}},
		Signed: day(2), ValidFrom: day(2), ValidUntil: day(20), Status: &mdoc.Status{Index: 4711, URI: "https://registry.example/status/token/1"}}
}

func signed(t testing.TB, i mdoc.Issue) []byte {
	t.Helper()
	b, err := i.Sign()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := issue(t)
	for _, device := range []crypto.PublicKey{i.DeviceKey, ed.Public()} {
		i.DeviceKey = device
		d, err := mdoc.Parse(signed(t, i))
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Verify(i.Key.Public())
		want := mdoc.Content{DocType: docType, Signed: day(2), ValidFrom: day(2), ValidUntil: day(20), DeviceKey: device, Status: i.Status,
			Elements: map[string]map[string]any{
				own: {"region": "North", "estimated": true, "languages": []any{"ar", "fr"}, "address": map[string]any{"locality": "Town"}},
				mdl: {"given_name": "Amina", "family_name": "ديالو", "birth_date": "1990-04-05", "age": float64(36)}}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
		}
		if len(d.Chain) != 1 || d.Chain[0].Subject.CommonName != "signer" {
			t.Errorf("chain %v", d.Chain)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*mdoc.Issue)
		want   error
	}{
		"signer P-384":    {func(i *mdoc.Issue) { i.Key = p256(t, elliptic.P384()) }, mdoc.ErrKey},
		"signer Ed25519":  {func(i *mdoc.Issue) { i.Key = ed }, mdoc.ErrKey},
		"no certificate":  {func(i *mdoc.Issue) { i.Chain = nil }, mdoc.ErrKey},
		"holder P-384":    {func(i *mdoc.Issue) { i.DeviceKey = p256(t, elliptic.P384()).Public() }, mdoc.ErrKey},
		"no holder":       {func(i *mdoc.Issue) { i.DeviceKey = nil }, mdoc.ErrKey},
		"a value":         {func(i *mdoc.Issue) { i.Elements[own]["region"] = 1.5 }, mdoc.ErrClaim},
		"a value inside":  {func(i *mdoc.Issue) { i.Elements[own]["languages"] = []any{nil} }, mdoc.ErrClaim},
		"valid before":    {func(i *mdoc.Issue) { i.ValidFrom = day(1) }, mdoc.ErrClaim},
		"valid never":     {func(i *mdoc.Issue) { i.ValidUntil = i.ValidFrom }, mdoc.ErrClaim},
		"valid a second":  {func(i *mdoc.Issue) { i.ValidUntil = i.ValidFrom.Add(time.Second) }, nil},
		"without status":  {func(i *mdoc.Issue) { i.Status = nil }, nil},
		"two namespaces":  {func(i *mdoc.Issue) {}, nil},
		"no elements yet": {func(i *mdoc.Issue) { i.Elements = map[string]map[string]any{own: {}} }, nil},
	} {
		i := issue(t)
		c.change(&i)
		if _, err := i.Sign(); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// doc is a document taken apart, for the tests that put it together otherwise.
type doc struct {
	NameSpaces map[string][]cbor.RawMessage `cbor:"nameSpaces"`
	IssuerAuth cbor.RawMessage              `cbor:"issuerAuth"`
}

func open(t testing.TB, raw []byte) doc {
	t.Helper()
	var d doc
	if err := cbor.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	b, err := cbor.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Elements may be left out, and nothing else may be done to them.
func TestElementsAreWhatWasSigned(t *testing.T) {
	t.Parallel()
	i, stranger := issue(t), issue(t)
	raw, foreign := signed(t, i), open(t, signed(t, stranger))
	for name, c := range map[string]struct {
		change func(*doc)
		want   error
	}{
		"one left out":         {func(d *doc) { d.NameSpaces[mdl] = d.NameSpaces[mdl][1:] }, nil},
		"a namespace left out": {func(d *doc) { delete(d.NameSpaces, own) }, nil},
		"in another order": {func(d *doc) {
			d.NameSpaces[mdl][0], d.NameSpaces[mdl][1] = d.NameSpaces[mdl][1], d.NameSpaces[mdl][0]
		}, nil},
		"one twice":           {func(d *doc) { d.NameSpaces[mdl] = append(d.NameSpaces[mdl], d.NameSpaces[mdl][0]) }, mdoc.ErrDigest},
		"a stranger's":        {func(d *doc) { d.NameSpaces[mdl][0] = foreign.NameSpaces[mdl][0] }, mdoc.ErrDigest},
		"in another place":    {func(d *doc) { d.NameSpaces[own] = append(d.NameSpaces[own], d.NameSpaces[mdl][0]) }, mdoc.ErrDigest},
		"in a place unknown":  {func(d *doc) { d.NameSpaces["org.other"] = d.NameSpaces[mdl] }, mdoc.ErrDigest},
		"a stranger's issuer": {func(d *doc) { d.IssuerAuth = foreign.IssuerAuth }, mdoc.ErrSignature},
	} {
		d := open(t, raw)
		c.change(&d)
		parsed, err := mdoc.Parse(encode(t, d))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := parsed.Verify(i.Key.Public()); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	parsed, err := mdoc.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []crypto.PublicKey{stranger.Key.Public(), p256(t, elliptic.P384()).Public(), nil} {
		if _, err := parsed.Verify(key); !errors.Is(err, mdoc.ErrSignature) {
			t.Errorf("another key: %v, want ErrSignature", err)
		}
	}
}

// Salts have 16 bytes at least, and neither salts nor numbers of digests repeat
// or tell the order of the elements.
func TestSaltsAndDigestNumbers(t *testing.T) {
	t.Parallel()
	i := issue(t)
	salts, ids := map[string]bool{}, map[uint64]bool{}
	for range 20 {
		for _, list := range open(t, signed(t, i)).NameSpaces {
			for _, raw := range list {
				var tag cbor.RawTag
				var inner []byte
				var item struct {
					DigestID uint64 `cbor:"digestID"`
					Random   []byte `cbor:"random"`
				}
				if err := errors.Join(cbor.Unmarshal(raw, &tag), cbor.Unmarshal(tag.Content, &inner), cbor.Unmarshal(inner, &item)); err != nil || tag.Number != 24 {
					t.Fatal(tag.Number, err)
				}
				if len(item.Random) < 16 || salts[string(item.Random)] || ids[item.DigestID] || item.DigestID >= 1<<31 {
					t.Errorf("salt of %d bytes, digest %d: too short, too large or seen before", len(item.Random), item.DigestID)
				}
				salts[string(item.Random)], ids[item.DigestID] = true, true
			}
		}
	}
}

// Whichever bit is flipped, the document is malformed, or not what was signed; of
// the chain, which its own signatures guard, the verifier of chains decides.
func TestEveryFlippedBit(t *testing.T) {
	t.Parallel()
	i := issue(t)
	raw := signed(t, i)
	from := bytes.Index(raw, i.Chain[0])
	for n := range raw {
		bad := bytes.Clone(raw)
		bad[n] ^= 1 << (n * 5 % 8)
		d, err := mdoc.Parse(bad)
		if err == nil {
			_, err = d.Verify(i.Key.Public())
		}
		if inChain := n >= from && n < from+len(i.Chain[0]); err == nil && !inChain {
			t.Errorf("byte %d (%q) flipped and still verified", n, raw[max(0, n-10):n+1])
		}
	}
}

// What costs a reader memory or depth is refused before it does.
func TestHostileCBORIsRefused(t *testing.T) {
	t.Parallel()
	for name, in := range map[string][]byte{
		"nothing":            {},
		"depth":              bytes.Repeat([]byte{0x81}, 100_000),
		"depth of tags":      bytes.Repeat([]byte{0xc1}, 100_000),
		"length of an array": {0xa1, 0x6a, 'n', 'a', 'm', 'e', 'S', 'p', 'a', 'c', 'e', 's', 0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"length of a map":    {0xbb, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"length of bytes":    {0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"indefinite map":     {0xbf, 0xff},
		"indefinite bytes":   {0xa1, 0x6a, 'i', 's', 's', 'u', 'e', 'r', 'A', 'u', 't', 'h', 0x5f, 0x41, 0x00, 0xff},
		"too many elements":  encode(t, map[string]any{"nameSpaces": map[string]any{"a": make([]int, 1001)}}),
		"too long":           encode(t, map[string]any{"issuerAuth": make([]byte, 1<<20)}),
		"an unknown member":  encode(t, map[string]any{"nameSpaces": map[string]any{}, "issuerAuth": []any{}, "more": 1}),
		"no issuerAuth":      encode(t, map[string]any{"nameSpaces": map[string]any{}}),
		"a member twice":     {0xa2, 0x61, 'a', 0x01, 0x61, 'a', 0x02},
		"no certificate":     encode(t, map[string]any{"nameSpaces": map[string]any{}, "issuerAuth": []any{encode(t, map[int]int{1: -7}), map[int]any{33: []byte{1}}, []byte{1}, []byte{1}}}),
		"many certificates":  encode(t, map[string]any{"nameSpaces": map[string]any{}, "issuerAuth": []any{encode(t, map[int]int{1: -7}), map[int]any{33: make([][]byte, 6)}, []byte{1}, []byte{1}}}),
		"no chain":           encode(t, map[string]any{"nameSpaces": map[string]any{}, "issuerAuth": []any{encode(t, map[int]int{1: -7}), map[int]any{}, []byte{1}, []byte{1}}}),
	} {
		if _, err := mdoc.Parse(in); !errors.Is(err, mdoc.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
	raw := signed(t, issue(t))
	if _, err := mdoc.Parse(append(raw, 0)); !errors.Is(err, mdoc.ErrMalformed) {
		t.Errorf("a byte after its end: %v, want ErrMalformed", err)
	}
	if _, err := mdoc.Parse(raw[:len(raw)-1]); !errors.Is(err, mdoc.ErrMalformed) {
		t.Errorf("without its last byte: %v, want ErrMalformed", err)
	}
}

func FuzzParse(f *testing.F) {
	i := issue(f)
	raw := signed(f, i)
	f.Add(raw)
	f.Add(raw[:len(raw)/2])
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, in []byte) {
		d, err := mdoc.Parse(in)
		if err == nil {
			_, err = d.Verify(i.Key.Public())
		}
		if err != nil && !errors.Is(err, mdoc.ErrMalformed) && !errors.Is(err, mdoc.ErrSignature) && !errors.Is(err, mdoc.ErrDigest) {
			t.Errorf("%v is none of ours", err)
		}
	})
}
