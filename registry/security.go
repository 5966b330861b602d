package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// DefaultStepUp is how long a proof of who somebody is counts for sensitive acts, and
// MinStepUp the least that may be set.
const (
	DefaultStepUp = 15 * time.Minute
	MinStepUp     = 5 * time.Minute
)

// maxSessions is how many sessions a list shows.
const maxSessions = 100

// checkSigned lets whoever signed in through: what opens an account is changed by
// nobody who came by a token. Errors: Unauthenticated "sign_in_required", Forbidden
// "session_needed".
func (a Actor) checkSigned() error {
	switch {
	case len(a.Roles) == 0:
		return fault.New(fault.Unauthenticated, "sign_in_required", "Sign in first.")
	case a.Session.ID == uuid.Nil || a.ByToken():
		return errSessionNeeded()
	}
	return nil
}

func errSessionNeeded() error {
	return fault.New(fault.Forbidden, "session_needed", "Only who signed in may do this.")
}

// checkStaffSigned is checkSigned for staff. Error, besides: Forbidden "not_allowed".
func (a Actor) checkStaffSigned() error {
	if err := a.checkSigned(); err != nil {
		return err
	}
	if a.Has(RoleRegistrant) {
		return fault.New(fault.Forbidden, "not_allowed", "Authenticator apps are for staff.")
	}
	return nil
}

// Sessions lists the sessions of the actor's account, the last used first. Error: those
// of checkSigned.
func (r *Registry) Sessions(ctx context.Context, a Actor) (out []Session, err error) {
	if err := a.checkSigned(); err != nil {
		return nil, err
	}
	now := r.now()
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		var rows []sessionRow
		err := tx.Where("account_id = ? AND needs = '' AND expires_at > ? AND seen_at > ?", a.AccountID, db.TimeOf(now), db.TimeOf(now.Add(-SessionIdle))).
			Order("seen_at DESC, id").Limit(maxSessions).Find(&rows).Error
		for _, row := range rows {
			out = append(out, row.toSession())
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return out, nil
}

// EndOneSession ends a session of the actor's account. Errors: those of checkSigned,
// NotFound "no_such_session".
func (r *Registry) EndOneSession(ctx context.Context, a Actor, id uuid.UUID) error {
	n, err := r.endSessions(ctx, a, "id = ?", id)
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "no_such_session", "This session is over already.")
	}
	return err
}

// EndOtherSessions ends all sessions of the actor's account but the one by which the
// actor came. Error: those of checkSigned.
func (r *Registry) EndOtherSessions(ctx context.Context, a Actor) error {
	_, err := r.endSessions(ctx, a, "id <> ?", a.Session.ID)
	return err
}

func (r *Registry) endSessions(ctx context.Context, a Actor, which string, id uuid.UUID) (n int64, err error) {
	if err := a.checkSigned(); err != nil {
		return 0, err
	}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error {
		res := tx.Where("account_id = ? AND "+which, a.AccountID, id).Delete(&sessionRow{})
		n = res.RowsAffected
		return res.Error
	})
	if err != nil {
		return 0, fmt.Errorf("end sessions: %w", err)
	}
	return n, nil
}

// ChangePassword gives the actor's account another password, for the old one. Its other
// sessions and its tokens end; passkeys stay. Errors: those of checkSigned;
// Unauthenticated "old_password_refused" around a Refusal, Limited "sign_in_locked",
// Invalid "password_refused" about the field password.
func (r *Registry) ChangePassword(ctx context.Context, a Actor, old, password string) error {
	if err := a.checkSigned(); err != nil {
		return err
	}
	if err := acceptPassword("password", cut(password, MaxPassword+1), accountName(a.name())); err != nil {
		return err
	}
	row, err := r.checkOwnPassword(ctx, a, old)
	if err != nil {
		return err
	}
	phc, err := r.accounts.passwords.hash(ctx, password)
	if err != nil {
		return err
	}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		done := tx.Exec("UPDATE account SET password = ?, password_at = ?, open_secret = ? WHERE id = ? AND password = ? AND disabled_at IS NULL", phc, now, false, row.ID, row.Password)
		if done.Error == nil && done.RowsAffected == 0 {
			return fault.New(fault.Conflict, "changed_meanwhile", "Somebody else is changing this now. Try again.")
		}
		if done.Error != nil {
			return done.Error
		}
		return errors.Join(
			tx.Where("account_id = ? AND id <> ?", row.ID, a.Session.ID).Delete(&sessionRow{}).Error,
			r.endTokens(tx, a, row.ID, passwordChanged, now),
			r.proved(tx, a, now),
			r.logSecurity(tx, a, passwordChanged, now))
	})
	if err != nil {
		return fmt.Errorf("change a password: %w", err)
	}
	return nil
}

// checkOwnPassword counts a try at the password of who is signed in. The lock is not
// that of signing in: who stands outside cannot close it. Errors: Unauthenticated
// "old_password_refused" around a Refusal, Limited "sign_in_locked".
func (r *Registry) checkOwnPassword(ctx context.Context, a Actor, password string) (row accountRow, err error) {
	try, left := r.tryName("own-password", a.AccountID.String()), 0
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) (err error) {
		if left, err = countTry(tx, try, now); err != nil {
			return err
		}
		return first(tx.Where("id = ? AND disabled_at IS NULL", a.AccountID), &row, errSession())
	})
	if err != nil {
		return row, fmt.Errorf("check the own password: %w", err)
	}
	ok, err := r.accounts.passwords.matches(ctx, row.Password, cut(password, MaxPassword+1))
	if err != nil {
		return row, fmt.Errorf("check the own password: %w", err)
	}
	if !ok {
		return row, fault.Wrap(fault.Unauthenticated, "old_password_refused", "This is not the password of this account.", refusalAfter(left, r.now()))
	}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error { return clearTries(tx, try) })
	return row, err
}

// logSecurity writes into the history of settings what was done to what opens the
// account of a member of staff. What registrants do with theirs is their own.
func (r *Registry) logSecurity(tx *gorm.DB, a Actor, what string, now db.Time) error {
	if a.kind() == "registrant" {
		return nil
	}
	var row accountRow
	if err := tx.Where("id = ?", a.AccountID).Take(&row).Error; err != nil {
		return fmt.Errorf("read an account: %w", err)
	}
	roles, err := assignmentsOf(tx, row.ID)
	if err != nil {
		return err
	}
	state := stateOfStaff(row, roles)
	return r.logAdmin(tx, a, what, now, staffSubject(row.Username), state, state)
}
