package kin_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/registry/kin"
)

// id makes the id of somebody who goes by a name of up to 16 letters.
func id(name string) (out uuid.UUID) {
	copy(out[:], name)
	return out
}

func nameOf(u uuid.UUID) string { return strings.TrimRight(string(u[:]), "\x00") }

func parents(child, one, two string) kin.Parentage {
	return kin.Parentage{Child: id(child), Parent1: id(one), Parent2: id(two)}
}

func adopted(child, one, two string) kin.Parentage {
	p := parents(child, one, two)
	p.Adopted = true
	return p
}

func married(one, two string) kin.Union {
	return kin.Union{Person1: id(one), Person2: id(two), Married: true}
}

// words writes a term as people read it.
func words(t kin.Term) string {
	out := strings.Repeat("great ", t.Great) + string(t.Code)
	if t.Code == kin.Cousin {
		out = fmt.Sprintf("cousin %d removed %d", t.Degree, t.Removal)
	}
	if t.Adoptive {
		out = "adoptive " + out
	}
	return out
}

// relatives lists the relations of somebody as "name: words".
func relatives(f *kin.Family, of string, degree int) []string {
	var out []string
	for _, r := range f.Relations(id(of), degree) {
		out = append(out, nameOf(r.Person)+": "+words(r.Term))
	}
	slices.Sort(out)
	return out
}

// largeFamily is five generations around "me".
func largeFamily() *kin.Family {
	return kin.NewFamily([]kin.Parentage{
		parents("grandpa", "oldpa", "oldma"), parents("grandaunt", "oldpa", "oldma"), parents("second", "grandaunt", ""), parents("third", "second", ""),
		parents("father", "grandpa", "grandma"), parents("uncle", "grandpa", "grandma"), adopted("aunt", "grandpa", "grandma"),
		parents("me", "father", "mother"), parents("sister", "mother", "father"), parents("half", "father", "newwife"), parents("perhaps", "mother", ""),
		parents("step", "newwife", "other"), parents("mother", "granny", ""),
		parents("cousin", "uncle", "unclewife"), parents("cousinkid", "cousin", ""), parents("foster", "aunt", ""),
		parents("niece", "sister", "brotherinlaw"), parents("grandniece", "niece", ""),
		parents("wife", "wifepa", "wifema"), parents("wifebro", "wifepa", "wifema"), parents("wifekid", "wife", "ex"),
		parents("kid", "me", "wife"), adopted("chosen", "me", "wife"), parents("grandkid", "kid", "kidwife"), parents("greatkid", "grandkid", ""),
	}, []kin.Union{
		married("grandpa", "grandma"), {Person1: id("father"), Person2: id("mother"), Married: true, Separated: true}, married("newwife", "father"),
		married("uncle", "unclewife"), married("sister", "brotherinlaw"), married("me", "wife"), {Person1: id("wife"), Person2: id("ex"), Married: true, Separated: true},
		married("kidwife", "kid"), married("wifebro", "wifebrowife"), {Person1: id("me"), Person2: id("flame"), Separated: true}, {Person1: id("mother"), Person2: id("lover")},
	}, []kin.Guardianship{{Ward: id("me"), Guardian: id("tutor")}, {Ward: id("orphan"), Guardian: id("me")}})
}

func TestEveryRelationOfALargeFamily(t *testing.T) {
	t.Parallel()
	want := []string{
		"father: parent", "mother: parent", "grandpa: grandparent", "grandma: grandparent", "granny: grandparent", "oldpa: great grandparent", "oldma: great grandparent",
		"kid: child", "chosen: adoptive child", "grandkid: grandchild", "greatkid: great grandchild",
		"sister: full_sibling", "half: half_sibling", "perhaps: sibling",
		"uncle: aunt_or_uncle", "aunt: adoptive aunt_or_uncle", "grandaunt: great aunt_or_uncle",
		"niece: niece_or_nephew", "grandniece: great niece_or_nephew",
		"cousin: cousin 1 removed 0", "foster: adoptive cousin 1 removed 0", "cousinkid: cousin 1 removed 1", "second: cousin 1 removed 1", "third: cousin 2 removed 0",
		"wife: spouse", "flame: former_partner", "newwife: step_parent", "step: step_sibling", "wifekid: step_child",
		"wifepa: parent_in_law", "wifema: parent_in_law", "wifebro: sibling_in_law", "brotherinlaw: sibling_in_law", "kidwife: child_in_law",
		"tutor: guardian", "orphan: ward",
	}
	slices.Sort(want)
	if got := relatives(largeFamily(), "me", 8); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The degree is a bound on the steps, and each number of steps is the one that
// Term.Steps says.
func TestTheDegreeBoundsTheSteps(t *testing.T) {
	t.Parallel()
	f := largeFamily()
	all := f.Relations(id("me"), 8)
	for degree := -1; degree <= 8; degree++ {
		var want []kin.Relation
		for _, r := range all {
			if r.Steps() <= degree {
				want = append(want, r)
			}
		}
		if got := f.Relations(id("me"), degree); !slices.Equal(got, want) {
			t.Errorf("degree %d: %v, want %v", degree, got, want)
		}
	}
	steps := map[string]int{"father": 1, "sister": 2, "wifema": 2, "uncle": 3, "step": 3, "cousin": 4, "grandaunt": 4, "cousinkid": 5, "third": 6}
	for _, r := range all {
		if want, ok := steps[nameOf(r.Person)]; ok && r.Steps() != want {
			t.Errorf("%s is %d steps away, want %d", nameOf(r.Person), r.Steps(), want)
		}
	}
}

// A second union of the same two people does not hide that they are married.
func TestTheUnionThatHoldsCounts(t *testing.T) {
	t.Parallel()
	union := func(married, separated bool) kin.Union {
		return kin.Union{Person1: id("a"), Person2: id("b"), Married: married, Separated: separated}
	}
	for want, unions := range map[kin.Code][]kin.Union{
		kin.Spouse:        {union(true, true), union(true, false), union(false, true)},
		kin.Partner:       {union(false, false), union(true, true)},
		kin.FormerSpouse:  {union(false, true), union(true, true)},
		kin.FormerPartner: {union(false, true)},
	} {
		slices.Reverse(unions)
		for range 2 {
			for _, of := range []string{"a", "b"} {
				got := kin.NewFamily(nil, unions, nil).Relations(id(of), 1)
				if len(got) != 1 || got[0].Code != want {
					t.Errorf("%v: %v, want %s", unions, got, want)
				}
			}
			slices.Reverse(unions)
		}
	}
}

// The children of cousins who married are related in several ways, and all are told.
func TestSeveralRelationsAtOnce(t *testing.T) {
	t.Parallel()
	f := kin.NewFamily([]kin.Parentage{
		parents("a", "old1", "old2"), parents("b", "old1", "old2"), parents("c", "a", "x"), parents("d", "b", "y"), parents("e", "c", "d"), parents("f", "c", "d"),
	}, []kin.Union{married("c", "d")}, nil)
	for of, want := range map[string][]string{
		"c": {"d: cousin 1 removed 0", "d: spouse", "b: aunt_or_uncle", "b: parent_in_law", "e: child", "e: cousin 1 removed 1"},
		"e": {"f: full_sibling", "f: cousin 2 removed 0"},
	} {
		got := relatives(f, of, 8)
		for _, line := range want {
			if !slices.Contains(got, line) {
				t.Errorf("of %s: %v lacks %q", of, got, line)
			}
		}
	}
}

// What rules forbid must not hang or claim that somebody is their own relative.
func TestEdgesThatCannotBe(t *testing.T) {
	t.Parallel()
	f := kin.NewFamily(
		[]kin.Parentage{parents("a", "b", "a"), parents("b", "c", "c"), parents("c", "a", ""), parents("c", "x", "y"), parents("d", "", "")},
		[]kin.Union{married("a", "a"), married("a", "b")}, []kin.Guardianship{{Ward: id("a"), Guardian: id("a")}})
	for _, of := range []string{"a", "b", "c", "d", "nobody"} {
		for _, r := range f.Relations(id(of), 8) {
			if r.Person == id(of) || r.Person == uuid.Nil {
				t.Errorf("%s is %v of themself", of, r)
			}
		}
	}
	if got := relatives(f, "c", 1); slices.Contains(got, "x: parent") {
		t.Errorf("the second parentage of a child counts: %v", got)
	}
}

func TestInverseTurnsBack(t *testing.T) {
	t.Parallel()
	seen := map[kin.Code]bool{}
	for _, c := range kin.Codes() {
		term := kin.Term{Code: c, Great: 2, Adoptive: true}
		there := term.Inverse()
		if there.Inverse() != term || there.Steps() != term.Steps() {
			t.Errorf("%v becomes %v becomes %v", term, there, there.Inverse())
		}
		seen[there.Code] = true
	}
	if len(seen) != len(kin.Codes()) {
		t.Errorf("the inverses are %v", slices.Collect(maps.Keys(seen)))
	}
}
