package status_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"socialregistry/issuer/status"
)

// Token Status List §4.1 and §4.2: the two examples of the text.
func TestTokenListExamples(t *testing.T) {
	t.Parallel()
	for lst, c := range map[string]struct {
		bits   int
		values []byte
	}{
		"eNrbuRgAAhcBXQ":  {1, []byte{1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1}},
		"eNo76fITAAPfAgc": {2, []byte{1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3}},
	} {
		l, err := status.ParseTokenList(lst, c.bits)
		if err != nil {
			t.Fatal(err)
		}
		own := status.New(len(c.values), c.bits)
		for i, want := range c.values {
			if got, err := l.Get(i); err != nil || got != want {
				t.Errorf("%s: entry %d = %d, %v, want %d", lst, i, got, err, want)
			}
			if err := own.Set(i, want); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := l.Get(len(c.values)); !errors.Is(err, status.ErrIndex) || l.Len() != len(c.values) {
			t.Errorf("%s: %d entries, %v", lst, l.Len(), err)
		}
		again, err := status.ParseTokenList(own.TokenList(), c.bits)
		if err != nil || inflated(t, again) != inflated(t, l) {
			t.Errorf("%s: ours is %s, %v", lst, own.TokenList(), err)
		}
	}
}

// Token Status List, appendix C.1: one bit, 2^20 entries.
func TestTokenListVector(t *testing.T) {
	t.Parallel()
	lst := "eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogE" +
		"AAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" +
		"AAAAAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAA" +
		"A7KpLAAAAAAAAAAAAAAAAAAAAAJsLCQAAAAAAAAAAADjelAAAAAAAAAAAKjDMAQAAA" +
		"ACAZC8L2AEb"
	l, err := status.ParseTokenList(lst, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := map[int]bool{0: true, 1993: true, 25460: true, 159495: true, 495669: true, 554353: true, 645645: true, 723232: true, 854545: true, 934534: true, 1000345: true}
	if l.Len() != 1<<20 {
		t.Errorf("%d entries, want 2^20", l.Len())
	}
	for i := range l.Len() {
		if v, err := l.Get(i); err != nil || (v == 1) != want[i] {
			t.Errorf("entry %d = %d, %v", i, v, err)
		}
	}
}

// Bitstring Status List 1.0 §2.2: the example is a list of 131,072 zeros.
func TestBitstringExample(t *testing.T) {
	t.Parallel()
	l, err := status.ParseBitstring("uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA", 1)
	if err != nil || l.Len() != status.MinBitstring {
		t.Fatalf("%v", err)
	}
	for i := range l.Len() {
		if v, err := l.Get(i); err != nil || v != 0 {
			t.Fatalf("entry %d = %d, %v", i, v, err)
		}
	}
}

func inflated(t *testing.T, l *status.List) string {
	t.Helper()
	var b strings.Builder
	for i := range l.Len() {
		v, err := l.Get(i)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteByte('0' + v)
	}
	return b.String()
}

// The order of the bits is what the two kinds differ in.
func TestBitOrder(t *testing.T) {
	t.Parallel()
	l := status.New(status.MinBitstring, 1)
	if err := l.Set(1, 1); err != nil {
		t.Fatal(err)
	}
	z, err := zlib.NewReader(bytes.NewReader(raw(t, l.TokenList())))
	if err != nil {
		t.Fatal(err)
	}
	g, err := gzip.NewReader(bytes.NewReader(raw(t, l.Bitstring()[1:])))
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 1)
	if _, err := z.Read(first); first[0] != 0b0000_0010 {
		t.Errorf("token list begins %08b, %v, want 00000010", first, err)
	}
	if _, err := g.Read(first); first[0] != 0b0100_0000 {
		t.Errorf("bitstring begins %08b, %v, want 01000000", first, err)
	}
}

func raw(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRoundTrips(t *testing.T) {
	t.Parallel()
	for _, width := range []int{1, 2, 4, 8} {
		l := status.New(1001, width)
		for i := 0; i < 1001; i += 7 {
			if err := l.Set(i, byte(i)&byte(1<<width-1)); err != nil {
				t.Fatal(err)
			}
		}
		got, err := status.ParseTokenList(l.TokenList(), width)
		if err != nil || inflated(t, got) != inflated(t, l) {
			t.Errorf("%d bits: token list %v", width, err)
		}
		bitstring, err := status.ParseBitstring(l.Bitstring(), width)
		if err != nil || bitstring.Len() != status.MinBitstring || inflated(t, bitstring)[:l.Len()] != inflated(t, l) {
			t.Errorf("bitstring %v", err)
		}
	}
}

func TestSetAndGetBounds(t *testing.T) {
	t.Parallel()
	l := status.New(16, 2)
	for i, want := range map[int]error{-1: status.ErrIndex, 0: nil, 15: nil, 16: status.ErrIndex} {
		if err := l.Set(i, 3); !errors.Is(err, want) {
			t.Errorf("Set(%d) %v, want %v", i, err, want)
		}
		if _, err := l.Get(i); !errors.Is(err, want) {
			t.Errorf("Get(%d) %v, want %v", i, err, want)
		}
	}
	if err := l.Set(0, 4); !errors.Is(err, status.ErrIndex) {
		t.Errorf("a value too large: %v", err)
	}
	if err := l.Set(0, 1); err != nil {
		t.Fatal(err)
	}
	for i, want := range map[int]byte{0: 1, 1: 0, 14: 0, 15: 3} {
		if v, _ := l.Get(i); v != want {
			t.Errorf("entry %d = %d, want %d", i, v, want)
		}
	}
	if n := status.New(-5, 3).Len(); n != 0 {
		t.Errorf("%d entries, want 0", n)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	deflate := func(n int) string {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		w.Write(make([]byte, n))
		w.Close()
		return b.String()
	}
	zip := func(n int) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write(make([]byte, n))
		w.Close()
		return b.String()
	}
	b64 := base64.RawURLEncoding.EncodeToString
	for name, lst := range map[string]string{
		"empty": "", "base64": "++++", "padded": "eNrbuRgAAhcBXQ==", "line break": "eNrbuRgA\nAhcBXQ", "not zlib": b64([]byte("hello")), "gzip": b64([]byte(zip(2))),
		"cut short": b64([]byte(deflate(100))[:8]), "checksum": "eNrbuRgAAhcBXA", "trailing": b64([]byte(deflate(2) + "x")), "bomb": b64([]byte(deflate(4<<20 + 1))), "long": strings.Repeat("A", 6<<20+1),
	} {
		if _, err := status.ParseTokenList(lst, 1); !errors.Is(err, status.ErrList) {
			t.Errorf("token list, %s: %v, want ErrList", name, err)
		}
	}
	if _, err := status.ParseTokenList("eNrbuRgAAhcBXQ", 3); !errors.Is(err, status.ErrList) {
		t.Errorf("3 bits: %v", err)
	}
	if l, err := status.ParseTokenList(b64([]byte(deflate(4<<20))), 8); err != nil || l.Len() != 4<<20 {
		t.Errorf("4 MiB: %v", err)
	}
	for name, list := range map[string]string{
		"empty": "", "only u": "u", "no multibase": b64([]byte(zip(16384))), "base58": "z" + b64([]byte(zip(16384))), "zlib": "u" + b64([]byte(deflate(16384))),
		"too few": "u" + b64([]byte(zip(16383))), "two streams": "u" + b64([]byte(zip(16384)+zip(1))), "bomb": "u" + b64([]byte(zip(4<<20+1))), "cut short": "u" + b64([]byte(zip(16384))[:20]),
	} {
		if _, err := status.ParseBitstring(list, 1); !errors.Is(err, status.ErrList) {
			t.Errorf("bitstring, %s: %v, want ErrList", name, err)
		}
	}
	if _, err := status.ParseBitstring("u"+b64([]byte(zip(16384))), 1); err != nil {
		t.Errorf("131,072 entries: %v", err)
	}
	for width, size := range map[int]int{2: 32768, 4: 65536, 8: 131072} {
		if _, err := status.ParseBitstring("u"+b64([]byte(zip(size-1))), width); !errors.Is(err, status.ErrList) {
			t.Errorf("a byte too few of %d bits: %v", width, err)
		}
		if l, err := status.ParseBitstring("u"+b64([]byte(zip(size))), width); err != nil || l.Len() != status.MinBitstring {
			t.Errorf("131,072 entries of %d bits: %v", width, err)
		}
	}
	if _, err := status.ParseBitstring("u"+b64([]byte(zip(16384))), 3); !errors.Is(err, status.ErrList) {
		t.Errorf("3 bits: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("eNrbuRgAAhcBXQ", 1)
	f.Add("uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA", 8)
	f.Fuzz(func(t *testing.T, s string, width int) {
		if l, err := status.ParseTokenList(s, width); err == nil {
			if again, err := status.ParseTokenList(l.TokenList(), width); err != nil || again.Len() != l.Len() {
				t.Errorf("round trip: %v", err)
			}
		}
		l, err := status.ParseBitstring(s, width)
		if err != nil {
			return
		}
		if again, err := status.ParseBitstring(l.Bitstring(), width); err != nil || again.Len() != l.Len() || l.Len() < status.MinBitstring {
			t.Errorf("round trip of %d entries: %v", l.Len(), err)
		}
	})
}
