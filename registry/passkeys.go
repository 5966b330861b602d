package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/passkey"
)

// MaxPasskeys is how many an account may have; the name of each has at most
// MaxPasskeyName characters.
const (
	MaxPasskeys    = 20
	MaxPasskeyName = 60
)

// Passkey is one of an account's, as its owner sees it.
type Passkey struct {
	ID       uuid.UUID
	Name     string
	MadeAt   time.Time
	UsedAt   time.Time // zero: never
	ClonedAt time.Time // there may be a copy of it, and it opens nothing any more; zero: no sign of one
}

type passkeyRow struct {
	ID           uuid.UUID `gorm:"column:id;primaryKey"`
	AccountID    uuid.UUID `gorm:"column:account_id"`
	CredentialID db.Bytes  `gorm:"column:credential_id"`
	Name         string    `gorm:"column:name"`
	Credential   string    `gorm:"column:credential"`
	MadeAt       db.Time   `gorm:"column:made_at"`
	UsedAt       *db.Time  `gorm:"column:used_at"`
	ClonedAt     *db.Time  `gorm:"column:cloned_at"`

	note uuid.UUID // of the try in the log of sign-ins
}

func (passkeyRow) TableName() string { return "passkey" }

func (row passkeyRow) toPasskey() Passkey {
	k := Passkey{ID: row.ID, Name: row.Name, MadeAt: row.MadeAt.Time}
	if row.UsedAt != nil {
		k.UsedAt = row.UsedAt.Time
	}
	if row.ClonedAt != nil {
		k.ClonedAt = row.ClonedAt.Time
	}
	return k
}

// PasskeysWork tells whether passkeys can be made for the name of this server.
func (r *Registry) PasskeysWork() bool { return r.passkeys != nil }

// Passkeys lists those of the actor's account, oldest first. Error: those of
// checkSigned.
func (r *Registry) Passkeys(ctx context.Context, a Actor) ([]Passkey, error) {
	if err := a.checkSigned(); err != nil {
		return nil, err
	}
	rows, err := r.passkeyRows(ctx, a.AccountID)
	if err != nil {
		return nil, err
	}
	out := make([]Passkey, len(rows))
	for i, row := range rows {
		out[i] = row.toPasskey()
	}
	return out, nil
}

func (r *Registry) passkeyRows(ctx context.Context, account uuid.UUID) (rows []passkeyRow, err error) {
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		return tx.Where("account_id = ?", account).Order("made_at, id").Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("list passkeys: %w", err)
	}
	return rows, nil
}

// BeginPasskey begins a new passkey of the actor's account. Errors: those of
// checkSigned, Conflict "too_many_passkeys", Invalid "no_passkeys_here".
func (r *Registry) BeginPasskey(ctx context.Context, a Actor) (Ceremony, error) {
	if err := r.checkPasskeys(a.checkSigned()); err != nil {
		return Ceremony{}, err
	}
	owner, err := r.passkeyOwner(ctx, a)
	if err != nil {
		return Ceremony{}, err
	}
	options, state, err := r.passkeys.BeginMaking(owner)
	if err != nil {
		return Ceremony{}, err
	}
	return r.keepChallenge(ctx, toMakePasskey, a.AccountID, options, state)
}

// passkeyOwner is the actor with the passkeys that are there, if there is room for
// another.
func (r *Registry) passkeyOwner(ctx context.Context, a Actor) (passkey.Owner, error) {
	rows, err := r.passkeyRows(ctx, a.AccountID)
	if err == nil && len(rows) >= MaxPasskeys {
		err = fault.New(fault.Conflict, "too_many_passkeys", "This account has 20 passkeys already. Remove one first.")
	}
	owner := passkey.Owner{Handle: a.AccountID[:], Name: a.name()}
	for _, row := range rows {
		owner.Keys = append(owner.Keys, []byte(row.Credential))
	}
	return owner, err
}

// AddPasskey ends what BeginPasskey began: answer is what the browser says. Errors:
// those of BeginPasskey, Invalid "bad_passkey_name", "passkey_late", "passkey_refused".
func (r *Registry) AddPasskey(ctx context.Context, a Actor, name, ticket, answer string) (Passkey, error) {
	if err := r.checkPasskeys(a.checkSigned()); err != nil {
		return Passkey{}, err
	}
	name, err := cleanPasskeyName(name)
	if err != nil {
		return Passkey{}, err
	}
	state, err := r.takeChallenge(ctx, toMakePasskey, a.AccountID, ticket)
	if err != nil {
		return Passkey{}, err
	}
	owner, err := r.passkeyOwner(ctx, a)
	if err != nil {
		return Passkey{}, err
	}
	key, err := r.passkeys.FinishMaking(owner, state, []byte(answer))
	if errors.Is(err, passkey.ErrRefused) {
		return Passkey{}, fault.Wrap(fault.Invalid, "passkey_not_made", "No passkey came of this. Try again.", err)
	}
	if err != nil {
		return Passkey{}, err
	}
	row := passkeyRow{ID: uuid.Must(uuid.NewV7()), AccountID: a.AccountID, CredentialID: key.ID, Name: name, Credential: string(key.Stored)}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		row.MadeAt = now
		err := tx.Create(&row).Error
		if r.db.Dialect.IsDuplicate(err) {
			return fault.Wrap(fault.Conflict, "passkey_there", "This passkey is there already.", err)
		}
		if err != nil {
			return err
		}
		return r.logSecurity(tx, a, "passkey added", now)
	})
	if err != nil {
		return Passkey{}, fmt.Errorf("add a passkey: %w", err)
	}
	return row.toPasskey(), nil
}

// RenamePasskey gives a passkey of the actor's account another name. Errors: those of
// checkSigned, Invalid "bad_passkey_name", NotFound "no_such_passkey".
func (r *Registry) RenamePasskey(ctx context.Context, a Actor, id uuid.UUID, name string) error {
	if err := a.checkSigned(); err != nil {
		return err
	}
	name, err := cleanPasskeyName(name)
	if err != nil {
		return err
	}
	return r.changePasskey(ctx, a, "passkey renamed", func(tx *gorm.DB) *gorm.DB {
		return tx.Exec("UPDATE passkey SET name = ? WHERE id = ? AND account_id = ?", name, id, a.AccountID)
	})
}

// RemovePasskey takes a passkey of the actor's account away: it opens nothing any more.
// Errors: those of checkSigned, NotFound "no_such_passkey".
func (r *Registry) RemovePasskey(ctx context.Context, a Actor, id uuid.UUID) error {
	if err := a.checkSigned(); err != nil {
		return err
	}
	return r.changePasskey(ctx, a, "passkey removed", func(tx *gorm.DB) *gorm.DB {
		return tx.Exec("DELETE FROM passkey WHERE id = ? AND account_id = ?", id, a.AccountID)
	})
}

func (r *Registry) changePasskey(ctx context.Context, a Actor, what string, change func(tx *gorm.DB) *gorm.DB) error {
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		res := change(tx)
		if res.Error == nil && res.RowsAffected == 0 {
			return fault.New(fault.NotFound, "no_such_passkey", "There is no such passkey.")
		}
		if res.Error != nil {
			return res.Error
		}
		return r.logSecurity(tx, a, what, now)
	})
	if err != nil {
		return fmt.Errorf("change a passkey: %w", err)
	}
	return nil
}

// checkPasskeys adds to an earlier check that there can be passkeys.
func (r *Registry) checkPasskeys(err error) error {
	if err == nil && r.passkeys == nil {
		return fault.New(fault.Invalid, "no_passkeys_here", "Passkeys need a server with a name of its own and https.")
	}
	return err
}

func cleanPasskeyName(name string) (string, error) {
	name = strings.TrimSpace(name)
	refuse := func(code, detail string) (string, error) {
		return "", fault.InvalidFields("bad_passkey_name", "Give the passkey another name.", []fault.Field{{Name: "name", Code: code, Detail: detail}})
	}
	if name == "" {
		return refuse("required", "Say which passkey this is.")
	}
	if utf8.RuneCountInString(name) > MaxPasskeyName {
		m := tooLong(MaxPasskeyName)
		return refuse(m.code, m.words)
	}
	if m := checkText(name); m != nil {
		return refuse(m.code, m.words)
	}
	return name, nil
}
