package kin_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/registry/kin"
)

var seedFlag = flag.Uint64("seed", 0, "seed of the property test; 0 picks one")

const (
	families  = 120
	maxDegree = 6
)

// On random families: every term is what a plain walk over the edges finds, each
// relation has its inverse, and nobody is related to themself.
func TestPropertyTermsAgreeWithAWalk(t *testing.T) {
	t.Parallel()
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d: run again with -run %s -args -seed=%d", seed, t.Name(), seed)
	met := map[kin.Code]int{}
	for n := range families {
		w := randomWorld(rand.New(rand.NewPCG(seed, uint64(n))))
		family := kin.NewFamily(w.parents, w.unions, w.guardians)
		all := map[string]bool{}
		for _, of := range w.people {
			got := map[string]bool{}
			for _, r := range family.Relations(of, maxDegree) {
				if r.Person == of {
					t.Errorf("seed %d, family %d: %s is their own %s", seed, n, nameOf(of), words(r.Term))
				}
				got[line(of, r.Person, r.Term)], all[line(of, r.Person, r.Term)] = true, true
				met[r.Code]++
			}
			compare(t, fmt.Sprintf("seed %d, family %d, %s", seed, n, nameOf(of)), got, w.walk(of))
		}
		for _, of := range w.people {
			for _, r := range family.Relations(of, maxDegree) {
				if back := line(r.Person, of, r.Inverse()); !all[back] {
					t.Errorf("seed %d, family %d: %s, but not %s", seed, n, line(of, r.Person, r.Term), back)
				}
			}
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	for _, c := range kin.Codes() {
		if met[c] == 0 {
			t.Errorf("seed %d: nobody is anybody's %s: the families are too poor", seed, c)
		}
	}
}

func line(of, person uuid.UUID, term kin.Term) string {
	return nameOf(person) + " is " + words(term) + " of " + nameOf(of)
}

func compare(t *testing.T, where string, got, want map[string]bool) {
	t.Helper()
	for l := range got {
		if !want[l] {
			t.Errorf("%s: %s, which the walk does not find", where, l)
		}
	}
	for l := range want {
		if !got[l] {
			t.Errorf("%s: the walk finds that %s", where, l)
		}
	}
}

// world is the edges of a random family, in the form in which the walk reads them.
type world struct {
	people    []uuid.UUID // elders first
	parents   []kin.Parentage
	unions    []kin.Union
	guardians []kin.Guardianship
}

// randomWorld invents a family that keeps the rules: parents are older than
// their children, and spouses are not each other's parent, child or sibling.
func randomWorld(r *rand.Rand) *world {
	w := &world{}
	for i := range 8 + r.IntN(14) {
		child := id(fmt.Sprint("p", i))
		w.people = append(w.people, child)
		if i < 3 || r.IntN(6) == 0 {
			continue
		}
		elder := func() uuid.UUID { return w.people[max(0, i-1-r.IntN(8))] }
		p := kin.Parentage{Child: child, Parent1: elder(), Parent2: elder(), Adopted: r.IntN(8) == 0}
		if p.Parent2 == p.Parent1 || r.IntN(8) == 0 {
			p.Parent2 = uuid.Nil
		}
		w.parents = append(w.parents, p)
	}
	for range len(w.people) {
		a, b := w.people[r.IntN(len(w.people))], w.people[r.IntN(len(w.people))]
		if a != b && !w.close(a, b) {
			w.unions = append(w.unions, kin.Union{Person1: a, Person2: b, Married: r.IntN(5) > 0, Separated: r.IntN(4) == 0})
		}
		if a, b = w.people[r.IntN(len(w.people))], w.people[r.IntN(len(w.people))]; a != b && r.IntN(6) == 0 {
			w.guardians = append(w.guardians, kin.Guardianship{Ward: a, Guardian: b})
		}
	}
	return w
}

// parentsOf lists the known parents of somebody.
func (w *world) parentsOf(child uuid.UUID) (out []uuid.UUID, adopted bool) {
	for _, p := range w.parents {
		if p.Child == child {
			for _, parent := range []uuid.UUID{p.Parent1, p.Parent2} {
				if parent != uuid.Nil {
					out = append(out, parent)
				}
			}
			adopted = p.Adopted
		}
	}
	return out, adopted
}

func (w *world) common(a, b uuid.UUID) (n int) {
	ofA, _ := w.parentsOf(a)
	ofB, _ := w.parentsOf(b)
	for _, parent := range ofA {
		if slices.Contains(ofB, parent) {
			n++
		}
	}
	return n
}

// close tells whether two people may not marry.
func (w *world) close(a, b uuid.UUID) bool {
	ofA, _ := w.parentsOf(a)
	ofB, _ := w.parentsOf(b)
	return slices.Contains(ofA, b) || slices.Contains(ofB, a) || w.common(a, b) > 0
}

// edge is what one step does: u to a parent, d to a child, m to whom one is
// married now, s, r, q to other unions, g to a guardian, w to a ward. A capital
// is a step by adoption.
func (w *world) edge(from, to uuid.UUID) (out []string) {
	for _, way := range []struct {
		child, parent uuid.UUID
		step          string
	}{{from, to, "u"}, {to, from, "d"}} {
		if parents, adopted := w.parentsOf(way.child); slices.Contains(parents, way.parent) && adopted {
			out = append(out, strings.ToUpper(way.step))
		} else if slices.Contains(parents, way.parent) {
			out = append(out, way.step)
		}
	}
	if step := w.union(from, to); step != "" {
		out = append(out, step)
	}
	for _, g := range w.guardians {
		if g.Ward == from && g.Guardian == to {
			out = append(out, "g")
		}
		if g.Ward == to && g.Guardian == from {
			out = append(out, "w")
		}
	}
	return out
}

// union is the strongest of the unions of two people.
func (w *world) union(a, b uuid.UUID) string {
	var has string
	for _, u := range w.unions {
		switch {
		case (u.Person1 != a || u.Person2 != b) && (u.Person1 != b || u.Person2 != a):
		case u.Married && u.Separated:
			has += "r"
		case u.Married:
			has += "m"
		case u.Separated:
			has += "q"
		default:
			has += "s"
		}
	}
	for _, step := range []string{"m", "s", "r", "q"} {
		if strings.Contains(has, step) {
			return step
		}
	}
	return ""
}

// walk tries every way that visits nobody twice, and reads its steps.
func (w *world) walk(of uuid.UUID) map[string]bool {
	type way struct {
		to    uuid.UUID
		steps string
	}
	edges := map[uuid.UUID][]way{}
	for _, a := range w.people {
		for _, b := range w.people {
			for _, e := range w.edge(a, b) {
				edges[a] = append(edges[a], way{b, e})
			}
		}
	}
	natural := map[kin.Relation]bool{} // whether some way to it has no adoption
	var walk func(path []uuid.UUID, steps string)
	walk = func(path []uuid.UUID, steps string) {
		last := path[len(path)-1]
		if term, ok := w.read(of, last, strings.ToLower(steps)); ok {
			found := kin.Relation{Person: last, Term: term}
			byMarriage := strings.Contains(steps, "m")
			natural[found] = natural[found] || byMarriage || strings.ToLower(steps) == steps
		}
		if len(steps) == maxDegree || !promising(strings.ToLower(steps)) {
			return
		}
		for _, next := range edges[last] {
			if !slices.Contains(path, next.to) {
				walk(append(slices.Clone(path), next.to), steps+next.steps)
			}
		}
	}
	walk([]uuid.UUID{of}, "")
	out := map[string]bool{}
	for found, plain := range natural {
		found.Adoptive = !plain
		out[line(of, found.Person, found.Term)] = true
	}
	return out
}

// promising tells whether a longer way may still be a relation.
func promising(steps string) bool {
	return strings.Trim(strings.TrimLeft(steps, "u"), "d") == "" || slices.Contains([]string{"m", "um", "mu"}, steps)
}

// read tells what the steps of a way amount to.
func (w *world) read(of, last uuid.UUID, steps string) (kin.Term, bool) {
	mine, _ := w.parentsOf(of)
	theirs, _ := w.parentsOf(last)
	fixed := map[string]kin.Code{
		"m": kin.Spouse, "s": kin.Partner, "r": kin.FormerSpouse, "q": kin.FormerPartner, "g": kin.Guardian, "w": kin.Ward, "u": kin.Parent, "d": kin.Child,
		"um": kin.StepParent, "md": kin.StepChild, "umd": kin.StepSibling,
		"mu": kin.ParentInLaw, "dm": kin.ChildInLaw, "mud": kin.SiblingInLaw, "udm": kin.SiblingInLaw,
	}
	up, down := strings.Count(steps, "u"), strings.Count(steps, "d")
	switch {
	case steps == "um" && slices.Contains(mine, last), steps == "md" && slices.Contains(theirs, of), steps == "umd" && w.common(of, last) > 0:
		return kin.Term{}, false
	case fixed[steps] != "":
		return kin.Term{Code: fixed[steps]}, true
	case steps == "" || steps != strings.Repeat("u", up)+strings.Repeat("d", down):
		return kin.Term{}, false
	case down == 0:
		return kin.Term{Code: kin.Grandparent, Great: up - 2}, true
	case up == 0:
		return kin.Term{Code: kin.Grandchild, Great: down - 2}, true
	case steps == "ud" && w.common(of, last) == 2:
		return kin.Term{Code: kin.FullSibling}, true
	case steps == "ud" && len(mine) == 2 && len(theirs) == 2:
		return kin.Term{Code: kin.HalfSibling}, true
	case steps == "ud":
		return kin.Term{Code: kin.Sibling}, true
	case down == 1:
		return kin.Term{Code: kin.AuntOrUncle, Great: up - 2}, true
	case up == 1:
		return kin.Term{Code: kin.NieceOrNephew, Great: down - 2}, true
	}
	return kin.Term{Code: kin.Cousin, Degree: min(up, down) - 1, Removal: max(up-down, down-up)}, true
}
