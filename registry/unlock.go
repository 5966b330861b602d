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

// waysIn are what is tried for a name from outside, each with a lock of its own.
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

// tryNames are all by which the tries of a name are counted: those from outside, and
// those of its account at the second factor, the own password and each passkey.
func (r *Registry) tryNames(tx *gorm.DB, name string) ([]db.Bytes, error) {
	var out []db.Bytes
	for _, way := range waysIn() {
		out = append(out, r.tryName(way, name))
	}
	var accounts []uuid.UUID
	if err := tx.Raw("SELECT id FROM account WHERE username = ?", name).Scan(&accounts).Error; err != nil {
		return nil, fmt.Errorf("find the account of a name: %w", err)
	}
	for _, account := range accounts {
		out = append(out, r.tryName("totp", account.String()), r.tryName("own-password", account.String()))
		var keys []passkeyRow
		if err := tx.Where("account_id = ?", account).Find(&keys).Error; err != nil {
			return nil, fmt.Errorf("find the passkeys of a name: %w", err)
		}
		for _, key := range keys {
			out = append(out, r.passkeyTry(key.CredentialID))
		}
	}
	return out, nil
}

// lockOf reads until when a name is locked in any of the ways; zero: in none.
func (r *Registry) lockOf(tx *gorm.DB, name string) (until time.Time, err error) {
	names, err := r.tryNames(tx, name)
	if err != nil {
		return until, err
	}
	var last []db.Time
	err = tx.Raw("SELECT last_at FROM sign_in_failure WHERE name_hash IN ? AND failures >= ? AND last_at > ? ORDER BY last_at DESC LIMIT 1",
		names, MaxFailures, db.TimeOf(r.now().Add(-LockFor))).Scan(&last).Error
	if err != nil || len(last) == 0 {
		return until, err
	}
	return last[0].Add(LockFor), nil
}

// endLock forgets all tries of a name, and how many codes it was sent today.
func (r *Registry) endLock(tx *gorm.DB, name string) error {
	names, err := r.tryNames(tx, name)
	if err != nil {
		return err
	}
	for _, try := range append(names, r.tryName(codesOfDay, name)) {
		if err := clearTries(tx, try); err != nil {
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
