package registry

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// GuardianChange is what somebody wants to be recorded of a person's guardian.
type GuardianChange struct {
	Guardian uuid.UUID
	From     string // YYYY-MM-DD; EndGuardian does without
	To       string // the last day, also one to come; "": no end is known
	Reason   string // for the change log
	Expect   int64  // EndGuardian and RemoveGuardian: Kinship.ChainNo that the change was made from
}

// AddGuardian records that somebody is the guardian of a person and gives the
// person's kinship. There may be several guardians at a time. It returns NotFound
// for whoever is not a person, Invalid "invalid_kinship" with one field per
// mistake (codes self, required, guardian_is_minor, before_birth, before_start
// and those of dates), Conflict "guardianship_exists" when this guardian has been
// recorded for some of the time, or Forbidden.
func (r *Registry) AddGuardian(ctx context.Context, a Actor, id uuid.UUID, c GuardianChange) (Kinship, error) {
	if err := a.checkOn(toRelate, id); err != nil {
		return Kinship{}, err
	}
	if err := isAnother("guardian_id", id, c.Guardian); err != nil {
		return Kinship{}, err
	}
	return r.relate(ctx, a, id, c.Reason, func(k *kinChange) error {
		if err := k.open(id, c.Guardian); err != nil {
			return err
		}
		row, err := k.guardianshipRow(c)
		if err != nil {
			return err
		}
		if err := k.checkOverlap(row); err != nil {
			return err
		}
		err = k.tx.Create(&row).Error
		if r.db.Dialect.IsDuplicate(err) {
			return errGuardianshipExists()
		}
		if err != nil {
			return fmt.Errorf("store a guardianship: %w", err)
		}
		k.noteGuardian(nil, &row)
		return nil
	})
}

// EndGuardian sets the last day of the newest guardianship of a guardian, which
// may be moved as long as it has not passed. It returns NotFound
// "no_such_guardianship", Conflict "version_conflict", Conflict
// "guardianship_ended", Invalid "invalid_kinship" (to: required, before_start and
// those of dates), or Forbidden.
func (r *Registry) EndGuardian(ctx context.Context, a Actor, id uuid.UUID, c GuardianChange) (Kinship, error) {
	if err := a.checkOn(toRelate, id); err != nil {
		return Kinship{}, err
	}
	return r.relate(ctx, a, id, c.Reason, func(k *kinChange) error {
		rows, err := k.openGuardianships(c)
		if err != nil {
			return err
		}
		before, after := rows[0], rows[0]
		if before.ValidTo != "" && string(before.ValidTo) < k.today {
			return fault.New(fault.Conflict, "guardianship_ended", "This guardianship has ended.")
		}
		after.RecordedAt, after.ValidTo = k.b.at, db.Date(k.day("to", c.To, ""))
		k.checkEnd(after)
		if after.ValidTo == "" && len(k.bad) == 0 {
			k.wrong("to", CodeRequired, "Say which day is the last.")
		}
		if err := k.mistakes(); err != nil || before.ValidTo == after.ValidTo {
			return err
		}
		err = k.tx.Exec(`UPDATE guardianship SET valid_to = ?, recorded_at = ? WHERE registrant_id = ? AND guardian_id = ? AND valid_from = ?`,
			after.ValidTo, after.RecordedAt, id, after.GuardianID, after.ValidFrom).Error
		if err != nil {
			return fmt.Errorf("end a guardianship: %w", err)
		}
		k.noteGuardian(&before, &after)
		return nil
	})
}

// RemoveGuardian takes back a guardianship that was recorded by mistake; the
// change logs keep it. Of c, Guardian and From say which; Reason (needed) and
// Expect count. It returns NotFound "no_such_guardianship", Conflict
// "version_conflict", Invalid "invalid_kinship" (reason: required), or Forbidden.
func (r *Registry) RemoveGuardian(ctx context.Context, a Actor, id uuid.UUID, c GuardianChange) (Kinship, error) {
	if err := a.checkOn(toRelate, id); err != nil {
		return Kinship{}, err
	}
	if err := needReason(c.Reason); err != nil {
		return Kinship{}, err
	}
	return r.relate(ctx, a, id, c.Reason, func(k *kinChange) error {
		rows, err := k.openGuardianships(c)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(rows, func(g guardianshipRow) bool { return string(g.ValidFrom) == c.From })
		if i < 0 {
			return errNoGuardianship()
		}
		if err := k.tx.Delete(&rows[i]).Error; err != nil {
			return fmt.Errorf("remove a guardianship: %w", err)
		}
		k.noteGuardian(&rows[i], nil)
		return nil
	})
}

// openGuardianships opens ward and guardian and gives their guardianships, newest first.
func (k *kinChange) openGuardianships(c GuardianChange) ([]guardianshipRow, error) {
	switch err := k.open(k.id, c.Guardian); {
	case fault.KindOf(err) == fault.NotFound:
		return nil, errNoGuardianship()
	case err != nil:
		return nil, err
	}
	if err := k.at(c.Expect); err != nil {
		return nil, err
	}
	rows, err := loadGuardianships(k.tx, noLimit, "registrant_id = ? AND guardian_id = ?", k.id, c.Guardian)
	if err == nil && len(rows) == 0 {
		err = errNoGuardianship()
	}
	return rows, err
}

func errNoGuardianship() error {
	return fault.New(fault.NotFound, "no_such_guardianship", "This person has no such guardian.")
}

// guardianshipRow checks a new guardianship and makes its row.
func (k *kinChange) guardianshipRow(c GuardianChange) (guardianshipRow, error) {
	if c.From == "" {
		k.wrong("from", CodeRequired, "Say from which day.")
	}
	row := guardianshipRow{RegistrantID: k.id, GuardianID: c.Guardian, RecordedAt: k.b.at,
		ValidFrom: db.Date(k.day("from", c.From, maxToday)), ValidTo: db.Date(k.day("to", c.To, ""))}
	k.notBeforeBirth("from", string(row.ValidFrom), k.id)
	k.checkEnd(row)
	minor, err := k.youngerThan(k.reg.kinship.AdultAge, c.Guardian, string(row.ValidFrom))
	if err != nil {
		return row, err
	}
	if minor {
		k.wrong("guardian_id", CodeGuardianIsMinor, fmt.Sprintf("This person was not yet %d years old on that day.", k.reg.kinship.AdultAge))
	}
	return row, k.mistakes()
}

func (k *kinChange) checkEnd(row guardianshipRow) {
	if row.ValidTo != "" && row.ValidTo < row.ValidFrom {
		k.wrong("to", CodeBeforeStart, "The last day is before the first.")
	}
}

// checkOverlap refuses a guardianship of which a day is recorded already.
func (k *kinChange) checkOverlap(row guardianshipRow) error {
	rows, err := loadGuardianships(k.tx, noLimit, "registrant_id = ? AND guardian_id = ?", row.RegistrantID, row.GuardianID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(rows, row.overlaps) {
		return errGuardianshipExists()
	}
	return nil
}

// overlaps tells whether two guardianships share a day.
func (g guardianshipRow) overlaps(other guardianshipRow) bool {
	return (other.ValidTo == "" || g.ValidFrom <= other.ValidTo) && (g.ValidTo == "" || other.ValidFrom <= g.ValidTo)
}

func errGuardianshipExists() error {
	return fault.New(fault.Conflict, "guardianship_exists", "This guardian is recorded for some of these days already.")
}

// noteGuardian keeps what the change logs of both will say; nil: not recorded.
func (k *kinChange) noteGuardian(before, after *guardianshipRow) {
	row := cmp.Or(after, before)
	ward, guardian := row.RegistrantID, row.GuardianID
	k.changed(ward, tieGuardian, before.tie(k.number(guardian)), after.tie(k.number(guardian)), "")
	k.changed(guardian, tieWard, before.tie(k.number(ward)), after.tie(k.number(ward)), "")
}

// tie is what a change log says of the other side and the guardianship.
func (g *guardianshipRow) tie(number string) string {
	switch {
	case g == nil:
		return ""
	case g.ValidTo == "":
		return number + ", from " + string(g.ValidFrom)
	}
	return number + ", from " + string(g.ValidFrom) + " to " + string(g.ValidTo)
}
