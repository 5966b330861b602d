package registry

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// UnlockReason begins the reason in the change log when the office ends a lock.
const UnlockReason = "sign-in opened again: "

// waysIn are what is tried for a name, each with a lock of its own.
func waysIn() []string { return []string{"sign-in", "activate", "code", "send-code"} }

// Locked tells until when somebody cannot sign in after wrong tries; zero: not locked.
// Errors: Forbidden, NotFound, for who may not hand out codes for the record.
func (r *Registry) Locked(ctx context.Context, actor Actor, id uuid.UUID) (until time.Time, err error) {
	if err := actor.checkOn(toHandOutCode, id); err != nil {
		return until, err
	}
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		rec, err := r.load(tx, actor.to(toHandOutCode), id, "")
		if err != nil {
			return err
		}
		until, err = r.lockOf(tx, strings.ToLower(rec.row.Number))
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("look for a lock: %w", err)
	}
	return until, nil
}

// lockOf reads until when a name is locked in any of the ways; zero: in none.
func (r *Registry) lockOf(tx *gorm.DB, name string) (until time.Time, err error) {
	for _, way := range waysIn() {
		var last []db.Time
		err := tx.Raw("SELECT last_at FROM sign_in_failure WHERE name_hash = ? AND failures >= ? AND last_at > ?", r.tryName(way, name), MaxFailures, db.TimeOf(r.now().Add(-LockFor))).Scan(&last).Error
		if err != nil {
			return until, err
		}
		if len(last) > 0 && last[0].Add(LockFor).After(until) {
			until = last[0].Add(LockFor)
		}
	}
	return until, nil
}

func (r *Registry) endLock(tx *gorm.DB, name string) error {
	for _, way := range waysIn() {
		if err := clearTries(tx, r.tryName(way, name)); err != nil {
			return err
		}
	}
	return nil
}

// Unlock lets somebody sign in again at once after wrong tries. It stands in the
// change log with the reason, and the person is told. Errors: Forbidden, NotFound,
// Invalid "invalid_values" without a reason.
func (r *Registry) Unlock(ctx context.Context, actor Actor, id uuid.UUID, reason string) error {
	if err := actor.checkOn(toHandOutCode, id); err != nil {
		return err
	}
	reason, err := neededReason(reason)
	if err != nil {
		return err
	}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		b, err := r.loadBuilder(tx, actor, UnlockReason+reason, now)
		if err != nil {
			return err
		}
		rec, err := r.load(tx, actor.to(toHandOutCode), id, r.db.Dialect.ForUpdate())
		if err != nil {
			return err
		}
		if err := r.endLock(tx, strings.ToLower(rec.row.Number)); err != nil {
			return err
		}
		return r.note(tx, b, &rec)
	})
	if err != nil {
		return fmt.Errorf("end a lock: %w", err)
	}
	return nil
}

// neededReason is a reason that must be given, short enough to stand behind
// UnlockReason.
func neededReason(reason string) (string, error) {
	reason, err := cleanReason(reason)
	if err == nil && (reason == "" || len([]rune(reason)) > maxReasonLength-len(UnlockReason)) {
		return "", fault.InvalidFields("invalid_values", "Some values cannot be accepted.", []fault.Field{{Name: "reason", Code: "reason_missing", Detail: "Say why: it stands in the change log."}})
	}
	return reason, err
}

// StaffLocked tells until when a member of staff cannot sign in after wrong tries;
// zero: not locked. Errors: those of StaffAccount.
func (r *Registry) StaffLocked(ctx context.Context, actor Actor, username string) (until time.Time, err error) {
	account, err := r.StaffAccount(ctx, actor, username)
	if err != nil {
		return until, err
	}
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		until, err = r.lockOf(tx, accountName(account.Username))
		return err
	})
	return until, err
}

// UnlockStaff lets a member of staff sign in again at once. It stands in the history
// of settings. Errors: Forbidden, NotFound "no_such_account", Invalid "invalid_values"
// without a reason.
func (r *Registry) UnlockStaff(ctx context.Context, actor Actor, username, reason string) error {
	if err := actor.checkWithin(toCreateStaff); err != nil {
		return err
	}
	reason, err := neededReason(reason)
	if err != nil {
		return err
	}
	return r.changeStaff(ctx, actor, username, UnlockReason+reason, func(tx *gorm.DB, account accountRow, _ db.Time) error {
		return r.endLock(tx, account.Username)
	})
}
