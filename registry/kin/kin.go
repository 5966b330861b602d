package kin

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/google/uuid"
)

// Parentage is what is known of one person's parents.
type Parentage struct {
	Child            uuid.UUID
	Parent1, Parent2 uuid.UUID // uuid.Nil: not known
	Adopted          bool      // by these parents
}

// known lists the parents that are known.
func (p Parentage) known() []uuid.UUID {
	return slices.DeleteFunc([]uuid.UUID{p.Parent1, p.Parent2}, func(id uuid.UUID) bool { return id == uuid.Nil })
}

// Union is a marriage, or a partnership without one. The order of the two does
// not matter.
type Union struct {
	Person1, Person2 uuid.UUID
	Married          bool
	Separated        bool
}

// code is what the two are to each other.
func (u Union) code() Code {
	switch {
	case u.Married && !u.Separated:
		return Spouse
	case u.Married:
		return FormerSpouse
	case !u.Separated:
		return Partner
	}
	return FormerPartner
}

// Guardianship is one that is in force.
type Guardianship struct {
	Ward, Guardian uuid.UUID
}

// Relation is one relative and what the relative is to the person asked about.
type Relation struct {
	Person uuid.UUID
	Term
}

// Family is the edges among some people. It does not change: it is safe for
// concurrent use.
type Family struct {
	parents   map[uuid.UUID]Parentage          // by child
	children  map[uuid.UUID][]uuid.UUID        // by parent
	unions    map[uuid.UUID]map[uuid.UUID]Code // by either of the two
	guardians map[uuid.UUID][]uuid.UUID        // by ward
	wards     map[uuid.UUID][]uuid.UUID        // by guardian
}

// NewFamily makes a family of edges. One that is given twice counts once; of the
// parentages of one child the first counts. Of two unions of the same two people
// the one that is not separated counts, and a marriage before a partnership.
func NewFamily(parents []Parentage, unions []Union, guardians []Guardianship) *Family {
	f := &Family{parents: map[uuid.UUID]Parentage{}, children: map[uuid.UUID][]uuid.UUID{}, unions: map[uuid.UUID]map[uuid.UUID]Code{},
		guardians: map[uuid.UUID][]uuid.UUID{}, wards: map[uuid.UUID][]uuid.UUID{}}
	for _, p := range parents {
		if _, twice := f.parents[p.Child]; twice {
			continue
		}
		f.parents[p.Child] = p
		for _, parent := range p.known() {
			f.children[parent] = append(f.children[parent], p.Child)
		}
	}
	for _, u := range unions {
		f.join(u.Person1, u.Person2, u.code())
		f.join(u.Person2, u.Person1, u.code())
	}
	for _, g := range guardians {
		f.guardians[g.Ward] = append(f.guardians[g.Ward], g.Guardian)
		f.wards[g.Guardian] = append(f.wards[g.Guardian], g.Ward)
	}
	return f
}

// join makes two people what code says, unless they are more already.
func (f *Family) join(one, other uuid.UUID, code Code) {
	order := []Code{FormerPartner, FormerSpouse, Partner, Spouse}
	if f.unions[one] == nil {
		f.unions[one] = map[uuid.UUID]Code{}
	}
	if slices.Index(order, code) > slices.Index(order, f.unions[one][other]) {
		f.unions[one][other] = code
	}
}

// Relations lists everybody to whom a person is related by at most degree steps
// (see Term.Steps), nearest first. Somebody who is related in several ways is in
// it once for each. Nobody is related to themself.
func (f *Family) Relations(of uuid.UUID, degree int) []Relation {
	s := &search{of: of, degree: degree, adoptive: map[Relation]bool{}}
	f.climb(s, []uuid.UUID{of}, false)
	f.byMarriage(s)
	for _, id := range f.guardians[of] {
		s.add(id, Term{Code: Guardian})
	}
	for _, id := range f.wards[of] {
		s.add(id, Term{Code: Ward})
	}
	return s.sorted()
}

// search collects the relations of one person.
type search struct {
	of       uuid.UUID
	degree   int
	adoptive map[Relation]bool // of each relation, which is kept without the flag
}

// add keeps a relation. One found by several ways is adoptive if all of them are.
func (s *search) add(person uuid.UUID, t Term) {
	if person == s.of || t.Steps() > s.degree {
		return
	}
	adoptive := t.Adoptive
	t.Adoptive = false
	found := Relation{person, t}
	if before, twice := s.adoptive[found]; twice {
		adoptive = adoptive && before
	}
	s.adoptive[found] = adoptive
}

func (s *search) sorted() []Relation {
	out := make([]Relation, 0, len(s.adoptive))
	for found, adoptive := range s.adoptive {
		found.Adoptive = adoptive
		out = append(out, found)
	}
	slices.SortFunc(out, func(a, b Relation) int {
		return cmp.Or(cmp.Compare(a.Steps(), b.Steps()), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Degree, b.Degree), bytes.Compare(a.Person[:], b.Person[:]))
	})
	return out
}
