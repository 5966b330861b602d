package registry

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// ProofWays are the ways by which an account can prove again who it is.
type ProofWays struct {
	Passkey  bool
	App      bool // code of an authenticator app
	Password bool // where there is no app: beside one, the password alone proves too little
	Provider bool // an OpenID Provider that asks again
}

// Fresh tells whether the actor's last proof is new enough for a sensitive act. Who
// came by a token proves nothing: its scopes are its bounds.
func (r *Registry) Fresh(a Actor) bool {
	return a.checkSigned() != nil || r.now().Sub(a.Session.ProvedAt) < r.stepUp
}

// ProofWays tells what the actor can prove again. Error: those of checkSigned.
func (r *Registry) ProofWays(ctx context.Context, a Actor) (w ProofWays, err error) {
	if err := a.checkSigned(); err != nil {
		return w, err
	}
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		var keys, passwords, links int64
		if err := tx.Model(&passkeyRow{}).Where("account_id = ? AND cloned_at IS NULL", a.AccountID).Count(&keys).Error; err != nil {
			return err
		}
		if err := tx.Model(&accountRow{}).Where("id = ? AND password <> ''", a.AccountID).Count(&passwords).Error; err != nil {
			return err
		}
		if err := tx.Model(&providerLinkRow{}).Where("account_id = ? AND ended_at IS NULL", a.AccountID).Count(&links).Error; err != nil {
			return err
		}
		w.Passkey, w.Provider = keys > 0 && r.passkeys != nil, links > 0
		w.App, err = hasTOTP(tx, a.AccountID)
		w.Password = passwords > 0 && !w.App
		return err
	})
	if err != nil {
		return w, fmt.Errorf("look for ways to prove who somebody is: %w", err)
	}
	return w, nil
}

// ProveByPassword makes the actor's session fresh. Errors: those of checkSigned and of
// checkOwnPassword; Unauthenticated "app_needed" where the account has an authenticator
// app, whose code is asked for.
func (r *Registry) ProveByPassword(ctx context.Context, a Actor, password string) error {
	if err := a.checkSigned(); err != nil {
		return err
	}
	ways, err := r.ProofWays(ctx, a)
	if err != nil {
		return err
	}
	if ways.App {
		return fault.New(fault.Unauthenticated, "app_needed", "This account has an authenticator app: give its code.")
	}
	row, err := r.checkOwnPassword(ctx, a, password)
	if err != nil {
		return err
	}
	return r.prove(ctx, func(tx *gorm.DB, now db.Time) error {
		if err := r.stillThat(tx, row, errSession()); err != nil {
			return err
		}
		return r.proved(tx, a, now)
	})
}

// ProveByCode makes the actor's session fresh by a code of the app, or a recovery code.
// Errors: those of checkSigned; Unauthenticated "code_refused" around a Refusal, Limited
// "sign_in_locked".
func (r *Registry) ProveByCode(ctx context.Context, a Actor, typed string) error {
	if err := a.checkSigned(); err != nil {
		return err
	}
	var refused error
	err := r.prove(ctx, func(tx *gorm.DB, now db.Time) (err error) {
		if refused, err = r.tryAppCode(tx, a.AccountID, typed, now); err != nil || refused != nil {
			return err
		}
		return r.proved(tx, a, now)
	})
	if err == nil {
		err = refused
	}
	return err
}

// BeginPasskeyProof asks for a passkey of the actor's account. Errors: those of
// checkSigned, Invalid "no_passkeys_here".
func (r *Registry) BeginPasskeyProof(ctx context.Context, a Actor) (Ceremony, error) {
	if err := a.checkSigned(); err != nil {
		return Ceremony{}, err
	}
	return r.askPasskey(ctx, toProveIdentity, a.AccountID)
}

// ProveByPasskey ends what BeginPasskeyProof began. Errors: those of checkSigned and of
// SignInWithPasskey.
func (r *Registry) ProveByPasskey(ctx context.Context, a Actor, ticket, answer string) error {
	if err := a.checkSigned(); err != nil {
		return err
	}
	err := r.provePasskey(ctx, toProveIdentity, a.AccountID, ticket, answer, func(tx *gorm.DB, _ accountRow, now db.Time) error {
		return r.proved(tx, a, now)
	})
	if err != nil {
		return fmt.Errorf("prove by a passkey: %w", err)
	}
	return nil
}

func (r *Registry) prove(ctx context.Context, f func(tx *gorm.DB, now db.Time) error) error {
	if err := r.db.InTx(ctx, r.now, f); err != nil {
		return fmt.Errorf("prove who somebody is: %w", err)
	}
	return nil
}

// proved moves the time of the last proof of the actor's session, if it is not over.
func (r *Registry) proved(tx *gorm.DB, a Actor, now db.Time) error {
	res := tx.Exec("UPDATE session SET proved_at = ? WHERE id = ? AND account_id = ? AND needs = ''", now, a.Session.ID, a.AccountID)
	if res.Error == nil && res.RowsAffected == 0 {
		return errSession()
	}
	return res.Error
}

// ErrStale is the refusal of a sensitive act that needs a fresh proof.
func ErrStale() error {
	return fault.New(fault.Forbidden, "step_up_needed", "Prove again who you are: sign in anew, or on the page /step-up.")
}
