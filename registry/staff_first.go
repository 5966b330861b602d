package registry

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"socialregistry/internal/fault"
)

// errSetUp closes the first run for ever.
func errSetUp() error {
	return fault.New(fault.Conflict, "set_up", "Somebody of the staff has an account already.")
}

// NoStaff tells whether nobody of the staff has an account, not even a closed one.
func (r *Registry) NoStaff(ctx context.Context) (none bool, err error) {
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		none, err = noStaff(tx)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("look for accounts of staff: %w", err)
	}
	return none, nil
}

func noStaff(tx *gorm.DB) (bool, error) {
	var one []int
	err := tx.Model(&accountRow{}).Where("registrant_id IS NULL").Limit(1).Select("1").Find(&one).Error
	return len(one) == 0, err
}

// OpenFirst opens the account of the first administrator, for whoever runs the
// server. Of two at once, one is refused. Errors: Conflict "set_up" once anybody of
// the staff has an account, and Invalid as those of OpenStaff.
func (r *Registry) OpenFirst(ctx context.Context, username, password string) (Account, error) {
	actor := Actor{Name: "first run", Roles: []Role{RoleSystem, RoleAdmin}, Channel: ChannelSystem}
	return r.createStaff(ctx, actor, accountRow{Username: username}, password, everywhere([]Role{RoleAdmin}), "", func(tx *gorm.DB) error {
		// The one row of the check of the master key is there from the beginning.
		if err := tx.Exec("UPDATE " + masterKeyRow{}.TableName() + " SET one = one").Error; err != nil {
			return err
		}
		none, err := noStaff(tx)
		if err == nil && !none {
			err = errSetUp()
		}
		return err
	})
}
