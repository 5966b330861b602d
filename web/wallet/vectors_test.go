package wallet_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"socialregistry/internal/specimen"
	"socialregistry/issuer/verify"
)

// library is one that is not ours and what it can speak about.
type library struct {
	name string
	// good and bad are the outcomes of ours that it has a word for: it takes the
	// credential, or refuses it.
	good, bad []verify.Outcome
	least     int // so many vectors it must decide
	// differs gives the vectors, by the end of their names, about which it says
	// something else, and why.
	differs map[string]string
	// words must stand in its reason for a refusal of that outcome.
	words map[verify.Outcome]string
}

// maxAsked bounds a vector in bytes: what costs much is made for verifiers with
// bounds, and libraries need have none.
const maxAsked = 64 << 10

// The libraries leave to their caller whose key it is and when it was in use: the
// keys that they are given are the bundle's.
func libraries() map[string]library {
	standing := []verify.Outcome{verify.Genuine, verify.KeyRetired, verify.GenuineStatusUnknown, verify.Withdrawn, verify.Suspended}
	dates := []verify.Outcome{verify.Altered, verify.Expired, verify.NotYetValid}
	return map[string]library{
		verify.FormatSDJWT: {"@sd-jwt/sd-jwt-vc", standing[:2], append(standing[3:5:5], dates...), 150, differsSDJWT(),
			map[verify.Outcome]string{verify.Expired: "expired", verify.NotYetValid: "not yet valid", verify.Withdrawn: "Status is not valid", verify.Suspended: "Status is not valid"}},
		verify.FormatLDP: {"@digitalbazaar/vc", standing, dates, 180,
			map[string]string{"at its end": clock, "a minute before its beginning: clocks differ": "a whole minute is more than a minute may be",
				"a member twice": "JSON.parse, before the library, keeps the last", "with a mark before it": unmarked, "with a mark, then spaces, before it": unmarked, "a null more": "JSON-LD drops it, so that it says nothing"},
			map[verify.Outcome]string{verify.Expired: "is after", verify.NotYetValid: "is before"}},
		verify.FormatMdoc: {"@owf/mdoc", standing, dates, 80,
			map[string]string{"at its end": clock, "an element twice": "taken as often as it stands there", "certified by a CA that is over": "the dates of a certificate between are not looked at",
				"certificate of a CA outside, which the bundle names": "it knows anchors, and no certificates by themselves"},
			map[verify.Outcome]string{verify.Expired: "must be valid at the time", verify.NotYetValid: "must be valid at the time"}},
		verify.FormatClaim169: {"@mosip/pixelpass, @auth0/cose and cbor2", append(standing, verify.Expired, verify.NotYetValid), dates[:1], 250, differsCodes(), nil},
	}
}

const (
	clock    = "the minute by which clocks may differ counts at the end too"
	dropped  = "a disclosure that the token has no digest for is dropped, and not shown"
	caller   = "its caller has to look at it"
	later    = "a status list made after the time of the check is refused"
	unmarked = "JSON.parse, before the library, takes no byte order mark"
	onlyJWT  = "status lists in CBOR are not read"
)

func differsSDJWT() map[string]string {
	return map[string]string{"at its end": clock,
		"a disclosure of a reserved name": dropped, "a disclosure of exp": dropped, "a disclosure that is an element": dropped, "a foreign disclosure": dropped, "a foreign disclosure beside": dropped,
		"a forged disclosure": dropped, "the token of another": dropped, "a disclosure twice": "taken once",
		"shown in the future": caller, "shown six minutes ago": caller, "shown at a time in words": caller, "shown to somebody else": caller,
		"at its beginning": later, "a minute before its beginning: clocks differ": later, "list made tomorrow": later,
		"list in CBOR": onlyJWT, "list in CBOR, withdrawn": onlyJWT, "list in CBOR, suspended": onlyJWT}
}

func differsCodes() map[string]string {
	return map[string]string{"algorithm unprotected": "read from either header; PixelPass's JSON, of the other profile, has lost it"}
}

// wants says whether the library must take a vector; asked is false where it cannot
// speak about it.
func (l library) wants(v specimen.Vector) (good, asked bool) {
	for _, o := range l.good {
		if v.Outcome == string(o) {
			return true, len(v.Data) <= maxAsked
		}
	}
	for _, o := range l.bad {
		if v.Outcome == string(o) {
			return false, len(v.Data) <= maxAsked
		}
	}
	return false, false
}

// Libraries that are not ours decide about our vectors as we do, each about those of
// its format and of the outcomes that it has a word for. Where one says something
// else it stands in a table, with the reason; and nothing stands there that is not so.
func TestForeignLibrariesOnVectors(t *testing.T) {
	t.Parallel()
	f, err := specimen.Make(specimen.Seed)
	must(t, err)
	all := libraries()
	var asked []specimen.Vector
	for _, v := range f.Vectors {
		if _, ok := all[v.Format].wants(v); ok {
			asked = append(asked, v)
		}
	}
	f.Vectors = asked
	raw, err := json.Marshal(f)
	must(t, err)
	name := filepath.Join(t.TempDir(), "vectors.json")
	must(t, os.WriteFile(name, raw, 0o600))
	out, failure := node(t, "", "vectors.mjs", name)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if failure != "" || len(lines) != len(asked) {
		t.Fatalf("%d answers for %d vectors: %s", len(lines), len(asked), failure)
	}
	decided, other, seen := map[string]int{}, map[string]int{}, map[string]bool{}
	for n, v := range asked {
		l := all[v.Format]
		var got struct {
			Name, Why string
			Good      bool
		}
		must(t, json.Unmarshal([]byte(lines[n]), &got))
		_, end, _ := strings.Cut(v.Name, ": ")
		want, _ := l.wants(v)
		_, tabled := l.differs[end]
		switch {
		case got.Name != v.Name:
			t.Fatalf("%q was asked and %q answered", v.Name, got.Name)
		case strings.Contains(lines[n], "Mallory"):
			t.Errorf("%s shows of %s what nobody signed: %s", l.name, v.Name, lines[n])
		case got.Good == want && (want || strings.Contains(got.Why, l.words[verify.Outcome(v.Outcome)])):
			decided[v.Format]++
		case tabled:
			other[v.Format]++
			seen[v.Format+end] = true
		default:
			t.Errorf("%s of %s, which is %s: good is %v (%s)", l.name, v.Name, v.Outcome, got.Good, got.Why)
		}
	}
	for format, l := range all {
		t.Logf("%s: %d vectors decided as by us, %d otherwise", l.name, decided[format], other[format])
		if decided[format] < l.least {
			t.Errorf("%s decided %d vectors, want %d", l.name, decided[format], l.least)
		}
		for end := range l.differs {
			if !seen[format+end] {
				t.Errorf("%s: %q is in the table, and no vector of it differs", l.name, end)
			}
		}
	}
}
