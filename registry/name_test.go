package registry_test

import (
	"strings"
	"testing"

	"socialregistry/registry"
)

func TestSearchText(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"José  O'Brien-Núñez": " jose obrien nunez | js abrn nnz ", "Amina أَمِينَة": " amina امينه | amn ", "محمـــد": " محمد mhmd | mhmd ",
		"50%_\\": " 50 |  ", "": "", " - ": "", "王": " 王 |  ",
	} {
		if got := registry.SearchText(raw); got != want {
			t.Errorf("%q = %q, want %q", raw, got, want)
		}
	}
}

func FuzzSearchText(f *testing.F) {
	for _, s := range []string{"José", "أَمِينَة", "%_\\", "\u0345", "ß", "मोहम्मद", "เอมีนา", "አሚና", "Ľ|"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := registry.SearchText(raw)
		if strings.ContainsAny(got, "%_\\'\"") || got != "" && (strings.Count(got, "|") != 1 || got[0] != ' ' || got[len(got)-1] != ' ') {
			t.Fatalf("%q = %q", raw, got)
		}
		if again := registry.SearchText(raw); again != got {
			t.Fatalf("%q = %q and %q", raw, got, again)
		}
	})
}
