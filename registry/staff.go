package registry

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// StaffAccount is an account of a member of staff as its keeper sees it.
type StaffAccount struct {
	Account
	CreatedAt  time.Time
	DisabledAt time.Time // zero: it may sign in
	OpenSecret bool      // everybody knows its password
}

// CreateTrialStaff is CreateStaff with a password that everybody knows, for
// trying out. The account is marked until it gets another password.
func (r *Registry) CreateTrialStaff(ctx context.Context, actor Actor, username, password string, roles []Role) (Account, error) {
	return r.createStaff(ctx, actor, username, password, roles, true)
}

// Staff lists the accounts of staff by name, disabled ones too. Error: Forbidden.
func (r *Registry) Staff(ctx context.Context, actor Actor) ([]StaffAccount, error) {
	if err := actor.check(toCreateStaff); err != nil {
		return nil, err
	}
	var rows []accountRow
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		return tx.Where("registrant_id IS NULL").Order("username").Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("list staff accounts: %w", err)
	}
	out := make([]StaffAccount, 0, len(rows))
	for _, row := range rows {
		s := StaffAccount{Account: row.toAccount(), CreatedAt: row.CreatedAt.Time, OpenSecret: row.OpenSecret}
		if row.DisabledAt != nil {
			s.DisabledAt = row.DisabledAt.Time
		}
		out = append(out, s)
	}
	return out, nil
}

// SetStaffPassword gives a member of staff another password. It opens a disabled
// account again, ends the lock after wrong tries, and ends all sessions and tokens
// of the account. Errors: Forbidden, Invalid, NotFound "no_such_account".
func (r *Registry) SetStaffPassword(ctx context.Context, actor Actor, username, password string) error {
	if err := actor.check(toCreateStaff); err != nil {
		return err
	}
	name := accountName(username)
	if err := acceptPassword("password", password, name); err != nil {
		return err
	}
	phc, err := r.accounts.passwords.hash(ctx, password)
	if err != nil {
		return err
	}
	err = r.changeStaff(ctx, name, func(tx *gorm.DB, now db.Time) error {
		if err := clearTries(tx, r.tryName("sign-in", name)); err != nil {
			return err
		}
		return tx.Exec("UPDATE account SET password = ?, password_at = ?, disabled_at = NULL, open_secret = ? WHERE username = ?",
			phc, now, false, name).Error
	})
	if err != nil {
		return fmt.Errorf("set staff password: %w", err)
	}
	return nil
}

// DisableStaff closes the account of a member of staff and ends its sessions and
// tokens. What it did stays in the change log; its name is not given to anybody else. It
// returns Forbidden, or NotFound "no_such_account".
func (r *Registry) DisableStaff(ctx context.Context, actor Actor, username string) error {
	if err := actor.check(toCreateStaff); err != nil {
		return err
	}
	name := accountName(username)
	err := r.changeStaff(ctx, name, func(tx *gorm.DB, now db.Time) error {
		return tx.Exec("UPDATE account SET disabled_at = coalesce(disabled_at, ?) WHERE username = ?", now, name).Error
	})
	if err != nil {
		return fmt.Errorf("disable staff account: %w", err)
	}
	return nil
}

// changeStaff runs change on the account with that name, then ends its sessions
// and its tokens.
// The account is locked first, so that no sign-in slips in between.
func (r *Registry) changeStaff(ctx context.Context, name string, change func(tx *gorm.DB, now db.Time) error) error {
	return r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		var row accountRow
		missing := fault.New(fault.NotFound, "no_such_account", "There is no staff account with this name.")
		query := tx.Raw("SELECT * FROM account WHERE username = ? AND registrant_id IS NULL"+r.db.Dialect.ForUpdate(), name).Scan(&row)
		if query.Error == nil && query.RowsAffected == 0 {
			return missing
		}
		if query.Error != nil {
			return fmt.Errorf("read staff account: %w", query.Error)
		}
		if err := change(tx, now); err != nil {
			return err
		}
		return endAccess(tx, row.ID, now)
	})
}
