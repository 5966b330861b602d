package registry

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// A guardianship ends in three ways: somebody records its end, the last day that was
// recorded is over, or the ward comes of age. Only the first is a change of a record.

// lastsOn says whether a guardianship holds on a day that is not before its first. One
// without a last day that began while the ward was a minor ends as the ward comes of
// age (KinshipRules.AdultAge); one that was recorded for an adult, or of somebody whose
// birth is not known, lasts until its end is recorded.
func (k KinshipRules) lastsOn(g guardianshipRow, born, day db.Date) (bool, error) {
	if g.ValidTo != "" {
		return day <= g.ValidTo, nil
	}
	if born == "" {
		return true, nil
	}
	adult, err := yearsAfter(string(born), k.AdultAge)
	return string(g.ValidFrom) >= adult || string(day) < adult, err
}

// isGuardian says whether one person is the guardian of another, who was born on a day,
// on a day.
func (r *Registry) isGuardian(tx *gorm.DB, guardian, ward uuid.UUID, born, day db.Date) (bool, error) {
	rows, err := loadGuardianships(tx, noLimit, "registrant_id = ? AND guardian_id = ? AND valid_from <= ?", ward, guardian, day)
	if err != nil {
		return false, err
	}
	for _, g := range rows {
		if lasts, err := r.kinship.lastsOn(g, born, day); err != nil || lasts {
			return lasts, err
		}
	}
	return false, nil
}

// wardsOf are the people whose guardian a person is today, in the order of their ids,
// at most maxRepresented. It says of all what Standing says of one.
func (r *Registry) wardsOf(tx *gorm.DB, person uuid.UUID) ([]uuid.UUID, error) {
	day := db.Date(r.now().UTC().Format(time.DateOnly))
	var rows []struct {
		Row  guardianshipRow `gorm:"embedded"`
		Born db.Date         `gorm:"column:birth_date"`
	}
	err := tx.Raw(`SELECT g.*, w.birth_date FROM guardianship g JOIN registrant w ON w.id = g.registrant_id JOIN registrant p ON p.id = g.guardian_id
		WHERE g.guardian_id = ? AND g.registrant_id <> g.guardian_id AND g.valid_from <= ? AND (g.valid_to IS NULL OR g.valid_to >= ?)
			AND w.kind = ? AND w.status = ? AND p.kind = ? AND p.status = ? ORDER BY g.registrant_id LIMIT ?`,
		person, day, day, PersonKind, statusActive, PersonKind, statusActive, maxTies).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read wards: %w", err)
	}
	var out []uuid.UUID
	for _, row := range rows {
		lasts, err := r.kinship.lastsOn(row.Row, row.Born, day)
		if err != nil {
			return nil, err
		}
		if lasts && len(out) < maxRepresented {
			out = append(out, row.Row.RegistrantID)
		}
	}
	return slices.Compact(out), nil
}

// AdultAge says with how many years a ward comes of age.
func (r *Registry) AdultAge() int { return r.kinship.AdultAge }

// GuardianshipsOver gives, in the order of their ids and after one of them, up to limit
// people of whom a guardianship may have ended by the calendar alone on one of the days
// from (YYYY-MM-DD, "" = from the first) to to: the day before was its last, or the
// ward came of age. Standing tells whether it has. It asks for no Actor, as Attested
// does not.
func (r *Registry) GuardianshipsOver(ctx context.Context, from, to string, after uuid.UUID, limit int) (wards []uuid.UUID, err error) {
	if from == "" {
		from = earliestDay
	}
	youngest, err := yearsAfter(to, -r.kinship.AdultAge)
	if err != nil {
		return nil, err
	}
	first, err := time.Parse(time.DateOnly, from)
	if err != nil {
		return nil, fmt.Errorf("guardianships that are over: %w", err)
	}
	oldest := first.AddDate(-r.kinship.AdultAge, 0, -2).Format(time.DateOnly) // leap days
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		return tx.Raw(`SELECT registrant_id FROM guardianship WHERE registrant_id > ? AND valid_to >= ? AND valid_to < ?
			UNION SELECT g.registrant_id FROM guardianship g JOIN registrant p ON p.id = g.registrant_id
				WHERE g.registrant_id > ? AND g.valid_to IS NULL AND p.birth_date >= ? AND p.birth_date <= ?
			ORDER BY registrant_id LIMIT ?`, after, db.Date(from), db.Date(to), after, db.Date(oldest), db.Date(youngest), limit).Scan(&wards).Error
	})
	if err != nil {
		return nil, fmt.Errorf("guardianships that are over: %w", err)
	}
	return wards, nil
}

// maxRepresented bounds how many records of others a person may be told of.
const maxRepresented = 100

// Represented gives, in the order of their ids, the records of others that a person may
// stand to in some way today: those of wards, and of the groups that the person is in.
// Standing tells in which. It asks for no Actor, as Attested does not.
func (r *Registry) Represented(ctx context.Context, person uuid.UUID) (records []uuid.UUID, err error) {
	day := db.Date(r.now().UTC().Format(time.DateOnly))
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		return tx.Raw(`SELECT registrant_id FROM guardianship WHERE guardian_id = ? AND valid_from <= ? AND (valid_to IS NULL OR valid_to >= ?)
			UNION SELECT group_id FROM membership WHERE member_id = ? AND start_date <= ? AND (end_date IS NULL OR end_date > ?)
			ORDER BY registrant_id LIMIT ?`, person, day, day, person, day, day, maxRepresented).Scan(&records).Error
	})
	if err != nil {
		return nil, fmt.Errorf("read who is represented: %w", err)
	}
	return records, nil
}
