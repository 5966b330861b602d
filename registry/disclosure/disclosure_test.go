package disclosure_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"socialregistry/registry/disclosure"
)

const least = 5

// grow makes a random tree. Each leaf is an unknown number per kind of person:
// attested in one of three months, or not at all.
func grow(random *rand.Rand, code string, depth int) *disclosure.Area {
	a := &disclosure.Area{Code: code}
	if depth == 0 || random.IntN(5) == 0 {
		for class := range 4 {
			n := []int64{0, random.Int64N(4), random.Int64N(9), 20 + random.Int64N(9)}[random.IntN(4)]
			a.All.People += n
			if class > 0 {
				a.All.Attest("sex", fmt.Sprintf("2026-0%d", class), n)
			}
		}
		a.All.Groups = map[string]int64{"household": random.Int64N(12)}
		return a
	}
	for i := range 2 + random.IntN(3) {
		part := grow(random, fmt.Sprint(code, i), depth-1)
		a.Parts = append(a.Parts, part)
		a.All.Add(part.All)
	}
	return a
}

// attacker keeps what the told numbers say, as equations over the leaves.
type attacker struct {
	leaves map[string]int // area and class -> unknown
	rows   [][]*big.Rat   // in echelon form
}

// classes of people: the months, and "" for no attested value.
func classes() []string { return []string{"", "2026-01", "2026-02", "2026-03"} }

func (x *attacker) number(areas []*disclosure.Area, of ...string) []*big.Rat {
	row := make([]*big.Rat, len(x.leaves))
	for i := range row {
		row[i] = new(big.Rat)
	}
	var walk func(a *disclosure.Area)
	walk = func(a *disclosure.Area) {
		for _, p := range a.Parts {
			walk(p)
		}
		if len(a.Parts) == 0 {
			for _, class := range of {
				row[x.leaves[a.Code+class]].SetInt64(1)
			}
		}
	}
	for _, a := range areas {
		walk(a)
	}
	return row
}

// reduce takes out of a number what is known; nothing is left of one that follows.
func (x *attacker) reduce(row []*big.Rat) (pivot int) {
	for _, known := range x.rows {
		at := first(known)
		if by := new(big.Rat).Set(row[at]); by.Sign() != 0 {
			for j := range row {
				row[j].Sub(row[j], new(big.Rat).Mul(by, known[j]))
			}
		}
	}
	return first(row)
}

func first(row []*big.Rat) int {
	for i, v := range row {
		if v.Sign() != 0 {
			return i
		}
	}
	return -1
}

func (x *attacker) learn(row []*big.Rat) {
	at := x.reduce(row)
	if at < 0 {
		return
	}
	scale := new(big.Rat).Inv(row[at])
	for j := range row {
		row[j].Mul(row[j], scale)
	}
	x.rows = append(x.rows, row)
}

// TestNoSmallNumberFollowsFromTheTree: of random trees all that is told is added
// and subtracted in every way, and no number of few people of any set of siblings,
// in any set of months, follows.
func TestNoSmallNumberFollowsFromTheTree(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 5))
	lines, small := 0, 0
	for range 60 {
		root := grow(random, "A", 2)
		areas := map[string]*disclosure.Area{}
		x := &attacker{leaves: map[string]int{}}
		collect(root, areas, x)
		told := disclosure.Tell(root, root.All, least)
		for _, of := range told {
			x.read(t, areas[of.Code], of)
			lines += len(of.Blocks)
		}
		for _, a := range areas {
			small += x.attack(t, a)
		}
	}
	if lines < 100 || small < 1000 {
		t.Errorf("%d lines and %d small numbers: the test is hollow", lines, small)
	}
}

func collect(a *disclosure.Area, areas map[string]*disclosure.Area, x *attacker) {
	areas[a.Code] = a
	for _, p := range a.Parts {
		collect(p, areas, x)
	}
	if len(a.Parts) == 0 {
		for _, class := range classes() {
			x.leaves[a.Code+class] = len(x.leaves)
		}
	}
}

// read learns all that is told of an area, and holds each number to the truth.
func (x *attacker) read(t *testing.T, a *disclosure.Area, told disclosure.Told) {
	t.Helper()
	x.readNumbers(t, []*disclosure.Area{a}, told.All)
	rest := []*disclosure.Area{}
	for _, p := range a.Parts {
		apart := false
		for _, b := range told.Blocks {
			if b.Code == p.Code {
				apart = true
				x.readNumbers(t, []*disclosure.Area{p}, b.Numbers)
			}
		}
		if !apart {
			rest = append(rest, p)
		}
	}
	for _, b := range told.Blocks {
		if b.Code == disclosure.Other {
			x.readNumbers(t, rest, b.Numbers)
		}
	}
}

func (x *attacker) readNumbers(t *testing.T, of []*disclosure.Area, told disclosure.Numbers) {
	t.Helper()
	truth := disclosure.Numbers{}
	for _, a := range of {
		truth.Add(a.All)
	}
	hold := func(what string, got, want int64) {
		if got != want || got > 0 && got < least {
			t.Errorf("%s of %s: told %d, want %d", what, of[0].Code, got, want)
		}
	}
	hold("people", told.People, truth.People)
	x.learn(x.number(of, classes()...))
	for kind, n := range told.Groups {
		hold(kind, n, truth.Groups[kind])
	}
	if f, ok := told.Attested["sex"]; ok {
		hold("attested", f.All, truth.Attested["sex"].All)
		x.learn(x.number(of, classes()[1:]...))
		for month, n := range f.Months {
			hold(month, n, truth.Attested["sex"].Months[month])
			x.learn(x.number(of, month))
		}
	}
}

// attack asks for every set of siblings and every set of classes how many people
// there are, and tells how many of those numbers are small.
func (x *attacker) attack(t *testing.T, a *disclosure.Area) (small int) {
	t.Helper()
	parts := a.Parts
	if len(parts) == 0 {
		parts = []*disclosure.Area{a}
	}
	for set := 1; set < 1<<len(parts); set++ {
		var of []*disclosure.Area
		sum := disclosure.Numbers{}
		for i, p := range parts {
			if set>>i&1 == 1 {
				of = append(of, p)
				sum.Add(p.All)
			}
		}
		for months := 1; months < 1<<4; months++ {
			var in []string
			n := int64(0)
			for i, class := range classes() {
				if months>>i&1 == 1 {
					in = append(in, class)
					if n += sum.Attested["sex"].Months[class]; class == "" {
						n += sum.People - sum.Attested["sex"].All
					}
				}
			}
			if n == 0 || n >= least {
				continue
			}
			small++
			if x.reduce(x.number(of, in...)) < 0 {
				t.Errorf("%d people of %s in %q follow", n, of[0].Code, in)
			}
		}
	}
	return small
}

// The attacker must see what follows.
func TestTheAttackerSubtracts(t *testing.T) {
	t.Parallel()
	a, b := &disclosure.Area{Code: "a"}, &disclosure.Area{Code: "b"}
	root := &disclosure.Area{Code: "r", Parts: []*disclosure.Area{a, b}}
	x := &attacker{leaves: map[string]int{}}
	collect(root, map[string]*disclosure.Area{}, x)
	x.learn(x.number([]*disclosure.Area{root}, classes()...))
	if x.reduce(x.number([]*disclosure.Area{a}, classes()...)) < 0 {
		t.Error("a part follows from the whole")
	}
	x.learn(x.number([]*disclosure.Area{b}, classes()...))
	if x.reduce(x.number([]*disclosure.Area{a}, classes()...)) >= 0 {
		t.Error("a part does not follow from the whole and the other part")
	}
}

// Boundaries: one fewer than the minimum, the minimum, and nobody.
func TestSmallPartsStandTogether(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		parts []int64
		want  string
	}{
		{[]int64{5, 6, 7}, "[{A0 5} {A1 6} {A2 7}]"},
		{[]int64{0, 6, 7}, "[{A0 0} {A1 6} {A2 7}]"},
		{[]int64{4, 6, 7, 0}, "[{A2 7} {(other) 10}]"}, // who is empty is not told either
		{[]int64{1, 1, 1, 1, 1, 9, 8}, "[{A5 9} {(other) 13}]"},
		{[]int64{4, 9}, "[]"},
		{[]int64{4, 4}, "[]"},
		{[]int64{9}, "[{A0 9}]"},
		{nil, "[]"},
	} {
		root := &disclosure.Area{Code: "A"}
		for i, n := range c.parts {
			p := &disclosure.Area{Code: fmt.Sprint("A", i), All: disclosure.Numbers{People: n}}
			root.Parts = append(root.Parts, p)
			root.All.Add(p.All)
		}
		type line struct {
			code   string
			people int64
		}
		lines := []line{}
		for _, b := range disclosure.Tell(root, root.All, least)[0].Blocks {
			lines = append(lines, line{b.Code, b.Numbers.People})
		}
		if got := fmt.Sprint(lines); got != c.want {
			t.Errorf("%v: got %s, want %s", c.parts, got, c.want)
		}
	}
	if got := disclosure.Tell(&disclosure.Area{All: disclosure.Numbers{People: 4}}, disclosure.Numbers{}, least); got != nil {
		t.Errorf("four people: %+v", got)
	}
}
