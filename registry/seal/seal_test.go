package seal_test

import (
	"bytes"
	"errors"
	"testing"
	"unicode"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"socialregistry/internal/secret"
	"socialregistry/registry/seal"
)

func TestARecordKeyOpensWhatItSealedAndWhere(t *testing.T) {
	t.Parallel()
	keys, id := seal.New(secret.NewMaster()), uuid.New()
	made, wrapped := keys.NewRecord(id)
	rec, err := keys.OpenRecord(id, wrapped)
	if err != nil {
		t.Fatal(err)
	}
	sealed := made.Seal("registrant", "phone", []byte("441"))
	if got, err := rec.Open("registrant", "phone", sealed); err != nil || string(got) != "441" {
		t.Fatalf("Open = %q, %v", got, err)
	}
	if got, err := rec.OpenText("registrant", "phone", made.SealText("registrant", "phone", "")); err != nil || got != "" {
		t.Fatalf("OpenText = %q, %v", got, err)
	}
	if bytes.Equal(sealed, made.Seal("registrant", "phone", []byte("441"))) {
		t.Error("sealing twice gives the same bytes")
	}
	other, _ := keys.NewRecord(uuid.New())
	again, _ := keys.NewRecord(id)
	for name, open := range map[string]func() ([]byte, error){
		"another table":              func() ([]byte, error) { return rec.Open("change_log", "phone", sealed) },
		"another field":              func() ([]byte, error) { return rec.Open("registrant", "email", sealed) },
		"another person":             func() ([]byte, error) { return other.Open("registrant", "phone", sealed) },
		"another key of this person": func() ([]byte, error) { return again.Open("registrant", "phone", sealed) },
		"nothing":                    func() ([]byte, error) { return rec.Open("registrant", "phone", nil) },
	} {
		if _, err := open(); !errors.Is(err, secret.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	if _, err := rec.OpenText("registrant", "phone", "!"); !errors.Is(err, secret.ErrInvalid) {
		t.Errorf("not base64: %v", err)
	}
}

func TestAWrappedKeyBelongsToOnePersonAndMaster(t *testing.T) {
	t.Parallel()
	keys, id := seal.New(secret.NewMaster()), uuid.New()
	_, w := keys.NewRecord(id)
	if _, err := keys.OpenRecord(uuid.New(), w); !errors.Is(err, secret.ErrInvalid) {
		t.Errorf("for another person: %v", err)
	}
	if _, err := seal.New(secret.NewMaster()).OpenRecord(id, w); !errors.Is(err, secret.ErrInvalid) {
		t.Errorf("with another master key: %v", err)
	}
	for _, change := range []func(*seal.Wrapped){
		func(w *seal.Wrapped) { w.KID += "x" },
		func(w *seal.Wrapped) { w.Key = bytes.Clone(w.Key); w.Key[20] ^= 1 },
		func(w *seal.Wrapped) { w.Key = w.Key[:10] },
	} {
		bad := w
		change(&bad)
		if _, err := keys.OpenRecord(id, bad); !errors.Is(err, secret.ErrInvalid) {
			t.Errorf("altered: %v", err)
		}
	}
	w.KEK = "k0"
	if _, err := keys.OpenRecord(id, w); !errors.Is(err, seal.ErrUnknownKey) {
		t.Errorf("another key-encryption key: %v", err)
	}
}

func TestHashesBindAllTheirParts(t *testing.T) {
	t.Parallel()
	master, id := secret.NewMaster(), uuid.New()
	keys := seal.New(master)
	hash := keys.ValueHash(id, "phone", "441")
	if len(hash) != seal.HashSize || !seal.Equal(hash, seal.New(master).ValueHash(id, "phone", "441")) {
		t.Fatalf("ValueHash = %x", hash)
	}
	for name, other := range map[string][]byte{
		"person": keys.ValueHash(uuid.New(), "phone", "441"), "field": keys.ValueHash(id, "email", "441"), "text": keys.ValueHash(id, "phone", "442"),
		"border": keys.ValueHash(id, "phone4", "41"), "master": seal.New(secret.NewMaster()).ValueHash(id, "phone", "441"),
		"kind": keys.BlindIndex("phone", "441"), "record": keys.RecordHash(id, map[string]string{"phone": "441"}),
	} {
		if seal.Equal(hash, other) {
			t.Errorf("the hash does not depend on the %s", name)
		}
	}
	if !keys.SameValue(keys.HashKeyID(), hash, id, "phone", "441") || keys.SameValue("h0", hash, id, "phone", "441") ||
		keys.SameValue(keys.HashKeyID(), hash, id, "phone", "442") || keys.SameValue(keys.HashKeyID(), nil, id, "phone", "441") {
		t.Error("SameValue is wrong")
	}
	a := keys.RecordHash(id, map[string]string{"a": "1", "b": "2"})
	if len(a) != seal.HashSize || !seal.Equal(a, keys.RecordHash(id, map[string]string{"b": "2", "a": "1"})) ||
		seal.Equal(a, keys.RecordHash(id, map[string]string{"a": "1b", "": "2"})) || seal.Equal(a, keys.RecordHash(id, map[string]string{"a": "1"})) {
		t.Error("RecordHash is wrong")
	}
	if seal.Equal(nil, nil) || seal.Equal([]byte{}, []byte{}) {
		t.Error("nothing equals nothing")
	}
}

func TestBlindIndexSeesThroughSpelling(t *testing.T) {
	t.Parallel()
	keys := seal.New(secret.NewMaster())
	want := keys.BlindIndex("national_id", "KE-4471 220/9")
	if len(want) != seal.HashSize {
		t.Fatalf("%d bytes", len(want))
	}
	for _, same := range []string{"ke44712209", " KE 4471.2209 ", "ＫＥ４４７１２２０９", "ke٤٤٧١٢٢٠٩", "KE\u20114471\u200b2209"} {
		if !seal.Equal(want, keys.BlindIndex("national_id", same)) {
			t.Errorf("%q is another identifier", same)
		}
	}
	for _, other := range []string{"KE44712208", "+KE44712209", "KE44712209 1"} {
		if seal.Equal(want, keys.BlindIndex("national_id", other)) {
			t.Errorf("%q is the same identifier", other)
		}
	}
	if seal.Equal(want, keys.BlindIndex("phone_number", "KE-4471 220/9")) {
		t.Error("two schemes share an index")
	}
}

// Every decimal digit of Unicode becomes the ASCII digit of its value.
func TestDigitsOfEveryScript(t *testing.T) {
	t.Parallel()
	n := 0
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if !unicode.IsDigit(r) {
			continue
		}
		got := seal.Digits(norm.NFKC.String(string(r)))
		if len(got) != 1 || got[0] < '0' || got[0] > '9' {
			t.Errorf("%U = %q", r, got)
		}
		if next := seal.Digits(norm.NFKC.String(string(r + 1))); unicode.IsDigit(r+1) && got != "9" && next != string(got[0]+1) {
			t.Errorf("%U = %s, and the next is %s", r, got, next)
		}
		n++
	}
	if n < 500 || seal.Digits("aé7٧۷") != "aé777" {
		t.Errorf("%d digits seen", n)
	}
}

func FuzzNormalise(f *testing.F) {
	for _, s := range []string{"KE-4471", "+254", "١٢", "ﬁ", "ß", "\u0345", "A \u0308\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := seal.Normalise(s)
		if again := seal.Normalise(once); again != once {
			t.Fatalf("%q became %q, and that %q", s, once, again)
		}
	})
}
