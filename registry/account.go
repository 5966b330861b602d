package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/secret"
	"socialregistry/registry/seal"
)

// Account is somebody who may sign in: a member of staff or, with RegistrantID,
// a registered person.
type Account struct {
	ID           uuid.UUID
	Username     string // staff name, or registration number
	Roles        []Role
	RegistrantID uuid.UUID
	Needs        Need // of the session that has just begun
}

type accountRow struct {
	ID           uuid.UUID  `gorm:"column:id;primaryKey"`
	Username     string     `gorm:"column:username"`
	Roles        string     `gorm:"column:roles"`
	RegistrantID *uuid.UUID `gorm:"column:registrant_id"`
	Password     string     `gorm:"column:password"`
	CreatedBy    string     `gorm:"column:created_by"`
	CreatedAt    db.Time    `gorm:"column:created_at"`
	PasswordAt   db.Time    `gorm:"column:password_at"`
	DisabledAt   *db.Time   `gorm:"column:disabled_at"`
	OpenSecret   bool       `gorm:"column:open_secret"`

	note uuid.UUID // of the try in the log of sign-ins
}

func (accountRow) TableName() string { return "account" }

func (a accountRow) toAccount() Account {
	out := Account{ID: a.ID, Username: a.Username}
	for name := range strings.FieldsSeq(a.Roles) {
		out.Roles = append(out.Roles, Role(name))
	}
	if a.RegistrantID != nil {
		out.RegistrantID = *a.RegistrantID
		out.Username = strings.ToUpper(a.Username)
	}
	return out
}

// accounts is what signing in needs besides the database.
type accounts struct {
	passwords   passwords
	nameKey     secret.Key // hashes names in sign_in_failure
	codeKey     secret.Key // hashes activation codes
	totpKey     secret.Key // seals the secrets of authenticator apps
	forms       secret.Tokens
	providerKey secret.Key // binds sign-ins by a provider to browsers, hashes its subjects, seals our key
}

func newAccounts(m secret.Master) accounts {
	return accounts{passwords: newPasswords(), nameKey: m.Derive("registry/sign-in-name"),
		codeKey: m.Derive("registry/activation-code"), totpKey: m.Derive("registry/totp"), forms: secret.NewTokens("f1", m.Derive("registry/form-token")), providerKey: m.Derive("registry/provider")}
}

// SignIn checks name and password and starts a session: the token is for the
// caller's cookie alone. An unknown name is refused in the same words, after the
// same work, and is locked in the same way. Errors: Unauthenticated
// "sign_in_refused" and Limited "sign_in_locked", both around a Refusal.
func (r *Registry) SignIn(ctx context.Context, username, password string) (token string, a Account, err error) {
	name := accountName(username)
	row, left, err := r.beginSignIn(ctx, name)
	if err != nil {
		return "", Account{}, err
	}
	ok, err := r.accounts.passwords.matches(ctx, row.Password, cut(password, MaxPassword+1))
	if err != nil {
		return "", Account{}, fmt.Errorf("check password: %w", err)
	}
	refused := fault.Wrap(fault.Unauthenticated, "sign_in_refused", "Name and password do not go together.", refusalAfter(left, r.now()))
	if !ok {
		return "", Account{}, refused
	}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		if err := r.stillThat(tx, row, refused); err != nil {
			return err
		}
		if err := errors.Join(clearTries(tx, r.tryName("sign-in", name)), dropTry(tx, row.note)); err != nil {
			return err
		}
		token, a, err = r.startSession(tx, row, ByPassphrase, now)
		return err
	})
	if err != nil {
		return "", Account{}, fmt.Errorf("sign in: %w", err)
	}
	return token, a, nil
}

// beginSignIn counts the try and reads the account; an unknown name gives the
// zero row.
func (r *Registry) beginSignIn(ctx context.Context, name string) (row accountRow, left int, err error) {
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		row = accountRow{}
		if left, err = countTry(tx, r.tryName("sign-in", name), now); err != nil {
			return err
		}
		if err := tx.Where("username = ? AND disabled_at IS NULL", name).Limit(1).Find(&row).Error; err != nil {
			return err
		}
		row.note, err = noteTry(tx, row.ID, ByPassphrase, left, now)
		return err
	})
	if err != nil {
		return accountRow{}, 0, fmt.Errorf("begin sign-in: %w", err)
	}
	return row, left, nil
}

// stillThat looks whether the account is as it was when its password was looked
// at, and holds it so: a password that is changed or an account that is disabled
// meanwhile starts no session. Error: changed.
func (r *Registry) stillThat(tx *gorm.DB, row accountRow, changed error) error {
	var id string
	res := tx.Raw("SELECT id FROM account WHERE id = ? AND password = ? AND disabled_at IS NULL"+r.db.Dialect.ForShare(), row.ID, row.Password).Scan(&id)
	if res.Error == nil && res.RowsAffected == 0 {
		return changed
	}
	return res.Error
}

// tryName is the key of sign_in_failure: what was tried, for which name.
func (r *Registry) tryName(what, name string) db.Bytes {
	return r.accounts.nameKey.MAC([]byte(what), []byte(name))
}

// accountName is the one form of what people type for the same name: a
// registration number as it is written, or else small letters without outer
// spaces. What no text may hold is nobody's name: the empty one.
func accountName(typed string) string {
	typed = strings.TrimSpace(cut(typed, 100))
	if checkText(typed) != nil {
		return ""
	}
	if number, ok := cleanNumber(typed); ok {
		return strings.ToLower(number)
	}
	return strings.ToLower(seal.Digits(typed))
}

// cut gives at most n characters of s, so that endless input costs nothing.
func cut(s string, n int) string {
	count := 0
	for i := range s {
		if count == n {
			return s[:i]
		}
		count++
	}
	return s
}
