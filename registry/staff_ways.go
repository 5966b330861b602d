package registry

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// StaffWays is how a member of staff signs in beside the passphrase.
type StaffWays struct {
	Claim string // by which the provider's people are known; "": none
	App   bool   // an authenticator app
}

// StaffWays tells how a member of staff signs in. Errors: those of StaffAccount.
func (r *Registry) StaffWays(ctx context.Context, actor Actor, username string) (ways StaffWays, err error) {
	account, err := r.StaffAccount(ctx, actor, username)
	if err != nil {
		return ways, err
	}
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		if ways.App, err = hasTOTP(tx, account.ID); err != nil {
			return err
		}
		return tx.Raw("SELECT coalesce(provider_name, '') FROM account WHERE id = ?", account.ID).Scan(&ways.Claim).Error
	})
	if err != nil {
		return StaffWays{}, fmt.Errorf("read how staff sign in: %w", err)
	}
	return ways, nil
}
