package cwt_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"socialregistry/issuer/cwt"
	"socialregistry/issuer/status"
)

// example is that of Token Status List §5.2; the draft gives no key for it.
const example = "d2845820a2012610781a6170706c69636174696f6e2f7374617475736c6973742b63" +
	"7774a1044231325850a502782168747470733a2f2f6578616d706c652e636f6d2f73" +
	"74617475736c697374732f31061a648c5bea041a8898dfea19fffe19a8c019fffda2" +
	"646269747301636c73744a78dadbb918000217015d584093fa4d01032b18c35e2fe1" +
	"101b77fd6cc9440022caa4694450c4e4e9feab4e99d1fa6d9772ce2bf3a12e0323de" +
	"d7c982c5e101a5e67f0cbc1e2b6f57ce99c279"

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func list() cwt.Claims {
	l := status.New(16, 2)
	_ = l.Set(3, status.Suspended)
	return cwt.Claims{Subject: "https://example.com/statuslists/1", Issued: time.Unix(1_686_920_170, 0).UTC(), Expires: time.Unix(2_291_720_170, 0).UTC(), TTL: 12 * time.Hour,
		Bits: 2, List: l.Packed(), Aggregation: "https://example.com/aggregation"}
}

func sign(t testing.TB, c cwt.Claims, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	b, err := c.Sign(key, "12", nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Token Status List §5.2: the example is read, and its claims are what the text says.
func TestExampleOfTheDraft(t *testing.T) {
	t.Parallel()
	raw, err := hex.DecodeString(example)
	if err != nil {
		t.Fatal(err)
	}
	token, err := cwt.Parse(raw)
	if err != nil || token.KID != "12" {
		t.Fatalf("%+v, %v", token, err)
	}
	var message cbor.RawTag
	var parts []cbor.RawMessage
	var payload []byte
	for _, err := range []error{cbor.Unmarshal(raw, &message), cbor.Unmarshal(message.Content, &parts), cbor.Unmarshal(parts[2], &payload)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	key := newKey(t)
	packed, err := hex.DecodeString("78dadbb918000217015d")
	if err != nil {
		t.Fatal(err)
	}
	want := cwt.Claims{Subject: "https://example.com/statuslists/1", Issued: time.Unix(1_686_920_170, 0).UTC(), Expires: time.Unix(2_291_720_170, 0).UTC(), TTL: 43200 * time.Second, Bits: 1, List: packed}
	if _, err := token.Verify(key.Public()); !errors.Is(err, cwt.ErrSignature) {
		t.Errorf("by another key: %v, want ErrSignature", err)
	}
	again, err := cwt.Parse(sign(t, want, key))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Verify(key.Public()); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for n, bit := range []byte{1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1} {
		l, err := status.ParsePacked(packed, 1)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := l.Get(n); err != nil || v != bit {
			t.Errorf("entry %d = %d, %v, want %d", n, v, err, bit)
		}
	}
}

func TestSignAndVerify(t *testing.T) {
	t.Parallel()
	key, chain := newKey(t), [][]byte{{1}, {2}}
	for name, certificates := range map[string][][]byte{"kid alone": nil, "one certificate": chain[:1], "two": chain} {
		raw, err := list().Sign(key, "12", certificates)
		if err != nil {
			t.Fatal(err)
		}
		token, err := cwt.Parse(raw)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := token.Verify(key.Public()); err != nil || !reflect.DeepEqual(got, list()) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	bare := list()
	bare.Expires, bare.TTL, bare.Aggregation = time.Time{}, 0, ""
	token, err := cwt.Parse(sign(t, bare, key))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := token.Verify(key.Public()); err != nil || !reflect.DeepEqual(got, bare) {
		t.Errorf("bare: %+v, %v", got, err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := list().Sign(ed, "12", nil); !errors.Is(err, cwt.ErrKey) {
		t.Errorf("Ed25519: %v, want ErrKey", err)
	}
	if _, err := token.Verify(ed.Public()); !errors.Is(err, cwt.ErrSignature) {
		t.Errorf("verified by Ed25519: %v, want ErrSignature", err)
	}
}

func TestEveryFlippedBitShows(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	raw := sign(t, list(), key)
	kid := 0 // the kid is a hint, and is not signed
	for i := range len(raw) * 8 {
		bad := append([]byte{}, raw...)
		bad[i/8] ^= 1 << (i % 8)
		token, err := cwt.Parse(bad)
		if err != nil {
			continue
		}
		if got, err := token.Verify(key.Public()); err == nil {
			if kid++; !reflect.DeepEqual(got, list()) || token.KID == "12" && kid > 16+8 {
				t.Fatalf("bit %d flipped and still verified", i)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	change := func(edit func(*cwt.Claims)) []byte {
		c := list()
		edit(&c)
		return sign(t, c, key)
	}
	good := sign(t, list(), key)
	deep := append([]byte{0xd2}, make([]byte, 100)...)
	for n := 1; n < len(deep); n++ {
		deep[n] = 0x81
	}
	for name, raw := range map[string][]byte{
		"empty": nil, "text": []byte("hello"), "no tag": good[1:], "cut": good[:len(good)-1], "trailing": append(append([]byte{}, good...), 0), "deep": deep, "too long": make([]byte, 6<<20+1),
		"no sub": change(func(c *cwt.Claims) { c.Subject = "" }), "no iat": change(func(c *cwt.Claims) { c.Issued = time.Unix(0, 0) }), "no list": change(func(c *cwt.Claims) { c.List = nil }),
		"iat before 1970": change(func(c *cwt.Claims) { c.Issued = time.Unix(-1, 0) }), "exp after 9999": change(func(c *cwt.Claims) { c.Expires = time.Unix(253_402_300_800, 0) }),
		"ttl below": change(func(c *cwt.Claims) { c.TTL = -time.Second }),
	} {
		if _, err := cwt.Parse(raw); !errors.Is(err, cwt.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
}

// FuzzParse: no panic, and only errors of ours.
func FuzzParse(f *testing.F) {
	key := newKey(f)
	raw, err := hex.DecodeString(example)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(sign(f, list(), key))
	f.Fuzz(func(t *testing.T, data []byte) {
		token, err := cwt.Parse(data)
		if err != nil {
			if !errors.Is(err, cwt.ErrMalformed) {
				t.Errorf("%v is not ErrMalformed", err)
			}
			return
		}
		token.Verify(key.Public())
	})
}
