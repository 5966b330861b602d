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

// Need is what a session that began still needs before it is good for anything.
type Need string

// The needs.
const (
	NeedsNothing Need = ""
	NeedsTOTP    Need = "totp"  // a code of the authenticator app
	NeedsEnrol   Need = "enrol" // an authenticator app, which the account has to have
)

// halfLife is how long a session may stay half-way.
const halfLife = 10 * time.Minute

func lifeOf(n Need) time.Duration {
	if n == NeedsNothing {
		return SessionMax
	}
	return halfLife
}

// needs says what is asked for after the first proof. A passkey is two in one: the
// device, and what unlocks it.
func (r *Registry) needs(tx *gorm.DB, account accountRow, method Method) (Need, error) {
	if account.RegistrantID != nil || method == ByPasskey {
		return NeedsNothing, nil
	}
	has, err := hasTOTP(tx, account.ID)
	switch {
	case err != nil:
		return "", err
	case has:
		return NeedsTOTP, nil
	case r.needTOTP:
		return NeedsEnrol, nil
	}
	return NeedsNothing, nil
}

// Halfway gives the account of a session that still needs something: its Needs say
// what. Error: Unauthenticated "session_ended" when there is no such session, or it
// needs nothing.
func (r *Registry) Halfway(ctx context.Context, token string) (a Account, err error) {
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		s, row, err := r.readHalfway(tx, token, db.TimeOf(r.now()))
		a = row.toAccount()
		a.Needs = s.Needs
		return err
	})
	if err != nil {
		return Account{}, fmt.Errorf("read a session that is half-way: %w", err)
	}
	return a, nil
}

func (r *Registry) readHalfway(tx *gorm.DB, token string, now db.Time) (s sessionRow, a accountRow, err error) {
	if err := first(tx.Where("id_hash = ? AND needs <> '' AND expires_at > ?", sessionHash(token), now), &s, errSession()); err != nil {
		return s, a, err
	}
	return s, a, first(tx.Where("id = ? AND disabled_at IS NULL", s.AccountID), &a, errSession())
}

// FinishSignIn takes the code of the authenticator app, or a recovery code, for a
// session that needs it. The session goes on under another token. Errors:
// Unauthenticated "code_refused" around a Refusal, "session_ended"; Limited
// "sign_in_locked".
func (r *Registry) FinishSignIn(ctx context.Context, half, typed string) (token string, a Account, err error) {
	var refused error
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		s, row, err := r.readHalfway(tx, half, now)
		if err == nil && s.Needs != NeedsTOTP {
			err = errSession()
		}
		if err != nil {
			return err
		}
		if refused, err = r.tryAppCode(tx, row.ID, typed, now); err != nil {
			return err
		}
		if refused != nil {
			return noteApp(tx, row.ID, refused, now)
		}
		token, a, err = r.goOn(tx, s, row, now)
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return "", Account{}, fmt.Errorf("finish signing in: %w", err)
	}
	return token, a, nil
}

// FinishEnrol ends the enrolment that a session needs, and gives the recovery codes,
// once. The session goes on under another token. Errors: those of ConfirmTOTP and
// Unauthenticated "session_ended".
func (r *Registry) FinishEnrol(ctx context.Context, half, offer, typed string) (token string, codes []string, err error) {
	var refused error
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		s, row, err := r.readHalfway(tx, half, now)
		if err == nil && s.Needs != NeedsEnrol {
			err = errSession()
		}
		if err != nil {
			return err
		}
		who := Actor{AccountID: row.ID, Name: row.Username, Channel: ChannelStaff, Roles: row.toAccount().Roles}
		if codes, refused, err = r.addTOTP(tx, who, offer, typed, now); err != nil || refused != nil {
			return err
		}
		token, _, err = r.goOn(tx, s, row, now)
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return "", nil, fmt.Errorf("finish signing in: %w", err)
	}
	return token, codes, nil
}

// goOn puts a whole session in the place of one that was half-way.
func (r *Registry) goOn(tx *gorm.DB, s sessionRow, row accountRow, now db.Time) (string, Account, error) {
	if err := tx.Where("id_hash = ?", s.IDHash).Delete(&sessionRow{}).Error; err != nil {
		return "", Account{}, fmt.Errorf("end a session: %w", err)
	}
	if err := noteSession(tx, row.ID, ByApp, NeedsNothing, now); err != nil {
		return "", Account{}, err
	}
	token, err := openSession(tx, row.ID, s.Method, NeedsNothing, now)
	return token, row.toAccount(), err
}

// tryAppCode counts a try and looks whether the code does: of the app, or a recovery
// code. refused is for the caller to give after the transaction is committed.
func (r *Registry) tryAppCode(tx *gorm.DB, account uuid.UUID, typed string, now db.Time) (refused, err error) {
	try := r.tryName("totp", account.String())
	left, err := countTry(tx, try, now)
	if err != nil {
		return nil, err
	}
	var ok bool
	if code := codeDigits(typed); len(code) == totpDigits && strings.Trim(code, "0123456789") == "" {
		ok, err = r.useStep(tx, account, code, now)
	} else {
		ok, err = r.useRecovery(tx, account, typed, now)
	}
	if err != nil {
		return nil, err
	}
	if !ok {
		return errAppCode(refusalAfter(left, now.Time)), nil
	}
	return nil, clearTries(tx, try)
}

func errAppCode(r *Refusal) error {
	return fault.Wrap(fault.Unauthenticated, "code_refused", "This code is not right, or was used already.", r)
}
