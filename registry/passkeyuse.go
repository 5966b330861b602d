package registry

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/secret"
	"socialregistry/registry/passkey"
)

// challengeLife is how long somebody may take to find the device with the passkey.
const challengeLife = 5 * time.Minute

// What a challenge is for: no other ceremony takes it.
const (
	toMakePasskey   = "make"
	toSignIn        = "sign-in"
	toProveIdentity = "prove"
)

// Ceremony is what a browser needs to make or use a passkey.
type Ceremony struct {
	Options []byte // JSON of PublicKeyCredentialCreationOptions, or of those to ask for one
	Ticket  string // comes back with the answer
}

type challengeRow struct {
	TicketHash db.Bytes   `gorm:"column:ticket_hash;primaryKey"`
	Purpose    string     `gorm:"column:purpose"`
	AccountID  *uuid.UUID `gorm:"column:account_id"`
	State      string     `gorm:"column:state"`
	ExpiresAt  db.Time    `gorm:"column:expires_at"`
}

func (challengeRow) TableName() string { return "passkey_challenge" }

func (r *Registry) keepChallenge(ctx context.Context, purpose string, account uuid.UUID, options, state []byte) (Ceremony, error) {
	ticket := secret.RandomID(32)
	row := challengeRow{TicketHash: sessionHash(ticket), Purpose: purpose, State: string(state)}
	if account != uuid.Nil {
		row.AccountID = &account
	}
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		if err := tx.Exec("DELETE FROM passkey_challenge WHERE expires_at <= ?", now).Error; err != nil {
			return err
		}
		row.ExpiresAt = db.TimeOf(now.Add(challengeLife))
		return tx.Create(&row).Error
	})
	if err != nil {
		return Ceremony{}, fmt.Errorf("keep a challenge: %w", err)
	}
	return Ceremony{Options: options, Ticket: ticket}, nil
}

// takeChallenge uses a challenge up, whatever comes of it. Error: Invalid
// "passkey_late" when it is not there, or not for this.
func (r *Registry) takeChallenge(ctx context.Context, purpose string, account uuid.UUID, ticket string) ([]byte, error) {
	var row challengeRow
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		row = challengeRow{}
		return tx.Raw("DELETE FROM passkey_challenge WHERE ticket_hash = ? RETURNING *", sessionHash(ticket)).Scan(&row).Error
	})
	if err != nil {
		return nil, fmt.Errorf("take a challenge: %w", err)
	}
	whose := uuid.Nil
	if row.AccountID != nil {
		whose = *row.AccountID
	}
	if row.Purpose != purpose || whose != account || !r.now().Before(row.ExpiresAt.Time) {
		return nil, fault.New(fault.Invalid, "passkey_late", "This took too long. Try again.")
	}
	return []byte(row.State), nil
}

// BeginPasskeySignIn asks for a passkey of whoever has one here. Error: Invalid
// "no_passkeys_here".
func (r *Registry) BeginPasskeySignIn(ctx context.Context) (Ceremony, error) {
	return r.askPasskey(ctx, toSignIn, uuid.Nil)
}

func (r *Registry) askPasskey(ctx context.Context, purpose string, account uuid.UUID) (Ceremony, error) {
	if err := r.checkPasskeys(nil); err != nil {
		return Ceremony{}, err
	}
	options, state, err := r.passkeys.BeginProof()
	if err != nil {
		return Ceremony{}, err
	}
	return r.keepChallenge(ctx, purpose, account, options, state)
}

// SignInWithPasskey ends what BeginPasskeySignIn began, and starts a session. Errors:
// Unauthenticated "passkey_refused" around a Refusal, "passkey_cloned"; Limited
// "sign_in_locked"; Invalid "passkey_late", "no_passkeys_here".
func (r *Registry) SignInWithPasskey(ctx context.Context, ticket, answer string) (token string, a Account, err error) {
	err = r.provePasskey(ctx, toSignIn, uuid.Nil, ticket, answer, func(tx *gorm.DB, row accountRow, now db.Time) error {
		token, a, err = r.startSession(tx, row, ByPasskey, now)
		return err
	})
	if err != nil {
		return "", Account{}, fmt.Errorf("sign in with a passkey: %w", err)
	}
	return token, a, nil
}

// provePasskey checks the answer to a challenge, and runs then in the transaction that
// keeps the counter. An answer that is not right counts as a try of its passkey.
func (r *Registry) provePasskey(ctx context.Context, purpose string, account uuid.UUID, ticket, answer string, then func(tx *gorm.DB, row accountRow, now db.Time) error) error {
	if err := r.checkPasskeys(nil); err != nil {
		return err
	}
	state, err := r.takeChallenge(ctx, purpose, account, ticket)
	if err != nil {
		return err
	}
	id, err := passkey.KeyID([]byte(answer))
	if err != nil {
		return fault.Wrap(fault.Unauthenticated, "passkey_refused", "This passkey does not open an account here.", err)
	}
	try := r.passkeyTry(id)
	row, left, err := r.beginProof(ctx, try, id, account)
	if err != nil {
		return err
	}
	refused := fault.Wrap(fault.Unauthenticated, "passkey_refused", "This passkey does not open an account here.", refusalAfter(left, r.now()))
	if row.ID == uuid.Nil {
		return refused
	}
	key, err := r.passkeys.FinishProof(passkey.Owner{Handle: row.AccountID[:], Keys: [][]byte{[]byte(row.Credential)}}, state, []byte(answer))
	switch {
	case errors.Is(err, passkey.ErrRefused):
		return refused
	case err != nil:
		return err
	case key.Cloned || row.ClonedAt != nil:
		return r.markCloned(ctx, row)
	}
	return r.usePasskey(ctx, try, row, key, refused, then)
}

// passkeyTry is by what the tries of a passkey are counted.
func (r *Registry) passkeyTry(id []byte) db.Bytes {
	return r.tryName("passkey", base64.RawURLEncoding.EncodeToString(id))
}

// beginProof counts the try and reads the passkey of an account that is open; uuid.Nil
// stands for any account. An unknown one gives the zero row.
func (r *Registry) beginProof(ctx context.Context, try db.Bytes, id []byte, account uuid.UUID) (row passkeyRow, left int, err error) {
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		row = passkeyRow{}
		if left, err = countTry(tx, try, now); err != nil {
			return err
		}
		err := tx.Raw("SELECT p.* FROM passkey p JOIN account a ON a.id = p.account_id WHERE p.credential_id = ? AND a.disabled_at IS NULL", id).Scan(&row).Error
		if err != nil || account != uuid.Nil { // who is signed in already only proves it anew
			return err
		}
		row.note, err = noteTry(tx, row.AccountID, ByPasskey, left, now)
		return err
	})
	if err != nil {
		return passkeyRow{}, 0, fmt.Errorf("begin with a passkey: %w", err)
	}
	if account != uuid.Nil && row.AccountID != account {
		row = passkeyRow{}
	}
	return row, left, nil
}

// usePasskey keeps the counter. A passkey that was used or removed meanwhile, or whose
// account was closed, is refused.
func (r *Registry) usePasskey(ctx context.Context, try db.Bytes, row passkeyRow, key passkey.Key, refused error, then func(tx *gorm.DB, row accountRow, now db.Time) error) error {
	return r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		var account accountRow
		found := tx.Raw("SELECT * FROM account WHERE id = ? AND disabled_at IS NULL"+r.db.Dialect.ForShare(), row.AccountID).Scan(&account)
		if found.Error == nil && found.RowsAffected == 0 {
			return refused
		}
		if found.Error != nil {
			return found.Error
		}
		kept := tx.Exec("UPDATE passkey SET credential = ?, used_at = ? WHERE id = ? AND credential = ?", string(key.Stored), now, row.ID, row.Credential)
		if kept.Error == nil && kept.RowsAffected == 0 {
			return refused
		}
		if kept.Error != nil {
			return kept.Error
		}
		if err := errors.Join(clearTries(tx, try), dropTry(tx, row.note)); err != nil {
			return err
		}
		return then(tx, account, now)
	})
}

// markCloned closes a passkey whose counter did not grow: somebody may have a copy.
func (r *Registry) markCloned(ctx context.Context, row passkeyRow) error {
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		return tx.Exec("UPDATE passkey SET cloned_at = coalesce(cloned_at, ?) WHERE id = ?", now, row.ID).Error
	})
	if err != nil {
		return fmt.Errorf("close a passkey: %w", err)
	}
	return fault.New(fault.Unauthenticated, "passkey_cloned", "There may be a copy of this passkey: it is closed. Sign in another way, and remove it.")
}
