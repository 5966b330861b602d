package registry

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// staffName is the form of a staff name; likeNumber is what reads as a
// registration number, right or wrong, and is nobody's staff name.
var (
	staffName  = regexp.MustCompile(`^[a-z][a-z0-9._-]{1,38}[a-z0-9]$`)
	likeNumber = regexp.MustCompile(`^s[._-]*r[0-9._-]*$`)
)

// CreateStaff opens an account for a member of staff whose roles hold everywhere:
// see OpenStaff.
func (r *Registry) CreateStaff(ctx context.Context, actor Actor, username, password string, roles []Role) (Account, error) {
	return r.createStaff(ctx, actor, accountRow{Username: username}, password, everywhere(roles), "")
}

// OpenStaff opens an account for a member of staff. The name has 3 to 40 small
// letters, digits, dots, dashes and underscores; it begins with a letter, ends
// with a letter or digit, and does not read as a registration number.
// Errors: Forbidden, "grant_exceeds" for roles that the actor's own bounds do not
// cover; Invalid "bad_username", "bad_role", "password_refused", "invalid_grant";
// Conflict "username_taken".
func (r *Registry) OpenStaff(ctx context.Context, actor Actor, username, password string, grants []Grant, reason string) (Account, error) {
	return r.createStaff(ctx, actor, accountRow{Username: username}, password, grants, reason)
}

// everywhere makes grants without bounds, each role once.
func everywhere(roles []Role) []Grant {
	var out []Grant
	for _, role := range roles {
		if g := (Grant{Role: role}); !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	return out
}

func (r *Registry) createStaff(ctx context.Context, actor Actor, row accountRow, password string, grants []Grant, reason string, allow ...func(tx *gorm.DB) error) (Account, error) {
	if err := actor.checkWithin(toCreateStaff); err != nil {
		return Account{}, err
	}
	row.Username = accountName(row.Username)
	if err := acceptStaff(row.Username, password, grants); err != nil {
		return Account{}, err
	}
	reason, err := cleanReason(reason)
	if err != nil {
		return Account{}, err
	}
	if row.Password, err = r.accounts.passwords.hash(ctx, password); err != nil {
		return Account{}, err
	}
	row.ID, row.CreatedBy = uuid.Must(uuid.NewV7()), actor.name()
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		for _, allowed := range allow {
			if err := allowed(tx); err != nil {
				return err
			}
		}
		row.CreatedAt, row.PasswordAt = now, now
		return r.storeStaff(tx, actor, &row, grants, reason, now)
	})
	if err != nil {
		return Account{}, fmt.Errorf("create staff account: %w", err)
	}
	return row.toAccount(), nil
}

// storeStaff writes a new account with its roles and the beginning of its history.
func (r *Registry) storeStaff(tx *gorm.DB, actor Actor, row *accountRow, grants []Grant, reason string, now db.Time) error {
	roles := make([]Role, len(grants))
	for i, g := range grants {
		roles[i] = g.Role
	}
	row.Roles = joinRoles(roles)
	err := tx.Create(row).Error
	if r.db.Dialect.IsDuplicate(err) {
		return nameTaken(err)
	}
	if err != nil {
		return err
	}
	for _, g := range grants {
		if _, err := r.addGrant(tx, actor, row.ID, g, now); err != nil {
			return err
		}
	}
	after, err := r.refreshStaff(tx, row.ID)
	if err != nil {
		return err
	}
	return r.logAdmin(tx, actor, reason, now, staffSubject(row.Username), nil, after)
}

func nameTaken(err error) error {
	return fault.Wrap(fault.Conflict, "username_taken", "There is an account with this name already.", err)
}

func acceptStaffName(name string) error {
	words := ""
	switch {
	case !staffName.MatchString(name):
		words = "Use 3 to 40 letters, digits, dots, dashes or underscores; begin with a letter and end with a letter or digit."
	case name == "new": // the pages have a form there
		words = "Use another name."
	case likeNumber.MatchString(name):
		words = "Use a name that does not read as a registration number."
	default:
		return nil
	}
	return fault.InvalidFields("bad_username", "This cannot be the name of a staff account.",
		[]fault.Field{{Name: "username", Code: "bad_username", Detail: words}})
}

func acceptStaff(name, password string, grants []Grant) error {
	if err := acceptStaffName(name); err != nil {
		return err
	}
	for _, g := range grants {
		if !slices.Contains(staffRoles(), g.Role) {
			return fault.New(fault.Invalid, "bad_role", "Staff can be admin, registrar, field worker, attester and auditor.")
		}
	}
	if len(grants) == 0 {
		return fault.New(fault.Invalid, "bad_role", "A staff account needs a role.")
	}
	return acceptPassword("password", password, name)
}

// CreateTrialStaff is CreateStaff with a password that everybody knows, for
// trying out. The account is marked until it gets another password.
func (r *Registry) CreateTrialStaff(ctx context.Context, actor Actor, username, password string, roles []Role) (Account, error) {
	return r.createStaff(ctx, actor, accountRow{Username: username, OpenSecret: true}, password, everywhere(roles), "")
}

// CheckNewStaff tells whether an account with this name could be opened, so that
// nobody is asked for the password of one that cannot. Errors: Forbidden, Invalid
// "bad_username", Conflict "username_taken".
func (r *Registry) CheckNewStaff(ctx context.Context, actor Actor, username string) error {
	if err := actor.checkWithin(toCreateStaff); err != nil {
		return err
	}
	name := accountName(username)
	if err := acceptStaffName(name); err != nil {
		return err
	}
	there, err := r.countStaff(ctx, name)
	if err == nil && there > 0 {
		err = nameTaken(nil)
	}
	return err
}

// CheckStaff tells whether there is a staff account with this name that the actor
// keeps. Errors: Forbidden, NotFound "no_such_account".
func (r *Registry) CheckStaff(ctx context.Context, actor Actor, username string) error {
	_, err := r.StaffAccount(ctx, actor, username)
	return err
}

// countStaff counts the staff accounts with this name: one or none.
func (r *Registry) countStaff(ctx context.Context, name string) (n int64, err error) {
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		return tx.Model(&accountRow{}).Where("username = ? AND registrant_id IS NULL", name).Count(&n).Error
	})
	if err != nil {
		return 0, fmt.Errorf("look for a staff account: %w", err)
	}
	return n, nil
}
