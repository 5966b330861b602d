package sniff_test

import (
	"strings"
	"testing"

	"socialregistry/registry/sniff"
)

func typeOf(t *testing.T, pieces ...string) string {
	t.Helper()
	var s sniff.Sniffer
	for _, p := range pieces {
		if n, err := s.Write([]byte(p)); n != len(p) || err != nil {
			t.Fatalf("%d of %d bytes are taken, %v", n, len(p), err)
		}
	}
	return s.Type()
}

func TestTypeComesFromTheBytes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ file, want string }{
		"pdf":               {"%PDF-1.7\n\xe2\xe3", sniff.PDF},
		"jpeg":              {"\xff\xd8\xff\xe0\x00\x10JFIF", sniff.JPEG},
		"png":               {"\x89PNG\r\n\x1a\n\x00\x00", sniff.PNG},
		"webp":              {"RIFF\x10\x00\x00\x00WEBPVP8 ", sniff.WebP},
		"text":              {"Amina أمينة\r\n\tç", sniff.Text},
		"nothing":           {"", sniff.Text},
		"page":              {" \n<!DOCTYPE html><script>", "text/html"},
		"drawing":           {"<?xml version=\"1.0\"?><svg/>", "text/xml"},
		"bare drawing":      {"\t<svg xmlns='http://www.w3.org/2000/svg'/>", sniff.Markup},
		"less than":         {"< 5 litres", sniff.Text},
		"archive":           {"PK\x03\x04", "application/zip"},
		"program":           {"\x7fELF\x02", sniff.Unknown},
		"text with a zero":  {"abc\x00", sniff.Unknown},
		"late control":      {strings.Repeat("a", 600) + "\x1b[2J", sniff.Unknown},
		"late broken UTF-8": {strings.Repeat("a", 600) + "\xff", sniff.Unknown},
		"cut character":     {"abc\xc3", sniff.Unknown},
		"UTF-16":            {"\xff\xfea\x00", sniff.Unknown},
		"pdf in a picture":  {"\xff\xd8\xff\xe0%PDF-1.7", sniff.JPEG},
	} {
		if got := typeOf(t, tc.file); got != tc.want {
			t.Errorf("%s is %s, want %s", name, got, tc.want)
		}
	}
}

// A character may come in several pieces.
func FuzzPiecesDoNotMatter(f *testing.F) {
	f.Add([]byte("أمينة"), 3)
	f.Add([]byte("a\xf0\x9f\x98\x80b\xff"), 2)
	f.Fuzz(func(t *testing.T, file []byte, at int) {
		at = max(0, min(at, len(file)))
		if whole, cut := typeOf(t, string(file)), typeOf(t, string(file[:at]), string(file[at:])); whole != cut {
			t.Errorf("%q is %s, and cut at %d it is %s", file, whole, at, cut)
		}
	})
}
