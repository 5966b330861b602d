package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/fault"
)

// ParentsChange is what somebody wants to be recorded of a person's parents. It
// replaces what is there.
type ParentsChange struct {
	Parent1   uuid.UUID // uuid.Nil: not known
	Parent2   uuid.UUID
	IsAdopted bool   // by these two
	AgeReason string // why a new parent is younger than the child or hardly older; goes sealed into the change log; at most 500 characters
	Reason    string // for the change log
	Expect    int64  // Kinship.ChainNo that the change was made from
}

// wantedParent is one of the two and the field that names it.
type wantedParent struct {
	field string
	id    uuid.UUID
}

func (c *ParentsChange) parents() []wantedParent {
	return []wantedParent{{"parent1_id", c.Parent1}, {"parent2_id", c.Parent2}}
}

// SetParents records who the parents of a person are, as far as they are known,
// and gives the person's kinship. A change that changes nothing writes nothing.
//
// Nobody can become their own ancestor, also not by changes of different people
// at once. It returns NotFound for whoever is not a person, Conflict
// "version_conflict", Invalid "invalid_kinship" with one field per mistake (codes
// self, same_parent, no_parents, descendant_as_parent, parent_is_spouse,
// spouses_become_siblings, parent_too_young and those of text), Invalid
// "too_many_ancestors", or Forbidden.
func (r *Registry) SetParents(ctx context.Context, a Actor, id uuid.UUID, c ParentsChange) (Kinship, error) {
	if err := a.checkOn(toRelate, id); err != nil {
		return Kinship{}, err
	}
	if err := c.problems(id); err != nil {
		return Kinship{}, err
	}
	return r.relate(ctx, a, id, c.Reason, func(k *kinChange) error {
		after := parentageRow{RegistrantID: id, Parent1ID: someone(c.Parent1), Parent2ID: someone(c.Parent2), IsAdopted: c.IsAdopted, RecordedAt: k.b.at}
		line, err := k.holdLine(after.known())
		if err != nil {
			return err
		}
		before, err := loadParentage(k.tx, id)
		if err != nil {
			return err
		}
		if err := k.open(append(append(before.known(), after.known()...), id)...); err != nil {
			return err
		}
		if err := k.at(c.Expect); err != nil {
			return err
		}
		if err := k.checkParents(&before, c, line); err != nil {
			return err
		}
		return k.storeParents(&before, &after, c.AgeReason)
	})
}

// problems finds what is wrong whatever the registry holds.
func (c *ParentsChange) problems(child uuid.UUID) error {
	var bad []fault.Field
	for _, p := range c.parents() {
		if p.id == child && child != uuid.Nil {
			bad = append(bad, fault.Field{Name: p.field, Code: CodeSelf, Detail: "Nobody is their own parent."})
		}
	}
	if c.Parent1 == c.Parent2 && c.Parent1 != uuid.Nil {
		bad = append(bad, fault.Field{Name: "parent2_id", Code: CodeSameParent, Detail: "The two parents are the same person."})
	}
	if c.IsAdopted && c.Parent1 == uuid.Nil && c.Parent2 == uuid.Nil {
		bad = append(bad, fault.Field{Name: "is_adopted", Code: CodeNoParents, Detail: "Say by whom."})
	}
	wrong := checkText(c.AgeReason)
	if wrong == nil && utf8.RuneCountInString(c.AgeReason) > maxReasonLength {
		wrong = tooLong(maxReasonLength)
	}
	if wrong != nil {
		bad = append(bad, fault.Field{Name: "age_reason", Code: wrong.code, Detail: wrong.words})
	}
	return errBadKinship(bad)
}

// checkParents holds the parents who are new against what is recorded.
func (k *kinChange) checkParents(before *parentageRow, c ParentsChange, line lineage) error {
	spouses, err := loadSpouses(k.tx, noLimit, "person1_id = ?", k.id)
	if err != nil {
		return err
	}
	inLaw, err := parentsOfSpouses(k.tx, spouses)
	if err != nil {
		return err
	}
	for _, p := range c.parents() {
		if p.id == uuid.Nil || slices.Contains(before.known(), p.id) {
			continue
		}
		switch {
		case line.reaches(p.id, k.id):
			k.wrong(p.field, CodeDescendant, "This person descends from the child.")
		case slices.ContainsFunc(spouses, func(s spouseRow) bool { return s.Person2ID == p.id }):
			k.wrong(p.field, CodeParentIsSpouse, "This person is or was the child's spouse.")
		case slices.Contains(inLaw, p.id):
			k.wrong(p.field, CodeSpousesSiblings, "The child and a spouse would be siblings.")
		}
		young, err := k.youngerThan(k.reg.kinship.ParentAge, p.id, k.born(k.id))
		if err != nil {
			return err
		}
		if young && strings.TrimSpace(c.AgeReason) == "" {
			k.wrong(p.field, CodeParentTooYoung, fmt.Sprintf("This person is less than %d years older than the child. Say why in age_reason.", k.reg.kinship.ParentAge))
		}
	}
	return k.mistakes()
}

// parentsOfSpouses lists the parents of people's spouses.
func parentsOfSpouses(tx *gorm.DB, spouses []spouseRow) ([]uuid.UUID, error) {
	if len(spouses) == 0 {
		return nil, nil
	}
	ids := make([]uuid.UUID, len(spouses))
	for i, s := range spouses {
		ids[i] = s.Person2ID
	}
	rows, err := loadParentages(tx, noLimit, "registrant_id IN ?", ids)
	var out []uuid.UUID
	for _, row := range rows {
		out = append(out, row.known()...)
	}
	return out, err
}

// storeParents writes the row and what is to be noted of everybody concerned.
func (k *kinChange) storeParents(before, after *parentageRow, ageReason string) error {
	if before.Parent1ID == after.Parent1ID && before.Parent2ID == after.Parent2ID && before.IsAdopted == after.IsAdopted {
		return nil
	}
	k.changed(k.id, tieParent1, k.parentTie(before, before.Parent1ID), k.parentTie(after, after.Parent1ID), ageReason)
	k.changed(k.id, tieParent2, k.parentTie(before, before.Parent2ID), k.parentTie(after, after.Parent2ID), ageReason)
	for _, parent := range inOrder(append(before.known(), after.known()...)) {
		k.changed(parent, tieChild, k.childTie(before, parent), k.childTie(after, parent), "")
	}
	if len(after.known()) == 0 {
		if err := k.tx.Delete(&parentageRow{RegistrantID: k.id}).Error; err != nil {
			return fmt.Errorf("delete parents: %w", err)
		}
		return nil
	}
	if err := k.tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(after).Error; err != nil {
		return fmt.Errorf("store parents: %w", err)
	}
	return nil
}

// parentTie is what the child's change log says of a parent.
func (k *kinChange) parentTie(row *parentageRow, parent uuid.NullUUID) string {
	if !parent.Valid {
		return ""
	}
	return adoptedTie(k.number(parent.UUID), row.IsAdopted)
}

// childTie is what a parent's change log says of the child.
func (k *kinChange) childTie(row *parentageRow, parent uuid.UUID) string {
	if !slices.Contains(row.known(), parent) {
		return ""
	}
	return adoptedTie(k.number(k.id), row.IsAdopted)
}

func adoptedTie(number string, adopted bool) string {
	if adopted {
		return number + ", adopted"
	}
	return number
}
