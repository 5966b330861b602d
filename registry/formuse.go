package registry

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// formLife is how long a form may stay open before it is sent.
const formLife = SessionMax

// formWork is how long what a form asks for can be at work. After that its
// process has ended without a word, and the form may be sent again.
const formWork = 20 * time.Minute

type formUseRow struct {
	TokenHash db.Bytes `gorm:"column:token_hash;primaryKey"`
	Location  string   `gorm:"column:location"`
	UsedAt    db.Time  `gorm:"column:used_at"`
}

func (formUseRow) TableName() string { return "form_use" }

// formClaims is inside a form token: whose form it is.
type formClaims struct {
	Account string `json:"a"`
	Record  string `json:"r,omitempty"` // that a registrant had open: the own, or a ward's
}

// NewForm gives a token for one form of this actor. It is sealed: nobody else
// can send the form, and it is over with the longest session.
func (r *Registry) NewForm(actor Actor) (string, error) {
	token, err := r.accounts.forms.Seal("form", formClaims{actor.AccountID.String(), recordOfForm(actor)}, r.now().Add(formLife))
	if err != nil {
		return "", fmt.Errorf("make form token: %w", err)
	}
	return token, nil
}

// FormFits refuses a form that was opened for another record than the one that the
// actor has open now: Conflict "form_other_record". Whether the form can be used
// otherwise, UseForm says.
func (r *Registry) FormFits(actor Actor, token string) error {
	var claims formClaims
	if err := r.accounts.forms.Open("form", token, r.now(), &claims); err == nil && claims.Record != recordOfForm(actor) {
		return errOtherRecord()
	}
	return nil
}

func errOtherRecord() error {
	return fault.New(fault.Conflict, "form_other_record", "This form was opened for another record. Nothing was changed. Open it again.")
}

// UseForm claims the token of a form that was sent. again is where the first
// sending of the same form led, for the second to follow; it is empty for the
// first. Errors: Conflict "form_already_sent" while the first is still at work,
// Conflict "form_other_record" for a form that was opened for another record,
// Invalid "form_expired" for a token that is over or not this actor's, and
// FormWasKept or FormHadSecret for one of AgainForm.
func (r *Registry) UseForm(ctx context.Context, actor Actor, token string) (again string, err error) {
	claims, err := r.openForm(token)
	if err != nil {
		return "", err
	}
	if claims.Account != actor.AccountID.String() {
		return "", fault.New(fault.Invalid, "form_expired", "This form was open for too long. Open it again.")
	}
	if claims.Record != recordOfForm(actor) {
		return "", errOtherRecord()
	}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		row := formUseRow{}
		again = ""
		err := tx.Exec("DELETE FROM form_use WHERE used_at <= ? OR (token_hash = ? AND location = '' AND used_at <= ?)",
			db.TimeOf(now.Add(-formLife-time.Minute)), sessionHash(token), db.TimeOf(now.Add(-formWork))).Error
		if err != nil {
			return err
		}
		res := tx.Exec("INSERT INTO form_use (token_hash, location, used_at) VALUES (?, '', ?) ON CONFLICT (token_hash) DO NOTHING", sessionHash(token), now)
		if res.Error != nil || res.RowsAffected == 1 {
			return res.Error
		}
		running := fault.New(fault.Conflict, "form_already_sent", "This form was sent already.")
		if err := first(tx.Where("token_hash = ?", sessionHash(token)), &row, running); err != nil {
			return err
		}
		if again = row.Location; again == "" {
			return running
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("use form: %w", err)
	}
	return again, nil
}

// recordOfForm is the record that a registrant has open: a form that was opened for
// one is not applied to another.
func recordOfForm(a Actor) string {
	if a.RegistrantID == uuid.Nil {
		return ""
	}
	return a.RegistrantID.String()
}

// FormDone notes where a form led. An empty location frees the token: the form
// was refused and may be sent again.
func (r *Registry) FormDone(ctx context.Context, token, location string) error {
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error {
		row := tx.Where("token_hash = ?", sessionHash(token))
		if location == "" {
			return row.Delete(&formUseRow{}).Error
		}
		return row.Model(&formUseRow{}).Update("location", location).Error
	})
	if err != nil {
		return fmt.Errorf("close form: %w", err)
	}
	return nil
}
