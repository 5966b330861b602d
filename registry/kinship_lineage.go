package registry

import (
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/fault"
)

// maxAncestors bounds how many people are walked to see that nobody becomes
// their own ancestor: nine generations in which everybody is known, and nobody
// twice.
const maxAncestors = 1022

// lineage is the known parents of some people and of all their ancestors.
type lineage map[uuid.UUID][]uuid.UUID

// holdLine locks the person whose parents are changed, the parents of now, and
// the wanted ones with all their ancestors. It gives the lineage of the wanted
// as it stands under the locks.
//
// That is what keeps two changes at once from making a cycle that neither sees.
// A cycle needs every one of its people to have a parent in it. Who gives
// somebody a parent holds the lock of that person; and the change that would
// close the cycle reads, hence locks, every person on it. So of two changes that
// make one cycle together each needs a lock of the other, and the one that comes
// second reads what the first has written.
//
// The first round finds whom to lock and locks them in the order of their ids.
// If somebody was given parents meanwhile, a further round locks those too, out
// of order: should two transactions then wait for each other, the database ends
// one of them and InTx runs it again.
func (k *kinChange) holdLine(wanted []uuid.UUID) (lineage, error) {
	for {
		line, err := loadLineage(k.tx, wanted)
		if err != nil {
			return nil, err
		}
		now, err := loadParentage(k.tx, k.id)
		if err != nil {
			return nil, err
		}
		needed := append(now.known(), k.id)
		for id := range line {
			needed = append(needed, id)
		}
		free, err := k.hold(needed)
		if err != nil || free == 0 {
			return line, err
		}
	}
}

// hold locks people without opening their records. It tells how many of them
// were not held before, and returns NotFound when one is no person.
func (k *kinChange) hold(people []uuid.UUID) (free int, err error) {
	var ids []uuid.UUID
	for _, id := range inOrder(people) {
		if !k.held[id] {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return 0, nil
	}
	var locked []uuid.UUID
	err = k.tx.Raw(`SELECT id FROM registrant WHERE id IN ? AND kind = ? ORDER BY id`+k.reg.db.Dialect.ForUpdate(), ids, PersonKind).Scan(&locked).Error
	if err != nil {
		return 0, fmt.Errorf("lock people: %w", err)
	}
	if len(locked) < len(ids) {
		return 0, errNoPerson()
	}
	for _, id := range ids {
		k.held[id] = true
	}
	return len(ids), nil
}

// loadLineage walks up from some people, a generation at a time. It returns
// Invalid "too_many_ancestors".
func loadLineage(tx *gorm.DB, from []uuid.UUID) (lineage, error) {
	line := lineage{}
	for next := inOrder(from); len(next) > 0; {
		for _, id := range next {
			line[id] = nil
		}
		if len(line) > maxAncestors {
			return nil, fault.New(fault.Invalid, "too_many_ancestors",
				fmt.Sprintf("These parents have more than %d known ancestors: too many to see that nobody becomes their own.", maxAncestors))
		}
		rows, err := loadParentages(tx, noLimit, "registrant_id IN ?", next)
		if err != nil {
			return nil, err
		}
		var above []uuid.UUID
		for _, row := range rows {
			line[row.RegistrantID] = row.known()
			above = append(above, row.known()...)
		}
		next = nil
		for _, id := range inOrder(above) {
			if _, met := line[id]; !met {
				next = append(next, id)
			}
		}
	}
	return line, nil
}

// reaches tells whether one person is the other, or descends from the other.
func (l lineage) reaches(from, to uuid.UUID) bool {
	met := map[uuid.UUID]bool{}
	for stack := []uuid.UUID{from}; len(stack) > 0; {
		id := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if id == to {
			return true
		}
		if !met[id] {
			met[id] = true
			stack = append(stack, l[id]...)
		}
	}
	return false
}

// loadParentage reads the parents of one person; without a row, none is known.
func loadParentage(tx *gorm.DB, id uuid.UUID) (parentageRow, error) {
	rows, err := loadParentages(tx, noLimit, "registrant_id = ?", id)
	if err != nil || len(rows) == 0 {
		return parentageRow{RegistrantID: id}, err
	}
	return rows[0], nil
}
