package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// AccountOwner is whose account an id is.
type AccountOwner struct {
	Name         string    // of staff; "" for the account of a registrant
	RegistrantID uuid.UUID // zero for staff
}

// AccountOwners gives the owners of accounts; ids that are none are left out. It
// asks for no Actor: it is for the issuer, which decides what it tells whom.
func (r *Registry) AccountOwners(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]AccountOwner, error) {
	out := make(map[uuid.UUID]AccountOwner, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	var rows []accountRow
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		return tx.Select("id", "username", "registrant_id").Where("id IN ?", ids).Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("look up whose accounts they are: %w", err)
	}
	for _, row := range rows {
		if a := row.toAccount(); a.RegistrantID != uuid.Nil {
			out[a.ID] = AccountOwner{RegistrantID: a.RegistrantID}
		} else {
			out[a.ID] = AccountOwner{Name: a.Username}
		}
	}
	return out, nil
}
