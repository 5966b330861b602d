package registry

import (
	"cmp"
	"context"
	"errors"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// KindKinship is the kind of a FieldChange of a family tie. Its Field is what
// the other is (parent1, parent2, child, spouse, guardian, ward); old and new are
// the other's registration number and the facts, after a comma each. It stands in
// the change log of both.
const KindKinship = "kinship"

// KinshipRules are what a country decides about families. The zero value works.
type KinshipRules struct {
	Spouses   int // how many open marriages and partnerships one person may have; 0 means 1
	ParentAge int // by how many years a parent is older than the child, unless a reason is given; 0 means 12
	AdultAge  int // from how many years somebody may be a guardian; 0 means 18
}

func (k KinshipRules) withDefaults() (KinshipRules, error) {
	if k.Spouses < 0 || k.ParentAge < 0 || k.AdultAge < 0 {
		return k, errors.New("the rules of kinship must not be negative")
	}
	return KinshipRules{Spouses: cmp.Or(k.Spouses, 1), ParentAge: cmp.Or(k.ParentAge, 12), AdultAge: cmp.Or(k.AdultAge, 18)}, nil
}

// Kin is another person, as kinship names one. A registrant is told the last
// four digits of Number, and neither ID nor Sex; nor is Sex told to whoever does
// not see the field.
type Kin struct {
	ID     uuid.UUID
	Number string // registration number
	Sex    string // a choice of the field sex; "": not known
}

// Kinship is what is recorded of one person's family. All other relations are
// derived from it: see Relatives.
type Kinship struct {
	ID        uuid.UUID
	ChainNo   int64 // of the record; send it back as Expect
	Parent1   *Kin  // nil: not known
	Parent2   *Kin
	IsAdopted bool // by these parents
	Children  []Child
	Spouses   []Spouse         // former ones too; open ones first
	Guardians []GuardianshipOf // newest first
	Wards     []GuardianshipOf // newest first
	More      bool             // there are more than maxTies children or wards
	Masked    bool             // for a registrant: without IsAdopted, Children and Wards
}

// Child is a person of whom somebody is a parent.
type Child struct {
	Kin
	IsAdopted bool
}

// Spouse is the other person of a marriage, or of a partnership without one.
type Spouse struct {
	Kin
	MarriageID uuid.UUID
	Marriage
}

// GuardianshipOf is a guardianship and the person on its other side.
type GuardianshipOf struct {
	Kin
	From string // YYYY-MM-DD
	To   string // the last day; "": no end is known
}

// maxTies bounds how many children and how many wards Kinship lists.
const maxTies = 500

// Kinship gives what is recorded of a person's family. A registrant is told the
// own parents, spouses and guardians, by masked numbers, and whether one is
// adopted is not told here. It returns NotFound, also to a registrant for
// somebody else's record, or Forbidden.
func (r *Registry) Kinship(ctx context.Context, a Actor, id uuid.UUID) (Kinship, error) {
	if err := a.checkOn(toRead, id); err != nil {
		return Kinship{}, err
	}
	var k Kinship
	err := r.reading(ctx, a, id, func(tx *gorm.DB) (err error) {
		k, err = r.loadKinship(tx, a, id)
		return err
	})
	if err == nil && !a.may(toRead) {
		k = k.masked()
	}
	return k, err
}

func (r *Registry) loadKinship(tx *gorm.DB, a Actor, id uuid.UUID) (Kinship, error) {
	rec, err := r.load(tx, a.to(toRead), id, "")
	if err != nil {
		return Kinship{}, err
	}
	t, err := loadTies(tx, id)
	if err != nil {
		return Kinship{}, err
	}
	hidden, err := r.hiddenFrom(tx, a)
	if err != nil {
		return Kinship{}, err
	}
	people, err := loadKin(tx, a.to(toRead), hidden, t.people())
	if err != nil {
		return Kinship{}, err
	}
	return t.toKinship(rec.row, people), nil
}
