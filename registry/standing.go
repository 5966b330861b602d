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

// Standing is how a person stands to a record today.
type Standing struct {
	Kind     string   // of the record: PersonKind or a kind of group
	Self     bool     // it is the person's own
	Guardian bool     // the person is the guardian of whom it is about
	Roles    []string // the person's roles in the group that it is about
}

// HasRole says whether the person has one of the roles in the group.
func (s Standing) HasRole(roles ...string) bool {
	return slices.ContainsFunc(s.Roles, func(r string) bool { return slices.Contains(roles, r) })
}

// Standing gives how a person stands to a record, as of today: it changes with
// the record's ChainNo, or with the day (GuardianshipsOver). Nobody stands in any way to a person
// whose record is not active, nor does such a person. It asks for no Actor, as
// Attested does not. It takes the same statements whatever the answer. It returns NotFound if there is no such record.
func (r *Registry) Standing(ctx context.Context, person, record uuid.UUID) (Standing, error) {
	var out Standing
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		var of, who struct {
			Kind, Status string
			BirthDate    db.Date `gorm:"column:birth_date"`
		}
		err := tx.Raw(`SELECT kind, status, birth_date FROM registrant WHERE id = ?`, record).Scan(&of).Error
		if err == nil {
			err = tx.Raw(`SELECT kind, status FROM registrant WHERE id = ?`, person).Scan(&who).Error
		}
		if err != nil {
			return fmt.Errorf("read who stands to what: %w", err)
		}
		out = Standing{Kind: of.Kind, Self: person == record}
		if err := r.standing(tx, person, record, of.BirthDate, &out); err != nil {
			return err
		}
		if of.Kind == "" {
			return errNoPerson()
		}
		if out.Self || of.Status != statusActive || who.Status != statusActive || who.Kind != PersonKind {
			out.Guardian, out.Roles = false, nil
		}
		return nil
	})
	if err != nil {
		return Standing{}, err
	}
	return out, nil
}

// standing reads guardianship and membership. The last day of a guardianship
// counts, as GuardianChange.To says; the end of a membership does not. born is the
// birth date of whom the record is about.
func (r *Registry) standing(tx *gorm.DB, person, record uuid.UUID, born db.Date, out *Standing) (err error) {
	day := db.Date(r.now().UTC().Format(time.DateOnly))
	if out.Guardian, err = r.isGuardian(tx, person, record, born, day); err != nil {
		return fmt.Errorf("read guardianships: %w", err)
	}
	err = tx.Raw(`SELECT role FROM membership WHERE group_id = ? AND member_id = ? AND start_date <= ? AND (end_date IS NULL OR end_date > ?) ORDER BY role`,
		record, person, day, day).Scan(&out.Roles).Error
	if err != nil {
		return fmt.Errorf("read memberships: %w", err)
	}
	return nil
}
