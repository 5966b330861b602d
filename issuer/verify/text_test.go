package verify_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf16"

	"socialregistry/internal/specimen"
	"socialregistry/issuer/verify"
)

// What is no text in UTF-8 is told so, whatever else it may be: a mobile document as it
// is on the wire, and what an editor keeps in UTF-16.
func TestNotUTF8(t *testing.T) {
	t.Parallel()
	f, err := specimen.Make(specimen.Seed)
	if err != nil {
		t.Fatal(err)
	}
	b, err := verify.ParseBundle(f.Bundles["usual"])
	if err != nil {
		t.Fatal(err)
	}
	const words = "This is not text in UTF-8. A mobile document is given in base64url."
	for _, v := range f.Vectors {
		if !strings.HasSuffix(v.Name, ": in order") {
			continue
		}
		wide := []byte{0xff, 0xfe}
		for _, unit := range utf16.Encode([]rune(v.Data)) {
			wide = append(wide, byte(unit), byte(unit>>8))
		}
		if got := b.Verify(wide, v.At); got.Outcome != verify.UnreadableCode || got.Reason != words {
			t.Errorf("%s in UTF-16: %s, %q", v.Name, got.Outcome, got.Reason)
		}
		if v.Format != verify.FormatMdoc {
			continue
		}
		raw, err := base64.RawURLEncoding.DecodeString(v.Data)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Verify(raw, v.At); got.Outcome != verify.UnreadableCode || got.Reason != words {
			t.Errorf("%s as bytes: %s, %q", v.Name, got.Outcome, got.Reason)
		}
	}
	if got := b.Verify(make([]byte, 1<<20+1), f.Vectors[0].At); got.Reason == words {
		t.Error(got.Reason)
	}
}
