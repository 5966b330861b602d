package kin

import (
	"slices"

	"github.com/google/uuid"
)

// Two people are related by descent when they share an ancestor, or one is the
// ancestor of the other: there is a way up from the one and down to the other.
// The way must not turn back on itself, for else one's own parents would be the
// grandparents' children, and so one's aunts. Each such way is one relation: the
// children of cousins who married are siblings and second cousins at once.

// climb follows every way up from the end of path and, at each ancestor, down.
// adoptive tells whether the way so far has an adoption in it.
func (f *Family) climb(s *search, path []uuid.UUID, adoptive bool) {
	up := len(path) - 1
	f.descend(s, path, up, adoptive)
	if up == s.degree {
		return
	}
	last := f.parents[path[up]]
	for _, parent := range last.known() {
		if !slices.Contains(path, parent) {
			f.climb(s, append(slices.Clip(path), parent), adoptive || last.Adopted)
		}
	}
}

// descend follows every way down from the end of path, whose first up steps went
// up, by people who are not on it.
func (f *Family) descend(s *search, path []uuid.UUID, up int, adoptive bool) {
	last, steps := path[len(path)-1], len(path)-1
	t := f.byDescent(s.of, last, up, steps-up)
	t.Adoptive = adoptive
	s.add(last, t)
	if steps == s.degree {
		return
	}
	for _, child := range f.children[last] {
		if !slices.Contains(path, child) {
			f.descend(s, append(slices.Clip(path), child), up, adoptive || f.parents[child].Adopted)
		}
	}
}

// byDescent names the relation of somebody who is found some generations up,
// then some down.
func (f *Family) byDescent(of, other uuid.UUID, up, down int) Term {
	switch {
	case up == 1 && down == 0:
		return Term{Code: Parent}
	case up == 0 && down == 1:
		return Term{Code: Child}
	case down == 0:
		return Term{Code: Grandparent, Great: up - 2}
	case up == 0:
		return Term{Code: Grandchild, Great: down - 2}
	case up == 1 && down == 1:
		return Term{Code: f.siblings(of, other)}
	case down == 1:
		return Term{Code: AuntOrUncle, Great: up - 2}
	case up == 1:
		return Term{Code: NieceOrNephew, Great: down - 2}
	}
	return Term{Code: Cousin, Degree: min(up, down) - 1, Removal: max(up, down) - min(up, down)}
}

// siblings tells which kind of siblings two people with a common parent are.
func (f *Family) siblings(a, b uuid.UUID) Code {
	ofA, ofB := f.parents[a].known(), f.parents[b].known()
	switch {
	case f.shared(a, b) == 2:
		return FullSibling
	case len(ofA) == 2 && len(ofB) == 2:
		return HalfSibling
	}
	return Sibling
}

// shared counts the parents that two people have in common.
func (f *Family) shared(a, b uuid.UUID) int {
	ofB := f.parents[b].known()
	n := 0
	for _, parent := range f.parents[a].known() {
		if slices.Contains(ofB, parent) {
			n++
		}
	}
	return n
}
