package did_test

import (
	"errors"
	"strings"
	"testing"

	"socialregistry/did"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]did.URL{
		"did:key:z6Mk#z6Mk":               {"did:key:z6Mk", "key", "z6Mk", "z6Mk"},
		"did:web:a.example%3A8443:t1#k-1": {"did:web:a.example%3A8443:t1", "web", "a.example%3A8443:t1", "k-1"},
		"did:x::a#/b?c":                   {"did:x::a", "x", ":a", "/b?c"},
		"did:a1:%41#%42":                  {"did:a1:%41", "a1", "%41", "%42"},
	} {
		if got, err := did.ParseURL(s); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", s, got, err, want)
		}
	}
}

func TestParseURLRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "#", "did", "did:", "did:key", "did:key:", "did:key:z6Mk", "did:key:z6Mk#", "did::z6Mk#a", "did:Key:z6Mk#a",
		"DID:key:z6Mk#a", "did:key:z6Mk:#a", "did:key:z6 Mk#a", "did:key:z6Mk/path#a", "did:key:z6Mk?service=a#a", "did:key:z6Mk;a#a",
		"did:key:z6Mk#a#b", "did:key:z6Mk#a b", "did:key:z6Mk#%4", "did:key:%zz#a", "did:ke%41:z6#a", "did:key:é#a", "did:key:a\n#a",
		"did:key:a#a\x00", " did:key:a#a", "https://a.example#k"} {
		if got, err := did.ParseURL(s); !errors.Is(err, did.ErrSyntax) {
			t.Errorf("%q: %+v, %v; want ErrSyntax", s, got, err)
		}
	}
}

func TestParseURLLength(t *testing.T) {
	t.Parallel()
	for n, ok := range map[int]bool{2047: true, 2048: true, 2049: false, 10 << 20: false} {
		s := "did:key:" + strings.Repeat("z", n-len("did:key:#a")) + "#a"
		if _, err := did.ParseURL(s); (err == nil) != ok {
			t.Errorf("%d bytes: %v", len(s), err)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	f.Add("did:key:z6Mk#z6Mk")
	f.Add("did:x:%41:b#/?%20")
	f.Fuzz(func(t *testing.T, s string) {
		u, err := did.ParseURL(s)
		if err != nil {
			return
		}
		if u.DID+"#"+u.Fragment != s || "did:"+u.Method+":"+u.ID != u.DID {
			t.Fatalf("%q came apart as %+v", s, u)
		}
	})
}
