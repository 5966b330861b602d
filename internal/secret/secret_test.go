package secret_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/secret"
)

func TestMasterRoundTripAndSizes(t *testing.T) {
	t.Parallel()
	m := secret.NewMaster()
	got, err := secret.ParseMaster(" " + m.Encode() + "=\n")
	if err != nil || got != m {
		t.Fatalf("ParseMaster(Encode) = %v, %v", got, err)
	}
	for _, bad := range []string{"", "AAAA", strings.Repeat("A", 42), strings.Repeat("A", 44), "!" + m.Encode()[1:]} {
		if _, err := secret.ParseMaster(bad); err == nil {
			t.Errorf("ParseMaster(%d characters) passed", len(bad))
		}
	}
}

func TestPurposesGiveDifferentKeys(t *testing.T) {
	t.Parallel()
	m := secret.NewMaster()
	a, again, b := m.Derive("a"), m.Derive("a"), m.Derive("b")
	if a == b || a != again {
		t.Fatal("derivation is not a function of the purpose")
	}
}

func TestSealBindsKeyTextAndContext(t *testing.T) {
	t.Parallel()
	k, plain, aad := secret.NewKey(), []byte("441-22"), []byte("registrant|1|phone")
	sealed := k.Seal(plain, aad)
	if len(sealed) != len(plain)+28 {
		t.Errorf("sealed %d bytes to %d, want 28 more", len(plain), len(sealed))
	}
	got, err := k.Open(sealed, aad)
	if err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("Open = %q, %v", got, err)
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := k.Open(bad, aad); !errors.Is(err, secret.ErrInvalid) {
			t.Fatalf("bit flipped in byte %d: %v", i, err)
		}
	}
	if _, err := k.Open(sealed, []byte("registrant|2|phone")); !errors.Is(err, secret.ErrInvalid) {
		t.Error("opened in another context")
	}
	if _, err := secret.NewKey().Open(sealed, aad); !errors.Is(err, secret.ErrInvalid) {
		t.Error("opened with another key")
	}
}

func TestMACSeparatesParts(t *testing.T) {
	t.Parallel()
	k := secret.NewKey()
	if bytes.Equal(k.MAC([]byte("ab"), []byte("c")), k.MAC([]byte("a"), []byte("bc"))) {
		t.Fatal("two lists of parts share a MAC")
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	tok := secret.NewTokens("k1", secret.NewKey())
	type claims struct{ Offer string }
	s, err := tok.Seal("code", claims{"o-1"}, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	var got claims
	if err := tok.Open("code", s, now.Add(59*time.Second), &got); err != nil || got.Offer != "o-1" {
		t.Fatalf("Open = %+v, %v", got, err)
	}
	if err := tok.Open("code", s, now.Add(time.Minute), &got); !errors.Is(err, secret.ErrExpired) {
		t.Errorf("at its expiry second: %v, want ErrExpired", err)
	}
	if err := tok.Open("nonce", s, now, &got); !errors.Is(err, secret.ErrInvalid) {
		t.Errorf("as another kind: %v, want ErrInvalid", err)
	}
	for _, bad := range []string{"", "k1", "k1.", "k2" + s[2:], s + "A", s[:len(s)-2], strings.Repeat("k", 9000)} {
		if err := tok.Open("code", bad, now, &got); !errors.Is(err, secret.ErrInvalid) {
			t.Errorf("%.20q: %v, want ErrInvalid", bad, err)
		}
	}
}

func TestRotatedTokenKeyStillOpens(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	old := secret.NewKey()
	s, err := secret.NewTokens("k1", old).Seal("code", 7, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	var got int
	rotated := secret.NewTokens("k2", secret.NewKey()).With("k1", old)
	if err := rotated.Open("code", s, now, &got); err != nil || got != 7 {
		t.Fatalf("Open = %d, %v", got, err)
	}
	fresh, err := rotated.Seal("code", 8, now.Add(time.Minute))
	if err != nil || !strings.HasPrefix(fresh, "k2.") {
		t.Fatalf("sealed %q, %v: want the first key", fresh, err)
	}
}

func TestRandomDigits(t *testing.T) {
	t.Parallel()
	counts := map[rune]int{}
	for range 1000 {
		d := secret.RandomDigits(8)
		if len(d) != 8 || strings.Trim(d, "0123456789") != "" {
			t.Fatalf("RandomDigits(8) = %q", d)
		}
		for _, r := range d {
			counts[r]++
		}
	}
	for r, n := range counts { // 800 expected each; 5 standard deviations are 134
		if n < 660 || n > 940 {
			t.Errorf("digit %c came %d times of 8000", r, n)
		}
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	if !secret.Equal("a", "a") || secret.Equal("a", "b") || secret.Equal("a", "aa") || !secret.Equal("", "") {
		t.Fatal("Equal is wrong")
	}
}
