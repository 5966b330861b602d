package registry

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// Marriage is the facts of a marriage, or of a partnership without one.
type Marriage struct {
	IsMarried   bool
	MarriedOn   string // YYYY-MM-DD; "": not known, or not married
	IsSeparated bool   // over: divorced, parted or widowed
	SeparatedOn string // "": not known, or not separated
}

// SpouseChange is what somebody wants to be recorded of two people.
type SpouseChange struct {
	Spouse uuid.UUID // AddSpouse only
	Marriage
	Reason string // for the change log
	Expect int64  // EditSpouse and RemoveSpouse: Kinship.ChainNo that the change was made from
}

// AddSpouse records a marriage or partnership of two people and gives the
// kinship of the first. It returns NotFound for whoever is not a person, Invalid
// "invalid_kinship" with one field per mistake (codes required, self,
// close_kin, not_married, not_separated, before_birth, before_marriage and those
// of dates), Conflict "marriage_exists" when the two have an open one, Conflict
// "already_married" when one of them has as many as KinshipRules.Spouses, or
// Forbidden.
func (r *Registry) AddSpouse(ctx context.Context, a Actor, id uuid.UUID, c SpouseChange) (Kinship, error) {
	if err := a.checkOn(toRelate, id); err != nil {
		return Kinship{}, err
	}
	if err := isAnother("spouse_id", id, c.Spouse); err != nil {
		return Kinship{}, err
	}
	marriageID, err := uuid.NewV7()
	if err != nil {
		return Kinship{}, fmt.Errorf("add a spouse: %w", err)
	}
	return r.relate(ctx, a, id, c.Reason, func(k *kinChange) error {
		if err := k.open(id, c.Spouse); err != nil {
			return err
		}
		row, err := k.spouseRow(c.Spouse, marriageID, c.Marriage)
		if err != nil {
			return err
		}
		if err := k.tx.Create([]spouseRow{row, row.mirror()}).Error; err != nil {
			return k.spouseError("store a marriage", err)
		}
		k.noteSpouses(nil, &row)
		return nil
	})
}

// EditSpouse replaces the facts of a marriage: that it ended, above all. A change
// that changes nothing writes nothing. It returns NotFound "no_such_marriage",
// Conflict "version_conflict", and the errors of AddSpouse.
func (r *Registry) EditSpouse(ctx context.Context, a Actor, id, marriageID uuid.UUID, c SpouseChange) (Kinship, error) {
	if err := a.checkOn(toRelate, id); err != nil {
		return Kinship{}, err
	}
	return r.relate(ctx, a, id, c.Reason, func(k *kinChange) error {
		before, err := k.openMarriage(marriageID, c.Expect)
		if err != nil {
			return err
		}
		after, err := k.spouseRow(before.Person2ID, marriageID, c.Marriage)
		if err != nil || before.marriage() == after.marriage() {
			return err
		}
		err = k.tx.Exec(`UPDATE spouse SET is_married = ?, married_on = ?, is_separated = ?, separated_on = ?, recorded_at = ? WHERE marriage_id = ? AND person1_id IN ?`,
			after.IsMarried, after.MarriedOn, after.IsSeparated, after.SeparatedOn, after.RecordedAt, marriageID, []uuid.UUID{id, before.Person2ID}).Error
		if err != nil {
			return k.spouseError("change a marriage", err)
		}
		k.noteSpouses(&before, &after)
		return nil
	})
}

// RemoveSpouse takes back a marriage that was recorded by mistake; one that
// ended is separated instead. The change logs keep it. Of c, Reason (needed) and
// Expect count. It returns NotFound "no_such_marriage", Conflict
// "version_conflict", Invalid "invalid_kinship" (reason: required), or Forbidden.
func (r *Registry) RemoveSpouse(ctx context.Context, a Actor, id, marriageID uuid.UUID, c SpouseChange) (Kinship, error) {
	if err := a.checkOn(toRelate, id); err != nil {
		return Kinship{}, err
	}
	if err := needReason(c.Reason); err != nil {
		return Kinship{}, err
	}
	return r.relate(ctx, a, id, c.Reason, func(k *kinChange) error {
		before, err := k.openMarriage(marriageID, c.Expect)
		if err != nil {
			return err
		}
		err = k.tx.Exec(`DELETE FROM spouse WHERE marriage_id = ? AND person1_id IN ?`, marriageID, []uuid.UUID{id, before.Person2ID}).Error
		if err != nil {
			return fmt.Errorf("remove a marriage: %w", err)
		}
		k.noteSpouses(&before, nil)
		return nil
	})
}

// openMarriage opens both sides of a recorded marriage for a change.
func (k *kinChange) openMarriage(marriageID uuid.UUID, expect int64) (spouseRow, error) {
	row, err := k.loadMarriage(marriageID) // whom to lock stands in it
	if err != nil {
		return row, err
	}
	if err := k.open(k.id, row.Person2ID); err != nil {
		return row, err
	}
	if err := k.at(expect); err != nil {
		return row, err
	}
	return k.loadMarriage(marriageID)
}

func (k *kinChange) loadMarriage(marriageID uuid.UUID) (spouseRow, error) {
	rows, err := loadSpouses(k.tx, noLimit, "person1_id = ? AND marriage_id = ?", k.id, marriageID)
	if err == nil && len(rows) == 0 {
		err = fault.New(fault.NotFound, "no_such_marriage", "This person has no such marriage.")
	}
	if err != nil {
		return spouseRow{}, err
	}
	return rows[0], nil
}

// spouseRow checks the facts of a marriage of k.id and makes the row of that side.
func (k *kinChange) spouseRow(other, marriageID uuid.UUID, m Marriage) (spouseRow, error) {
	row := spouseRow{Person1ID: k.id, Person2ID: other, MarriageID: marriageID, IsMarried: m.IsMarried, IsSeparated: m.IsSeparated, RecordedAt: k.b.at,
		MarriedOn: db.Date(k.day("married_on", m.MarriedOn, maxToday)), SeparatedOn: db.Date(k.day("separated_on", m.SeparatedOn, maxToday))}
	if row.MarriedOn != "" && !m.IsMarried {
		k.wrong("married_on", CodeNotMarried, "There is a day of marriage, but no marriage.")
	}
	if row.SeparatedOn != "" && !m.IsSeparated {
		k.wrong("separated_on", CodeNotSeparated, "There is a day of separation, but no separation.")
	}
	k.notBeforeBirth("married_on", string(row.MarriedOn), k.id, other)
	if row.SeparatedOn != "" && row.SeparatedOn < row.MarriedOn {
		k.wrong("separated_on", CodeBeforeMarriage, "The separation is before the marriage.")
	} else {
		k.notBeforeBirth("separated_on", string(row.SeparatedOn), k.id, other)
	}
	if err := k.checkCloseKin(other); err != nil {
		return row, err
	}
	if err := k.mistakes(); err != nil {
		return row, err
	}
	return row, k.checkOpen(row)
}

// checkCloseKin refuses a spouse who is a parent, a child or a sibling. Who
// changes the parents of either holds a lock that is held here.
func (k *kinChange) checkCloseKin(other uuid.UUID) error {
	mine, err := loadParentage(k.tx, k.id)
	if err != nil {
		return err
	}
	theirs, err := loadParentage(k.tx, other)
	if err != nil {
		return err
	}
	sibling := slices.ContainsFunc(mine.known(), func(p uuid.UUID) bool { return slices.Contains(theirs.known(), p) })
	if sibling || slices.Contains(mine.known(), other) || slices.Contains(theirs.known(), k.id) {
		k.wrong("spouse_id", CodeCloseKin, "This person is a parent, a child or a sibling.")
	}
	return nil
}

// checkOpen holds an open marriage against the others of the two.
func (k *kinChange) checkOpen(row spouseRow) error {
	if row.IsSeparated {
		return nil
	}
	for _, side := range []spouseRow{row, row.mirror()} {
		open, err := loadSpouses(k.tx, noLimit, "person1_id = ? AND marriage_id <> ? AND NOT is_separated", side.Person1ID, side.MarriageID)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(open, func(s spouseRow) bool { return s.Person2ID == side.Person2ID }) {
			return errMarriageExists()
		}
		if len(open) >= k.reg.kinship.Spouses {
			return fault.New(fault.Conflict, "already_married", "One of the two has a spouse or partner. If that has ended, record it first.")
		}
	}
	return nil
}

func errMarriageExists() error {
	return fault.New(fault.Conflict, "marriage_exists", "The two are recorded as spouses or partners already.")
}

func (k *kinChange) spouseError(doing string, err error) error {
	if k.reg.db.Dialect.IsDuplicate(err) {
		return errMarriageExists()
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// noteSpouses keeps what the change logs of both will say; nil: not recorded.
func (k *kinChange) noteSpouses(before, after *spouseRow) {
	row := cmp.Or(after, before)
	for _, side := range []spouseRow{*row, row.mirror()} {
		k.changed(side.Person1ID, tieSpouse, before.tie(k.number(side.Person2ID)), after.tie(k.number(side.Person2ID)), "")
	}
}

// tie is what a change log says of the other side and the marriage.
func (s *spouseRow) tie(number string) string {
	if s == nil {
		return ""
	}
	out := number + ", not married"
	if s.IsMarried {
		out = strings.TrimSpace(number + ", married " + string(s.MarriedOn))
	}
	if s.IsSeparated {
		out = strings.TrimSpace(out + ", separated " + string(s.SeparatedOn))
	}
	return out
}
