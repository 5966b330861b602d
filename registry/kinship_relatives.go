package registry

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/kin"
)

// Limits of Relatives.
const (
	MaxKinDegree = 8   // steps: third cousins, great-great-great-great-great-great-grandparents
	maxRelatives = 500 // people who are read
)

// Relative is somebody and one way in which the person asked about is related to
// them.
type Relative struct {
	Kin
	kin.Term
}

// Relatives is everybody to whom a person is related. Somebody who is related in
// several ways is listed once for each.
type Relatives struct {
	ID   uuid.UUID
	List []Relative // nearest first
	More bool       // there are more people than are read at once: who is further away may be missing
}

// Relatives derives to whom a person is related by at most degree steps, 1 to
// MaxKinDegree: 1 are parents, children, spouses and guardians, 4 takes in first
// cousins. Guardianships count that are in force today. It is for staff: a
// registrant is not told of a family beyond Kinship. It returns NotFound,
// Invalid "invalid_kinship" (degree: out_of_range), or Forbidden.
func (r *Registry) Relatives(ctx context.Context, a Actor, id uuid.UUID, degree int) (Relatives, error) {
	if err := a.checkOn(toReadKin, id); err != nil {
		return Relatives{}, err
	}
	if degree < 1 || degree > MaxKinDegree {
		return Relatives{}, errBadKinship([]fault.Field{{Name: "degree", Code: CodeDegreeOutOfRange, Detail: fmt.Sprintf("A number from 1 to %d.", MaxKinDegree)}})
	}
	today := db.Date(r.now().UTC().Format(time.DateOnly))
	out := Relatives{ID: id}
	err := r.reading(ctx, a, id, func(tx *gorm.DB) error {
		if _, err := r.load(tx, a.to(toReadKin), id, ""); err != nil {
			return err
		}
		n, err := loadNeighbourhood(tx, id, degree, today)
		if err != nil {
			return err
		}
		hidden, err := r.hiddenFrom(tx, a)
		if err != nil {
			return err
		}
		people, err := loadKin(tx, a.to(toReadKin), hidden, inOrder(n.people))
		if err != nil {
			return err
		}
		for _, rel := range kin.NewFamily(n.parents, n.unions, n.guardians).Relations(id, degree) {
			if who, read := people[rel.Person]; read {
				out.List = append(out.List, Relative{who, rel.Term})
			}
		}
		out.More = n.more
		return nil
	})
	return out, err
}

// neighbourhood is the people around one person and the edges among them.
type neighbourhood struct {
	people    []uuid.UUID // the one in the middle first
	met       map[uuid.UUID]bool
	parents   []kin.Parentage
	unions    []kin.Union
	guardians []kin.Guardianship
	more      bool
}

// loadNeighbourhood goes from a person to whoever is at most degree steps away,
// a step at a time. It stops at maxRelatives people; an edge is always read
// whole, so that what is told of those who are read is true.
func loadNeighbourhood(tx *gorm.DB, id uuid.UUID, degree int, today db.Date) (*neighbourhood, error) {
	n := &neighbourhood{people: []uuid.UUID{id}, met: map[uuid.UUID]bool{id: true}}
	for edge := n.people; degree > 0 && len(edge) > 0; degree-- {
		found, err := n.step(tx, edge)
		if err != nil {
			return nil, err
		}
		edge = n.take(found)
	}
	return n, n.addGuardians(tx, id, today)
}

// step reads the edges of some people and gives whom they lead to.
func (n *neighbourhood) step(tx *gorm.DB, from []uuid.UUID) (to []uuid.UUID, err error) {
	for _, where := range []string{"registrant_id IN ?", "parent1_id IN ?", "parent2_id IN ?"} {
		rows, err := bounded(n, loadParentages, tx, where, from)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			n.parents = append(n.parents, kin.Parentage{Child: row.RegistrantID, Parent1: row.Parent1ID.UUID, Parent2: row.Parent2ID.UUID, Adopted: row.IsAdopted})
			to = append(append(to, row.RegistrantID), row.known()...)
		}
	}
	rows, err := bounded(n, loadSpouses, tx, "person1_id IN ?", from)
	for _, row := range rows {
		n.unions = append(n.unions, kin.Union{Person1: row.Person1ID, Person2: row.Person2ID, Married: row.IsMarried, Separated: row.IsSeparated})
		to = append(to, row.Person2ID)
	}
	return to, err
}

// addGuardians reads the guardians and wards of today. Nobody is related through
// them, so their families are not read.
func (n *neighbourhood) addGuardians(tx *gorm.DB, id uuid.UUID, today db.Date) error {
	rows, err := bounded(n, loadGuardianships, tx, "(registrant_id = ? OR guardian_id = ?) AND valid_from <= ? AND (valid_to IS NULL OR valid_to >= ?)", id, id, today, today)
	for _, row := range rows {
		n.guardians = append(n.guardians, kin.Guardianship{Ward: row.RegistrantID, Guardian: row.GuardianID})
		n.people = append(n.people, row.RegistrantID, row.GuardianID)
	}
	return err
}

// bounded reads no more rows than there may be people.
func bounded[T any](n *neighbourhood, load func(*gorm.DB, int, string, ...any) ([]T, error), tx *gorm.DB, where string, args ...any) ([]T, error) {
	rows, err := load(tx, maxRelatives+1, where, args...)
	if len(rows) > maxRelatives {
		rows, n.more = rows[:maxRelatives], true
	}
	return rows, err
}

// take adds the people who are new, as many as there is room for, and gives them.
func (n *neighbourhood) take(found []uuid.UUID) []uuid.UUID {
	before := len(n.people)
	for _, id := range inOrder(found) {
		if n.met[id] {
			continue
		}
		if len(n.people) == maxRelatives {
			n.more = true
			break
		}
		n.met[id] = true
		n.people = append(n.people, id)
	}
	return n.people[before:]
}
