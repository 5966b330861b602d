package mapping_test

import (
	"testing"

	"socialregistry/registry/mapping"
)

func TestNextLink(t *testing.T) {
	t.Parallel()
	const none = "-"
	for field, want := range map[string]string{
		"":                                     none,
		`<?p=2>; rel=next`:                     "?p=2",
		`<?p=2>;REL = "Next"`:                  "?p=2",
		` , <?p=2> ; rel="next"`:               "?p=2",
		`<?p=1>; rel=prev, <?p=3>; rel="next"`: "?p=3",
		`<?ids=1,2;3>; rel="next"`:             "?ids=1,2;3",
		`<?a>; rel=prev; title="last, <?x>; rel=next", <?b>; rel=next`: "?b",
		`<?a>; title="a \"quoted\", one"; rel=next`:                    "?a",
		`<?a>; title="never closed; rel=next`:                          none,
		`<?a>; rel="last next"`:                                        "?a",
		`<?a>; rel=nextish`:                                            none,
		`<?a>; rel=prev; rel=next`:                                     none, // RFC 8288 §3.3: the first counts
		`<?a>; rel=next; anchor="#other"`:                              none,
		`<?a>; anchor="#other"; rel=next, <?b>; rel=next`:              "?b",
		`<?a>`:                  none,
		`<?a>; rel`:             none,
		`<?a>; rel=`:            none,
		`<?a; rel=next`:         none,
		`?a; rel=next`:          none,
		`<?a>;; rel=next`:       "?a",
		`<?a> rel=next`:         none,
		`<>; rel=next`:          "",
		"<?a>;\trel=next;foo=1": "?a",
	} {
		got, ok := mapping.NextLink([]string{"<?other>; rel=first", field})
		if ok != (want != none) || ok && got != want {
			t.Errorf("%s: %q %v, want %q", field, got, ok, want)
		}
	}
}

func FuzzNextLink(f *testing.F) {
	f.Add(`<?p=2>; rel="next"; title="a, b", <?p=1>; rel=prev`)
	f.Fuzz(func(_ *testing.T, field string) { mapping.NextLink([]string{field, field}) })
}
