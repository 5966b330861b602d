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
)

// A code to sign in with has SignInCodeDigits digits, is good for SignInCodeLife and
// once; MaxFailures wrong tries close the way for LockFor. Nobody is sent another
// within SignInCodeAgain.
//
// Anybody who knows a number may ask, and messages cost money and sleep: after
// SignInCodesADay within a day another goes only after SignInCodeSlow, which makes at
// most 29 a day. Each is good until the next may go: whoever asks to keep the owner out
// sends the owner the codes that let them in.
const (
	SignInCodeDigits = 6
	SignInCodeLife   = 10 * time.Minute
	SignInCodeAgain  = time.Minute
	SignInCodesADay  = 5
	SignInCodeSlow   = time.Hour
)

// SignInCode is a code on its way to a person; RegistrantID is zero if it is sent to
// nobody.
type SignInCode struct {
	RegistrantID uuid.UUID
	Code         string
	ExpiresAt    time.Time
}

type signInCodeRow struct {
	RegistrantID uuid.UUID `gorm:"column:registrant_id;primaryKey"`
	CodeHash     db.Bytes  `gorm:"column:code_hash"`
	MadeAt       db.Time   `gorm:"column:made_at"`
	ExpiresAt    db.Time   `gorm:"column:expires_at"`
}

func (signInCodeRow) TableName() string { return "sign_in_code" }

// NewSignInCode makes the code that is sent to the person with a registration number,
// who has an account. A SignInCode without RegistrantID says that nothing is to be sent:
// nobody has the number, or a code was made lately. Whoever asked must be told the same
// in all cases, and the work is the same in all, so that its time tells nothing. Error:
// Limited "sign_in_locked" after MaxFailures requests for one number, whether anybody
// has it or not.
func (r *Registry) NewSignInCode(ctx context.Context, number string) (SignInCode, error) {
	name, digits := accountName(number), secret.RandomDigits(SignInCodeDigits)
	var out SignInCode
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		if _, err := countTry(tx, r.tryName("send-code", name), now); err != nil {
			return err
		}
		person, last, err := codeOf(tx, name)
		if err != nil {
			return err
		}
		again, life, err := r.codePace(tx, name, now)
		if err != nil {
			return err
		}
		if now.Sub(last.MadeAt.Time) < again {
			person = uuid.Nil
		}
		out = SignInCode{RegistrantID: person, Code: digits, ExpiresAt: now.Add(life)}
		err = tx.Exec("INSERT INTO sign_in_code (registrant_id, code_hash, made_at, expires_at) SELECT id, ?, ?, ? FROM registrant WHERE id = ?"+
			" ON CONFLICT (registrant_id) DO UPDATE SET code_hash = excluded.code_hash, made_at = excluded.made_at, expires_at = excluded.expires_at",
			r.signInCodeHash(person, digits), now, db.TimeOf(out.ExpiresAt), person).Error
		return errors.Join(err, r.countCode(tx, name, person, now))
	})
	if err != nil {
		return SignInCode{}, fmt.Errorf("make a code to sign in with: %w", err)
	}
	return out, nil
}

// codePace says how long after a code another may go, and for how long that is good.
func (r *Registry) codePace(tx *gorm.DB, name string, now db.Time) (again, life time.Duration, err error) {
	var sent []int
	err = tx.Raw("SELECT failures FROM sign_in_failure WHERE name_hash = ? AND last_at > ?", r.tryName(codesOfDay, name), db.TimeOf(now.Add(-codeDay))).Scan(&sent).Error
	if len(sent) > 0 && sent[0] >= SignInCodesADay {
		return SignInCodeSlow, SignInCodeSlow, err
	}
	return SignInCodeAgain, SignInCodeLife, err
}

// The codes that were sent to a person are counted beside the tries, in a row whose time
// is that of the first one of a day.
const (
	codesOfDay = "codes-of-day"
	codeDay    = 24 * time.Hour
)

// countCode counts one more code that is sent to a person; none for nobody.
func (r *Registry) countCode(tx *gorm.DB, name string, person uuid.UUID, now db.Time) error {
	day := db.TimeOf(now.Add(-codeDay))
	return tx.Exec("INSERT INTO sign_in_failure AS f (name_hash, failures, last_at) SELECT ?, 1, ? FROM registrant WHERE id = ?"+
		" ON CONFLICT (name_hash) DO UPDATE SET failures = CASE WHEN f.last_at <= ? THEN 1 ELSE f.failures + 1 END,"+
		" last_at = CASE WHEN f.last_at <= ? THEN excluded.last_at ELSE f.last_at END", r.tryName(codesOfDay, name), now, person, day, day).Error
}

// codeOf reads the active person with an account and the newest code; zero: there is
// none. It reads as much for a number that nobody has.
func codeOf(tx *gorm.DB, name string) (person uuid.UUID, row signInCodeRow, err error) {
	var ids []uuid.UUID
	err = tx.Raw("SELECT p.id FROM registrant p JOIN account a ON a.registrant_id = p.id WHERE p.number = ? AND p.kind = ? AND p.status = ? AND a.disabled_at IS NULL",
		strings.ToUpper(name), PersonKind, statusActive).Scan(&ids).Error
	if err != nil {
		return uuid.Nil, row, err
	}
	if len(ids) > 0 {
		person = ids[0]
	}
	err = tx.Where("registrant_id = ?", person).Limit(1).Find(&row).Error
	return person, row, err
}

// SignInByCode starts a session for the person with a number who was sent a code. A
// wrong code and an unknown number are told alike. Errors: Unauthenticated
// "sign_in_code_refused" and Limited "sign_in_locked", both around a Refusal; Gone
// "sign_in_code_expired" to who has the right one.
func (r *Registry) SignInByCode(ctx context.Context, number, code string) (token string, a Account, err error) {
	name, digits := accountName(number), codeDigits(code)
	var refused error
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		refused = nil
		left, err := countTry(tx, r.tryName("code", name), now)
		if err != nil {
			return err
		}
		person, row, err := codeOf(tx, name)
		if err != nil {
			return err
		}
		if refused = r.refuseSignInCode(row, person, digits, left, now); refused != nil {
			return nil // the try is committed and counts
		}
		used := tx.Exec("DELETE FROM sign_in_code WHERE registrant_id = ? AND code_hash = ?", person, row.CodeHash)
		if used.Error == nil && used.RowsAffected != 1 {
			return errors.New("a code was used meanwhile")
		}
		var account accountRow
		err = errors.Join(used.Error, clearTries(tx, r.tryName("code", name)), clearTries(tx, r.tryName("send-code", name)),
			tx.Where("registrant_id = ? AND disabled_at IS NULL", person).Take(&account).Error)
		if err != nil {
			return err
		}
		token, a, err = r.startSession(tx, account, ByCode, now)
		return err
	})
	if err = errors.Join(err, refused); err != nil {
		return "", Account{}, fmt.Errorf("sign in by a code: %w", err)
	}
	return token, a, nil
}

// refuseSignInCode says why typed digits do not do; nil if they do.
func (r *Registry) refuseSignInCode(row signInCodeRow, person uuid.UUID, digits string, left int, now db.Time) error {
	switch {
	case !secret.Equal(string(row.CodeHash), string(r.signInCodeHash(person, digits))):
		return fault.Wrap(fault.Unauthenticated, "sign_in_code_refused", "Number and code do not go together.", refusalAfter(left, now.Time))
	case !now.Before(row.ExpiresAt.Time):
		return fault.New(fault.Gone, "sign_in_code_expired", "This code is too old. Ask for a new one.")
	}
	return nil
}

// signInCodeHash binds a code to its person, and to what it is for.
func (r *Registry) signInCodeHash(id uuid.UUID, digits string) db.Bytes {
	return r.accounts.codeKey.MAC([]byte("sign-in"), id[:], []byte(digits))
}
