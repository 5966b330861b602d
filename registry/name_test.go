package registry_test

import (
	"strings"
	"testing"

	"socialregistry/registry"
)

func TestNormaliseName(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"José  O'Brien-Núñez": "jose obrien nunez", "STRAßE": "strasse", "İstanbul": "istanbul", "أَمِينَة": "امينة", "محمـــد": "محمد",
		"ﬁ": "fi", "50%_\\": "50", "": "", " - ": "", "कि": "कि", "Nguyễn": "nguyen",
	} {
		if got := registry.NormaliseName(raw); got != want {
			t.Errorf("%q = %q, want %q", raw, got, want)
		}
	}
}

func FuzzNormaliseName(f *testing.F) {
	for _, s := range []string{"José", "أَمِينَة", "%_\\", "\u0345", "ß"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := registry.NormaliseName(raw)
		if strings.ContainsAny(got, "%_\\'\"") || strings.TrimSpace(got) != got || strings.Contains(got, "  ") {
			t.Fatalf("%q = %q", raw, got)
		}
	})
}
