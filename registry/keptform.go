package registry

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// keptLife is how long a form waits for its sender to sign in again.
const keptLife = 2 * time.Hour

// keptMost is how many forms wait for one account.
const keptMost = 5

// keptAttempt marks the rows of idempotency_key that hold a form: a claim begins at 1.
const keptAttempt = 0

// KeptForm is a form that was sent when the session of its sender was over. It waits for
// the account that had it open, and for nobody else.
type KeptForm struct {
	Action string     `json:"action"` // where it was sent to
	Values url.Values `json:"values"` // what was typed
	Files  []string   `json:"files"`  // names of the files that came with it, which are not kept
	Parts  bool       `json:"parts"`  // it was sent as multipart/form-data
	Record string     `json:"record"` // that was open
}

// FormIsOurs tells whether a token is of a form that this registry gave out, to whomever,
// and that is not over.
func (r *Registry) FormIsOurs(token string) bool {
	var claims formClaims
	return r.accounts.forms.Open("form", token, r.now(), &claims) == nil
}

// KeepForm keeps a form, sealed, for the account that its token was given to, and gives
// the name by which KeptForm finds it: the same for the same token. Error: Invalid
// "form_expired" for a token that is over or none of ours.
func (r *Registry) KeepForm(ctx context.Context, token string, f KeptForm) (name string, err error) {
	var claims formClaims
	if err := r.accounts.forms.Open("form", token, r.now(), &claims); err != nil {
		return "", fault.Wrap(fault.Invalid, "form_expired", "This form was open for too long. Open it again.", err)
	}
	account, err := uuid.Parse(claims.Account)
	if err != nil {
		return "", fmt.Errorf("keep a form: %w", err)
	}
	f.Record = claims.Record
	plain, err := json.Marshal(f)
	if err != nil {
		return "", fmt.Errorf("keep a form: %w", err)
	}
	name = base64.RawURLEncoding.EncodeToString(r.answers.MAC([]byte("kept form"), []byte(token)))
	row := r.keptRow(account, name)
	row.Answer = r.answers.Seal(plain, row.place())
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		if _, err := forgetAnswers(tx, now); err != nil {
			return err
		}
		err := tx.Exec(`DELETE FROM idempotency_key WHERE account_id = ? AND attempt = ? AND key_hash NOT IN
			(SELECT key_hash FROM idempotency_key WHERE account_id = ? AND attempt = ? AND key_hash <> ? ORDER BY started_at DESC, key_hash LIMIT ?)`,
			account, keptAttempt, account, keptAttempt, row.KeyHash, keptMost-1).Error
		if err != nil {
			return err
		}
		row.StartedAt = now
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	})
	if err != nil {
		return "", fmt.Errorf("keep a form: %w", err)
	}
	return name, nil
}

// KeptForm gives a form that waits for the actor. Errors: NotFound "no_such_form" when
// none of this name does, or no longer; Conflict "form_other_record" while another record
// is open than the one that it was about.
func (r *Registry) KeptForm(ctx context.Context, a Actor, name string) (f KeptForm, err error) {
	row := r.keptRow(a.AccountID, name)
	missing := fault.New(fault.NotFound, "no_such_form", "There is no such form.")
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		return first(tx.Where("account_id = ? AND key_hash = ? AND attempt = ? AND started_at > ?", row.AccountID, row.KeyHash, keptAttempt, db.TimeOf(r.now().Add(-keptLife))), &row, missing)
	})
	if err != nil {
		return f, fmt.Errorf("read a kept form: %w", err)
	}
	plain, err := r.answers.Open(row.Answer, row.place())
	if err == nil {
		err = json.Unmarshal(plain, &f)
	}
	if err != nil {
		return f, fmt.Errorf("read a kept form: %w", err)
	}
	if f.Record != recordOfForm(a) {
		return KeptForm{}, errOtherRecord()
	}
	return f, nil
}

// DropKeptForm forgets a form that waits for the actor. That there is none is no error.
func (r *Registry) DropKeptForm(ctx context.Context, a Actor, name string) error {
	row := r.keptRow(a.AccountID, name)
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error {
		return tx.Exec("DELETE FROM idempotency_key WHERE account_id = ? AND key_hash = ? AND attempt = ?", row.AccountID, row.KeyHash, keptAttempt).Error
	})
	if err != nil {
		return fmt.Errorf("forget a kept form: %w", err)
	}
	return nil
}

// keptRow is where a form is kept: beside the answers, which are sealed and forgotten
// like it. A key of theirs never is one of ours.
func (r *Registry) keptRow(account uuid.UUID, name string) claimRow {
	hash := r.answers.MAC([]byte("kept form"), []byte("row"), []byte(name))
	return claimRow{AccountID: account, KeyHash: hash, Request: hash, Attempt: keptAttempt}
}

// Why a form is shown once more instead of being carried out: codes of UseForm.
const (
	FormWasKept   = "form_kept"   // its sender was signed out in between
	FormHadSecret = "form_secret" // what is secret in it is not kept while a proof is asked for
)

// againClaims is inside a token that only shows a form once more.
type againClaims struct {
	formClaims
	Why string `json:"w"`
}

// AgainForm gives a token with which a form is refused by UseForm, and so shown once more
// with all that was typed: its sender looks through it before anything happens.
func (r *Registry) AgainForm(actor Actor, why string) (string, error) {
	token, err := r.accounts.forms.Seal("form_again", againClaims{formClaims{actor.AccountID.String(), recordOfForm(actor)}, why}, r.now().Add(formLife))
	if err != nil {
		return "", fmt.Errorf("make form token: %w", err)
	}
	return token, nil
}

// openForm reads the token of a form that was sent. Errors: see UseForm.
func (r *Registry) openForm(token string) (formClaims, error) {
	var claims formClaims
	err := r.accounts.forms.Open("form", token, r.now(), &claims)
	if err == nil {
		return claims, nil
	}
	var again againClaims
	if r.accounts.forms.Open("form_again", token, r.now(), &again) == nil {
		if again.Why == FormHadSecret {
			return claims, fault.New(fault.Invalid, FormHadSecret, "What is secret in this form was not kept. Type it again, and send the form.")
		}
		return claims, fault.New(fault.Invalid, FormWasKept, "You were signed out in between. What you typed is here: look through it, and send it.")
	}
	return claims, fault.Wrap(fault.Invalid, "form_expired", "This form was open for too long. Open it again.", err)
}
