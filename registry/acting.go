package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// A guardian acts for a ward in one session, and visibly: the log names both. Such
// an Actor has the ward as RegistrantID and the guardian as Guardian. What opens
// the guardian's own account is closed to it (see closedToGuardians), and what
// wallets are given goes to the guardian: Own.

// Ward is somebody in a person's care, whom the person may act for.
type Ward struct {
	ID     uuid.UUID
	Number string
	Name   string // as the record says it
}

// Own is the actor without the ward: who signed in.
func (a Actor) Own() Actor {
	if a.Guardian != uuid.Nil {
		a.RegistrantID, a.Guardian, a.ForNumber = a.Guardian, uuid.Nil, ""
	}
	return a
}

// Acting tells whether a guardian acts for somebody.
func (a Actor) Acting() bool { return a.Guardian != uuid.Nil }

// closedToGuardians are actions on the account that signed in, and not on a record.
func closedToGuardians(act action) bool { return act == toKeepTokens }

// Wards lists whom the signed-in person may act for now, in the order of their
// ids, at most 100. It returns Unauthenticated, or Forbidden for who is not a
// registered person.
func (r *Registry) Wards(ctx context.Context, a Actor) (out []Ward, err error) {
	own := a.Own()
	if err := own.checkPortal(); err != nil {
		return nil, err
	}
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		ids, err := r.wardsOf(tx, own.RegistrantID)
		if err != nil || len(ids) == 0 {
			return err
		}
		out, err = r.readWards(tx, own, ids)
		return err
	})
	return out, err
}

// HasWards tells whether there is anybody whom the signed-in person may act for now.
// It returns what Wards returns.
func (r *Registry) HasWards(ctx context.Context, a Actor) (has bool, err error) {
	own := a.Own()
	if err := own.checkPortal(); err != nil {
		return false, err
	}
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		ids, err := r.wardsOf(tx, own.RegistrantID)
		has = len(ids) > 0
		return err
	})
	return has, err
}

// readWards reads what wards are called. One whose record is erased is left out.
func (r *Registry) readWards(tx *gorm.DB, own Actor, ids []uuid.UUID) ([]Ward, error) {
	var rows []registrantRow
	if err := tx.Raw(`SELECT `+registrantColumns+` FROM registrant WHERE id IN ? ORDER BY id`, ids).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read wards: %w", err)
	}
	recs, err := r.openRecords(tx, rows)
	if err != nil {
		return nil, err
	}
	fields, err := r.fieldSet(tx)
	if err != nil {
		return nil, err
	}
	hidden := fields.hiddenFrom(own)
	out := make([]Ward, len(recs))
	for i, rec := range recs {
		out[i] = Ward{ID: rec.row.ID, Number: rec.row.Number, Name: fields.names(without(hidden, rec.text))}
	}
	return out, nil
}

// checkPortal refuses who is not a person that signed in to the own pages.
func (a Actor) checkPortal() error {
	if a.ByToken() {
		return a.inScope(toKeepTokens)
	}
	return a.checkOn(toEdit, a.RegistrantID)
}

// wardOf reads somebody whose guardian a person is now: NotFound for all others.
func (r *Registry) wardOf(ctx context.Context, own Actor, id uuid.UUID) (Ward, error) {
	s, err := r.Standing(ctx, own.RegistrantID, id)
	if err != nil {
		return Ward{}, err
	}
	if !s.Guardian || s.Kind != PersonKind {
		return Ward{}, errNoPerson()
	}
	var out []Ward
	err = r.db.Read(ctx, func(tx *gorm.DB) (err error) {
		out, err = r.readWards(tx, own, []uuid.UUID{id})
		return err
	})
	if err != nil {
		return Ward{}, err
	}
	if len(out) == 0 {
		return Ward{}, errNoPerson()
	}
	return out[0], nil
}

// Act makes a session act for a ward from now on. It returns NotFound for whoever
// is nobody's ward, or somebody else's, and Unauthenticated, Forbidden.
func (r *Registry) Act(ctx context.Context, a Actor, token string, ward uuid.UUID) error {
	own := a.Own()
	if err := own.checkPortal(); err != nil {
		return err
	}
	if _, err := r.wardOf(ctx, own, ward); err != nil {
		return err
	}
	return r.actFor(ctx, own, token, &ward)
}

// StopActing makes a session act for the one who signed in again.
func (r *Registry) StopActing(ctx context.Context, a Actor, token string) error {
	return r.actFor(ctx, a.Own(), token, nil)
}

func (r *Registry) actFor(ctx context.Context, own Actor, token string, ward *uuid.UUID) error {
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error {
		done := tx.Model(&sessionRow{}).Where("id_hash = ? AND account_id = ?", sessionHash(token), own.AccountID).Update("acts_for", ward)
		if done.Error == nil && done.RowsAffected == 0 {
			return errSession()
		}
		return done.Error
	})
	if err != nil {
		return fmt.Errorf("choose for whom a session acts: %w", err)
	}
	return nil
}

// ActFor gives the actor by which a session acts for the ward that it has chosen
// (Actor.ActsFor), and the ward; a session that has chosen nobody keeps its actor.
// A guardianship that is over returns Forbidden "acting_ended", and the session
// acts for nobody any more.
func (r *Registry) ActFor(ctx context.Context, a Actor, token string) (Actor, Ward, error) {
	if a.ActsFor == uuid.Nil || !a.Has(RoleRegistrant) || a.ByToken() {
		return a, Ward{}, nil
	}
	ward, err := r.wardOf(ctx, a, a.ActsFor)
	if fault.KindOf(err) == fault.NotFound || fault.KindOf(err) == fault.Gone {
		if err := r.StopActing(ctx, a, token); err != nil {
			return Actor{}, Ward{}, err
		}
		return Actor{}, Ward{}, fault.New(fault.Forbidden, "acting_ended", "You do not act for this person any more. Nothing was changed.")
	}
	if err != nil {
		return Actor{}, Ward{}, err
	}
	a.Guardian, a.RegistrantID, a.ForNumber = a.RegistrantID, ward.ID, ward.Number
	return a, ward, nil
}
