package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/secret"
	"socialregistry/registry/seal"
)

// An activation code has ActivationDigits digits and is over after
// ActivationLife. Guessing at one number for all that time, as fast as the lock
// allows, finds its code with a chance of 1 in 14,000.
const (
	ActivationDigits = 8
	ActivationLife   = 14 * 24 * time.Hour
)

// ActivationReason is the reason in the change log when a code is handed out.
const ActivationReason = "activation code handed out"

type activationRow struct {
	RegistrantID uuid.UUID `gorm:"column:registrant_id;primaryKey"`
	Seq          int       `gorm:"column:seq;primaryKey;autoIncrement:false"`
	CodeHash     db.Bytes  `gorm:"column:code_hash"`
	MadeBy       string    `gorm:"column:made_by"`
	MadeAt       db.Time   `gorm:"column:made_at"`
	ExpiresAt    db.Time   `gorm:"column:expires_at"`
	UsedAt       *db.Time  `gorm:"column:used_at"`
}

func (activationRow) TableName() string { return "activation" }

// NewActivationCode makes the code that the office hands to a person, with which
// the person chooses a passphrase: a first one, or a new one when it is
// forgotten. The code is given here once and stored only as a keyed hash; an
// older code of the person is dead from now on. It stands in the change log.
// Errors: Forbidden, NotFound.
func (r *Registry) NewActivationCode(ctx context.Context, actor Actor, id uuid.UUID) (code string, expires time.Time, err error) {
	if err := actor.checkOn(toHandOutCode, id); err != nil {
		return "", time.Time{}, err
	}
	digits := secret.RandomDigits(ActivationDigits)
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		if err := r.logHandOut(tx, actor, id, now); err != nil {
			return err
		}
		var last int
		if err := tx.Raw("SELECT coalesce(max(seq), 0) FROM activation WHERE registrant_id = ?", id).Scan(&last).Error; err != nil {
			return err
		}
		expires = now.Add(ActivationLife)
		return tx.Create(&activationRow{RegistrantID: id, Seq: last + 1, CodeHash: r.codeHash(id, digits),
			MadeBy: actor.name(), MadeAt: now, ExpiresAt: db.TimeOf(expires)}).Error
	})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("make activation code: %w", err)
	}
	return digits[:4] + " " + digits[4:], expires, nil
}

// Activated tells whether a person has an account, so that a code would set a new
// passphrase and not a first one. Error: Forbidden.
func (r *Registry) Activated(ctx context.Context, actor Actor, id uuid.UUID) (bool, error) {
	if err := actor.check(toHandOutCode); err != nil {
		return false, err
	}
	var n int64
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		return tx.Model(&accountRow{}).Where("registrant_id = ?", id).Count(&n).Error
	})
	if err != nil {
		return false, fmt.Errorf("look for the account of a person: %w", err)
	}
	return n > 0, nil
}

// logHandOut writes into the person's change log that a code was handed out. No
// value changes, so that no version is made.
func (r *Registry) logHandOut(tx *gorm.DB, actor Actor, id uuid.UUID, now db.Time) error {
	b, err := r.loadBuilder(tx, actor, ActivationReason, now)
	if err != nil {
		return err
	}
	rec, err := r.load(tx, actor.to(toHandOutCode), id, r.db.Dialect.ForUpdate())
	if err != nil {
		return err
	}
	return r.note(tx, b, &rec)
}

// Activate takes registration number and code and sets the passphrase of the
// person's account, which is opened if there is none. Older sessions of the
// account end; a new one begins. A wrong code, an unknown number and an open
// lock are told as in SignIn; whoever has the right code is told why it no
// longer works. Only the right code is worth the work of hashing a passphrase,
// so that guessing does not hold up those who sign in. Errors: Invalid
// "password_refused", Unauthenticated "activation_refused", Limited
// "sign_in_locked", Gone "activation_code_used", "activation_code_expired".
func (r *Registry) Activate(ctx context.Context, number, code, passphrase string) (token string, a Account, err error) {
	name, digits := accountName(number), codeDigits(code)
	if err := acceptPassword("passphrase", cut(passphrase, MaxPassword+1), name, digits); err != nil {
		return "", Account{}, err
	}
	if err := r.tryCode(ctx, name, digits); err != nil {
		return "", Account{}, fmt.Errorf("activate account: %w", err)
	}
	phc, err := r.accounts.passwords.hash(ctx, passphrase)
	if err != nil {
		return "", Account{}, err
	}
	var row accountRow
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		id, err := r.useCode(tx, name, digits, now)
		if err != nil {
			return err
		}
		if row, err = r.setPassphrase(tx, id, name, phc, now); err != nil {
			return err
		}
		token, a, err = r.startSession(tx, row, ByActivation, now)
		return err
	})
	if err != nil {
		return "", Account{}, fmt.Errorf("activate account: %w", err)
	}
	return token, a, nil
}

// tryCode counts the try and tells whether the code would do. The lock after
// wrong tries is one of time: a code is not used up by them, for anybody can
// make them who knows a number.
func (r *Registry) tryCode(ctx context.Context, name, digits string) error {
	var refused error
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		refused = nil
		left, err := countTry(tx, r.tryName("activate", name), now)
		if err != nil {
			return err
		}
		row, err := r.newestCode(tx, name, "")
		if err == nil {
			refused = r.refuseCode(row, digits, left, now) // the try is committed and counts
		}
		return err
	})
	return errors.Join(err, refused)
}

// useCode uses up the newest code of the person with that number, which may have
// been used or replaced since tryCode, and forgets the tries.
func (r *Registry) useCode(tx *gorm.DB, name, digits string, now db.Time) (uuid.UUID, error) {
	row, err := r.newestCode(tx, name, r.db.Dialect.ForUpdate())
	if err != nil {
		return uuid.Nil, err
	}
	if refused := r.refuseCode(row, digits, 0, now); refused != nil {
		return uuid.Nil, refused
	}
	res := tx.Exec("UPDATE activation SET used_at = ? WHERE registrant_id = ? AND seq = ? AND used_at IS NULL", now, row.RegistrantID, row.Seq)
	if res.Error == nil && res.RowsAffected != 1 {
		return uuid.Nil, errors.New("activation code was used meanwhile")
	}
	return row.RegistrantID, errors.Join(res.Error, clearTries(tx, r.tryName("activate", name)), clearTries(tx, r.tryName("sign-in", name)))
}

// newestCode reads the code that counts; the zero row if there is none.
func (r *Registry) newestCode(tx *gorm.DB, name, lock string) (row activationRow, err error) {
	err = tx.Raw("SELECT a.* FROM activation a JOIN registrant r ON r.id = a.registrant_id WHERE r.number = ?"+
		" ORDER BY a.seq DESC LIMIT 1"+lock, strings.ToUpper(name)).Scan(&row).Error
	if err != nil {
		return row, fmt.Errorf("read activation code: %w", err)
	}
	return row, nil
}

// refuseCode says why the typed digits do not do; nil if they do. Only who typed
// the right ones learns more than that they are wrong.
func (r *Registry) refuseCode(row activationRow, digits string, left int, now db.Time) error {
	switch {
	case !secret.Equal(string(row.CodeHash), string(r.codeHash(row.RegistrantID, digits))):
		return fault.Wrap(fault.Unauthenticated, "activation_refused", "Number and code do not go together.", refusalAfter(left, now.Time))
	case row.UsedAt != nil:
		return fault.New(fault.Gone, "activation_code_used", "This code has been used. Sign in with your passphrase, or ask the office for a new code.")
	case !now.Before(row.ExpiresAt.Time):
		return fault.New(fault.Gone, "activation_code_expired", "This code is too old. Ask the office for a new one.")
	}
	return nil
}

// setPassphrase opens the account of a registrant, or gives it a new passphrase
// and ends its sessions and tokens.
func (r *Registry) setPassphrase(tx *gorm.DB, registrant uuid.UUID, name, phc string, now db.Time) (accountRow, error) {
	row := accountRow{ID: uuid.Must(uuid.NewV7()), Username: name, Roles: string(RoleRegistrant), RegistrantID: &registrant,
		Password: phc, CreatedBy: "activation", CreatedAt: now, PasswordAt: now}
	res := tx.Exec("UPDATE account SET password = ?, password_at = ? WHERE registrant_id = ?", phc, now, registrant)
	if res.Error != nil {
		return accountRow{}, fmt.Errorf("set passphrase: %w", res.Error)
	}
	if res.RowsAffected == 0 {
		return row, tx.Create(&row).Error
	}
	row = accountRow{}
	if err := tx.Where("registrant_id = ?", registrant).Take(&row).Error; err != nil {
		return accountRow{}, fmt.Errorf("read account: %w", err)
	}
	owner := Actor{AccountID: row.ID, Name: row.toAccount().Username, Roles: []Role{RoleRegistrant}, RegistrantID: registrant}
	return row, r.endAccess(tx, owner, row.ID, passwordChanged, now)
}

// codeHash binds a code to its person.
func (r *Registry) codeHash(id uuid.UUID, digits string) db.Bytes {
	return r.accounts.codeKey.MAC(id[:], []byte(digits))
}

// codeDigits is the one form of a typed code: whatever stands between its
// digits, and in whichever script they are.
func codeDigits(typed string) string { return seal.Normalise(cut(typed, 40)) }
