package kin

import (
	"slices"

	"github.com/google/uuid"
)

// byMarriage finds spouses, former ones and partners, and whoever is related by
// a marriage that is not separated.
func (f *Family) byMarriage(s *search) {
	for id, code := range f.unions[s.of] {
		s.add(id, Term{Code: code})
	}
	f.ofParents(s)
	f.ofSpouses(s)
	for _, child := range f.children[s.of] {
		for _, spouse := range f.spouses(child) {
			s.add(spouse, Term{Code: ChildInLaw})
		}
	}
	for _, sibling := range f.siblingsOf(s.of) {
		for _, spouse := range f.spouses(sibling) {
			s.add(spouse, Term{Code: SiblingInLaw})
		}
	}
}

// ofParents finds step-parents and step-siblings: a parent's spouse who is not a
// parent too, and that spouse's children who share no parent.
func (f *Family) ofParents(s *search) {
	parents := f.parents[s.of].known()
	for _, parent := range parents {
		for _, spouse := range f.spouses(parent) {
			if slices.Contains(parents, spouse) {
				continue
			}
			s.add(spouse, Term{Code: StepParent})
			for _, child := range f.children[spouse] {
				if f.shared(s.of, child) == 0 {
					s.add(child, Term{Code: StepSibling})
				}
			}
		}
	}
}

// ofSpouses finds a spouse's children by others, parents and siblings.
func (f *Family) ofSpouses(s *search) {
	for _, spouse := range f.spouses(s.of) {
		for _, child := range f.children[spouse] {
			if !slices.Contains(f.parents[child].known(), s.of) {
				s.add(child, Term{Code: StepChild})
			}
		}
		for _, parent := range f.parents[spouse].known() {
			s.add(parent, Term{Code: ParentInLaw})
		}
		for _, sibling := range f.siblingsOf(spouse) {
			s.add(sibling, Term{Code: SiblingInLaw})
		}
	}
}

// spouses lists those to whom somebody is married now.
func (f *Family) spouses(of uuid.UUID) []uuid.UUID {
	var out []uuid.UUID
	for id, code := range f.unions[of] {
		if code == Spouse {
			out = append(out, id)
		}
	}
	return out
}

// siblingsOf lists those who share a parent with somebody; who shares both is in
// it twice.
func (f *Family) siblingsOf(of uuid.UUID) []uuid.UUID {
	var out []uuid.UUID
	for _, parent := range f.parents[of].known() {
		for _, child := range f.children[parent] {
			if child != of {
				out = append(out, child)
			}
		}
	}
	return out
}
