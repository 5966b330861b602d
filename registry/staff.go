package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// StaffAccount is an account of a member of staff as its keeper sees it.
type StaffAccount struct {
	Account
	Assignments []Assignment // in the order in which they were given
	CreatedAt   time.Time
	DisabledAt  time.Time // zero: it may sign in
	OpenSecret  bool      // everybody knows its password
}

// StaffQuery asks for accounts of staff.
type StaffQuery struct {
	Text  string // what a name begins with
	After string // StaffPage.Next of the page before
	Limit int    // 0: 50; at most 200
}

// StaffPage is one page of accounts.
type StaffPage struct {
	Accounts []StaffAccount
	Next     string // StaffQuery.After of the next page; "" after the last
}

// Staff lists the accounts of staff by name, disabled ones too: for a keeper with
// bounds, those whose roles are all within them. It returns Forbidden, or Invalid
// "bad_query".
func (r *Registry) Staff(ctx context.Context, actor Actor, q StaffQuery) (page StaffPage, err error) {
	if err := actor.checkWithin(toReadStaff); err != nil {
		return page, err
	}
	if checkText(q.Text+q.After) != nil || len(q.Text) > maxSubject || len(q.After) > maxSubject {
		return page, badQuery("text")
	}
	begins, size := accountName(q.Text), pageSize(q.Limit)
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		for after := q.After; ; after = page.Next {
			condition, args := "registrant_id IS NULL AND username > ?", []any{after}
			if begins != "" {
				condition, args = condition+" AND username >= ? AND username < ?", append(args, begins, begins+"\x7f")
			}
			found, last, err := r.staffWhere(tx, actor, size+1-len(page.Accounts), condition, args...)
			if err != nil {
				return err
			}
			if page.Accounts = append(page.Accounts, found...); len(page.Accounts) > size {
				page.Accounts = page.Accounts[:size]
				page.Next = page.Accounts[size-1].Username
				return nil
			}
			if page.Next = last; last == "" {
				return nil
			}
		}
	})
	return page, err
}

// StaffAccount gives one account. Errors: Forbidden, NotFound "no_such_account",
// also for one that is outside of the keeper's bounds.
func (r *Registry) StaffAccount(ctx context.Context, actor Actor, username string) (account StaffAccount, err error) {
	if err := actor.checkWithin(toReadStaff); err != nil {
		return account, err
	}
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		found, _, err := r.staffWhere(tx, actor, 1, "registrant_id IS NULL AND username = ?", accountName(username))
		if err == nil && len(found) == 0 {
			err = errNoAccount()
		}
		if err == nil {
			account = found[0]
		}
		return err
	})
	return account, err
}

// staffWhere reads the next accounts that a condition names, with their roles, as far
// as they are within the keeper's bounds; last is the one to go on after, "": these
// are all.
func (r *Registry) staffWhere(tx *gorm.DB, actor Actor, most int, condition string, args ...any) (out []StaffAccount, last string, err error) {
	var rows []accountRow
	if err := tx.Where(condition, args...).Order("username").Limit(most).Find(&rows).Error; err != nil {
		return nil, "", fmt.Errorf("list staff accounts: %w", err)
	}
	if len(rows) == 0 {
		return nil, "", nil
	}
	if len(rows) == most {
		last = rows[most-1].Username
	}
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	var roles []assignmentRow
	if err := tx.Where("account_id IN ?", ids).Order("granted_at, id").Find(&roles).Error; err != nil {
		return nil, "", fmt.Errorf("list roles: %w", err)
	}
	places, err := areaPlaces(tx, actor)
	if err != nil {
		return nil, "", err
	}
	of := map[uuid.UUID][]assignmentRow{}
	for _, row := range roles {
		of[row.AccountID] = append(of[row.AccountID], row)
	}
	for _, row := range rows {
		if actor.keeps(toReadStaff, of[row.ID], places) {
			out = append(out, staffAccountOf(row, of[row.ID]))
		}
	}
	return out, last, nil
}

// keeps tells whether the actor reads or keeps an account with these roles.
func (a Actor) keeps(act action, rows []assignmentRow, places func(code string) []string) bool {
	if len(rows) == 0 {
		return a.check(act) == nil
	}
	return !slices.ContainsFunc(rows, func(row assignmentRow) bool { return len(a.over(act, row.grant(), places)) == 0 })
}

func staffAccountOf(row accountRow, roles []assignmentRow) StaffAccount {
	s := StaffAccount{Account: row.toAccount(), CreatedAt: row.CreatedAt.Time, OpenSecret: row.OpenSecret}
	for i := range roles {
		s.Assignments = append(s.Assignments, roles[i].toAssignment())
	}
	if row.DisabledAt != nil {
		s.DisabledAt = row.DisabledAt.Time
	}
	return s
}

// Reasons in the history of an account, and of the tokens that end with it.
const (
	passwordChanged = "another password"
	accountClosed   = "account closed"
)

// SetStaffPassword gives a member of staff another password. It opens a disabled
// account again, ends the lock after wrong tries, and ends all sessions and tokens
// of the account. Errors: Forbidden, Invalid, NotFound "no_such_account".
func (r *Registry) SetStaffPassword(ctx context.Context, actor Actor, username, password string) error {
	if err := actor.checkWithin(toCreateStaff); err != nil {
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
	return r.changeStaff(ctx, actor, username, passwordChanged, func(tx *gorm.DB, account accountRow, now db.Time) error {
		if err := clearTries(tx, r.tryName("sign-in", name)); err != nil {
			return err
		}
		return errors.Join(r.endAccess(tx, actor, account.ID, passwordChanged, now),
			tx.Exec("UPDATE account SET password = ?, password_at = ?, disabled_at = NULL, open_secret = ? WHERE id = ?", phc, now, false, account.ID).Error)
	})
}

// DisableStaff closes the account of a member of staff and ends its sessions and
// tokens. What it did stays in the change log; its name is not given to anybody
// else. It returns Forbidden, NotFound "no_such_account", or Conflict "last_admin"
// where nobody else could keep the registry.
func (r *Registry) DisableStaff(ctx context.Context, actor Actor, username string) error {
	return r.changeStaff(ctx, actor, username, accountClosed, func(tx *gorm.DB, account accountRow, now db.Time) error {
		return errors.Join(r.endAccess(tx, actor, account.ID, accountClosed, now),
			tx.Exec("UPDATE account SET disabled_at = coalesce(disabled_at, ?) WHERE id = ?", now, account.ID).Error)
	})
}

// staffState is an account in the history of settings.
type staffState struct {
	Roles      []grantState `json:"roles"`
	PasswordAt time.Time    `json:"password_at"`
	Disabled   bool         `json:"disabled"`
}

type grantState struct {
	Role    Role   `json:"role"`
	Area    string `json:"area,omitempty"`
	Kind    string `json:"kind,omitempty"`
	Section string `json:"section,omitempty"`
	Until   string `json:"until,omitempty"`
}

func staffSubject(name string) string { return "account:" + name }

// changeStaff runs change on the account with that name and writes its history.
// The account is locked first, so that no sign-in slips in between; nobody takes
// the last administrator away.
func (r *Registry) changeStaff(ctx context.Context, actor Actor, username, reason string, change func(tx *gorm.DB, account accountRow, now db.Time) error) error {
	if err := actor.checkWithin(toCreateStaff); err != nil {
		return err
	}
	reason, err := cleanReason(reason)
	if err != nil {
		return err
	}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		admins, err := r.lockAdmins(tx, actor)
		if err != nil {
			return err
		}
		account, before, err := r.readStaff(tx, actor, accountName(username))
		if err != nil {
			return err
		}
		if err := change(tx, account, now); err != nil {
			return err
		}
		after, err := r.refreshStaff(tx, account.ID)
		if err != nil {
			return err
		}
		if err := r.checkLastAdmin(tx, actor, admins); err != nil {
			return err
		}
		return r.logAdmin(tx, actor, reason, now, staffSubject(account.Username), before, after)
	})
	if err != nil {
		return fmt.Errorf("change a staff account: %w", err)
	}
	return nil
}

// readStaff reads and holds an account that the actor keeps.
func (r *Registry) readStaff(tx *gorm.DB, actor Actor, name string) (accountRow, staffState, error) {
	var row accountRow
	query := tx.Raw("SELECT * FROM account WHERE username = ? AND registrant_id IS NULL"+r.db.Dialect.ForUpdate(), name).Scan(&row)
	if query.Error != nil {
		return row, staffState{}, fmt.Errorf("read staff account: %w", query.Error)
	}
	if query.RowsAffected == 0 {
		return row, staffState{}, errNoAccount()
	}
	roles, err := assignmentsOf(tx, row.ID)
	if err != nil {
		return row, staffState{}, err
	}
	places, err := areaPlaces(tx, actor)
	if err != nil {
		return row, staffState{}, err
	}
	if !actor.keeps(toCreateStaff, roles, places) {
		return row, staffState{}, errNoAccount()
	}
	return row, stateOfStaff(row, roles), nil
}

func stateOfStaff(row accountRow, roles []assignmentRow) staffState {
	s := staffState{Roles: []grantState{}, PasswordAt: row.PasswordAt.Time, Disabled: row.DisabledAt != nil}
	for i := range roles {
		s.Roles = append(s.Roles, grantState(roles[i].grant()))
	}
	return s
}

// refreshStaff brings account.roles, which lists read, to what was granted, and
// gives the state of the account as it is now.
func (r *Registry) refreshStaff(tx *gorm.DB, id uuid.UUID) (staffState, error) {
	roles, err := assignmentsOf(tx, id)
	if err != nil {
		return staffState{}, err
	}
	if err := tx.Exec("UPDATE account SET roles = ? WHERE id = ?", joinRoles(rolesOf(roles)), id).Error; err != nil {
		return staffState{}, fmt.Errorf("store the roles of an account: %w", err)
	}
	var row accountRow
	if err := tx.Where("id = ?", id).Take(&row).Error; err != nil {
		return staffState{}, fmt.Errorf("read staff account: %w", err)
	}
	return stateOfStaff(row, roles), nil
}

func errNoAccount() error {
	return fault.New(fault.NotFound, "no_such_account", "There is no staff account with this name.")
}
