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
	"socialregistry/internal/secret"
	"socialregistry/registry/totp"
)

// RecoveryCodes is how many there are, of recoveryLength characters each: 50 random
// bits, and five tries.
const (
	RecoveryCodes  = 10
	recoveryLength = 10
	totpDigits     = totp.Digits
)

// enrolLife is how long the secret of an enrolment may wait for its first code.
const enrolLife = 20 * time.Minute

type totpRow struct {
	AccountID uuid.UUID `gorm:"column:account_id;primaryKey"`
	Secret    db.Bytes  `gorm:"column:secret"`
	LastStep  int64     `gorm:"column:last_step"`
	Since     db.Time   `gorm:"column:since"`
}

func (totpRow) TableName() string { return "totp" }

// Authenticator is the app of an account that makes codes.
type Authenticator struct {
	Since  time.Time // zero: there is none
	Codes  int       // recovery codes that are left
	Needed bool      // every member of staff has to have one
}

// AppOffer is a secret that waits for its first code. It is nowhere but in Offer,
// sealed.
type AppOffer struct {
	Offer string // comes back with the code
	Text  string // to type into the app
	URI   string // to scan
}

// enrolClaims is inside Offer.
type enrolClaims struct {
	Account uuid.UUID `json:"a"`
	Secret  []byte    `json:"s"`
}

// Authenticator tells about the app of the actor's account. Error: those of
// checkStaffSigned.
func (r *Registry) Authenticator(ctx context.Context, a Actor) (out Authenticator, err error) {
	if err := a.checkStaffSigned(); err != nil {
		return Authenticator{}, err
	}
	out.Needed = r.needTOTP
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		var row totpRow
		res := tx.Where("account_id = ?", a.AccountID).Limit(1).Find(&row)
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error
		}
		out.Since = row.Since.Time
		return tx.Raw("SELECT count(*) FROM recovery_code WHERE account_id = ? AND used_at IS NULL", a.AccountID).Scan(&out.Codes).Error
	})
	if err != nil {
		return Authenticator{}, fmt.Errorf("read an authenticator app: %w", err)
	}
	return out, nil
}

func hasTOTP(tx *gorm.DB, account uuid.UUID) (bool, error) {
	var n int64
	if err := tx.Model(&totpRow{}).Where("account_id = ?", account).Count(&n).Error; err != nil {
		return false, fmt.Errorf("look for an authenticator app: %w", err)
	}
	return n > 0, nil
}

// OfferTOTP makes a secret for an app; name is that of the service. Error: those of
// checkStaffSigned.
func (r *Registry) OfferTOTP(a Actor, name string) (AppOffer, error) {
	if err := a.checkStaffSigned(); err != nil {
		return AppOffer{}, err
	}
	return r.OfferTOTPTo(Account{ID: a.AccountID, Username: a.name()}, name)
}

// OfferTOTPTo is OfferTOTP for an account that is half-way: see Halfway.
func (r *Registry) OfferTOTPTo(a Account, name string) (AppOffer, error) {
	return r.sealOffer(enrolClaims{a.ID, totp.NewSecret()}, name, a.Username)
}

func (r *Registry) sealOffer(claims enrolClaims, name, username string) (AppOffer, error) {
	offer, err := r.accounts.forms.Seal("totp", claims, r.now().Add(enrolLife))
	if err != nil {
		return AppOffer{}, fmt.Errorf("offer a secret: %w", err)
	}
	return AppOffer{Offer: offer, Text: totp.Text(claims.Secret), URI: totp.URI(claims.Secret, name, username)}, nil
}

// SameOffer gives the enrolment of an offer again, for a form that comes back with
// mistakes; one that is over or not this account's gives a new secret.
func (r *Registry) SameOffer(a Account, offer, name string) (AppOffer, error) {
	claims, err := r.openOffer(a.ID, offer)
	if err != nil {
		return r.OfferTOTPTo(a, name)
	}
	return r.sealOffer(claims, name, a.Username)
}

func (r *Registry) openOffer(account uuid.UUID, offer string) (enrolClaims, error) {
	var claims enrolClaims
	if err := r.accounts.forms.Open("totp", offer, r.now(), &claims); err != nil || claims.Account != account {
		return enrolClaims{}, fault.Wrap(fault.Invalid, "form_expired", "This form was open for too long. Open it again.", err)
	}
	return claims, nil
}

// ConfirmTOTP takes the first code of an app, from which on it is asked for, and gives
// the recovery codes, once. Errors: those of checkStaffSigned; Unauthenticated
// "code_refused" around a Refusal, Limited "sign_in_locked", Conflict "totp_there",
// Invalid "form_expired".
func (r *Registry) ConfirmTOTP(ctx context.Context, a Actor, offer, typed string) (codes []string, err error) {
	if err := a.checkStaffSigned(); err != nil {
		return nil, err
	}
	var refused error
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) (err error) {
		codes, refused, err = r.addTOTP(tx, a, offer, typed, now)
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return nil, fmt.Errorf("add an authenticator app: %w", err)
	}
	return codes, nil
}

func (r *Registry) addTOTP(tx *gorm.DB, a Actor, offer, typed string, now db.Time) (codes []string, refused, err error) {
	claims, err := r.openOffer(a.AccountID, offer)
	if err != nil {
		return nil, nil, err
	}
	try := r.tryName("totp", a.AccountID.String())
	left, err := countTry(tx, try, now)
	if err != nil {
		return nil, nil, err
	}
	step, ok, err := totp.Check(claims.Secret, codeDigits(typed), now.Time, 0)
	if err != nil {
		return nil, nil, err
	}
	if !ok {
		return nil, errAppCode(refusalAfter(left, now.Time)), nil
	}
	row := totpRow{AccountID: a.AccountID, Secret: r.accounts.totpKey.Seal(claims.Secret, a.AccountID[:]), LastStep: step, Since: now}
	err = tx.Create(&row).Error
	if r.db.Dialect.IsDuplicate(err) {
		return nil, nil, fault.Wrap(fault.Conflict, "totp_there", "This account has an authenticator app already. Remove it first.", err)
	}
	if err == nil {
		err = clearTries(tx, try)
	}
	if err == nil {
		codes, err = r.newRecovery(tx, a.AccountID)
	}
	if err == nil {
		err = r.logSecurity(tx, a, "authenticator app added", now)
	}
	return codes, nil, err
}

// RemoveTOTP takes the app away from the actor's account, with its recovery codes.
// Where staff have to have one, the next sign-in asks for another. Errors: those of
// checkStaffSigned, NotFound "no_totp".
func (r *Registry) RemoveTOTP(ctx context.Context, a Actor) error {
	if err := a.checkStaffSigned(); err != nil {
		return err
	}
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		if err := r.dropTOTP(tx, a.AccountID); err != nil {
			return err
		}
		return r.logSecurity(tx, a, "authenticator app removed", now)
	})
	if err != nil {
		return fmt.Errorf("remove an authenticator app: %w", err)
	}
	return nil
}

// ResetStaffTOTP is RemoveTOTP of somebody else, who lost the app and the recovery
// codes; their sessions end. A reason stands in the history. Errors: Forbidden, NotFound
// "no_such_account", "no_totp", Invalid "invalid_values".
func (r *Registry) ResetStaffTOTP(ctx context.Context, a Actor, username, reason string) error {
	words := "authenticator app taken away"
	if reason != "" {
		words += ": " + reason
	}
	return r.changeStaff(ctx, a, username, words, func(tx *gorm.DB, account accountRow, now db.Time) error {
		if err := r.dropTOTP(tx, account.ID); err != nil {
			return err
		}
		return tx.Where("account_id = ?", account.ID).Delete(&sessionRow{}).Error
	})
}

func (r *Registry) dropTOTP(tx *gorm.DB, account uuid.UUID) error {
	if err := tx.Exec("DELETE FROM recovery_code WHERE account_id = ?", account).Error; err != nil {
		return err
	}
	res := tx.Exec("DELETE FROM totp WHERE account_id = ?", account)
	if res.Error == nil && res.RowsAffected == 0 {
		return fault.New(fault.NotFound, "no_totp", "This account has no authenticator app.")
	}
	return res.Error
}

// NewRecoveryCodes makes other recovery codes; the old ones are dead. Errors: those of
// checkStaffSigned, NotFound "no_totp".
func (r *Registry) NewRecoveryCodes(ctx context.Context, a Actor) (codes []string, err error) {
	if err := a.checkStaffSigned(); err != nil {
		return nil, err
	}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		has, err := hasTOTP(tx, a.AccountID)
		if err == nil && !has {
			err = fault.New(fault.NotFound, "no_totp", "This account has no authenticator app.")
		}
		if err != nil {
			return err
		}
		if codes, err = r.newRecovery(tx, a.AccountID); err != nil {
			return err
		}
		return r.logSecurity(tx, a, "recovery codes made", now)
	})
	if err != nil {
		return nil, fmt.Errorf("make recovery codes: %w", err)
	}
	return codes, nil
}

func (r *Registry) newRecovery(tx *gorm.DB, account uuid.UUID) ([]string, error) {
	if err := tx.Exec("DELETE FROM recovery_code WHERE account_id = ?", account).Error; err != nil {
		return nil, err
	}
	var codes []string
	for range RecoveryCodes {
		code := secret.RandomText(recoveryLength)
		if err := tx.Exec("INSERT INTO recovery_code (account_id, code_hash) VALUES (?, ?)", account, r.recoveryHash(account, code)).Error; err != nil {
			return nil, err
		}
		codes = append(codes, code[:recoveryLength/2]+"-"+code[recoveryLength/2:])
	}
	return codes, nil
}

// useRecovery uses a recovery code up.
func (r *Registry) useRecovery(tx *gorm.DB, account uuid.UUID, typed string, now db.Time) (bool, error) {
	code := strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(cut(typed, 40)))
	res := tx.Exec("UPDATE recovery_code SET used_at = ? WHERE account_id = ? AND code_hash = ? AND used_at IS NULL", now, account, r.recoveryHash(account, code))
	return res.RowsAffected == 1, res.Error
}

func (r *Registry) recoveryHash(account uuid.UUID, code string) db.Bytes {
	return r.accounts.codeKey.MAC([]byte("recovery"), account[:], []byte(code))
}

// useStep takes a code of the app; none does twice.
func (r *Registry) useStep(tx *gorm.DB, account uuid.UUID, code string, now db.Time) (bool, error) {
	var row totpRow
	res := tx.Where("account_id = ?", account).Limit(1).Find(&row)
	if res.Error != nil || res.RowsAffected == 0 {
		return false, res.Error
	}
	sealed, err := r.accounts.totpKey.Open(row.Secret, account[:])
	if err != nil {
		return false, fmt.Errorf("open the secret of an authenticator app: %w", err)
	}
	step, ok, err := totp.Check(sealed, code, now.Time, row.LastStep)
	if err != nil || !ok {
		return false, err
	}
	used := tx.Exec("UPDATE totp SET last_step = ? WHERE account_id = ? AND last_step < ?", step, account, step)
	return used.RowsAffected == 1, used.Error
}
