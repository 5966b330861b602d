package registry

import (
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/fault"
)

// adminsSQL finds the open accounts that keep the registry as a whole, for good.
const adminsSQL = `SELECT id FROM account WHERE disabled_at IS NULL AND registrant_id IS NULL AND EXISTS
	(SELECT 1 FROM role_assignment g WHERE g.account_id = account.id AND g.role = 'admin' AND g.area IS NULL AND g.kind IS NULL AND g.section IS NULL AND g.until IS NULL)
	ORDER BY id`

// lockAdmins holds the accounts of all administrators and counts them, so that two
// of them do not take the role from each other at once.
func (r *Registry) lockAdmins(tx *gorm.DB, actor Actor) (int, error) {
	if actor.Has(RoleSystem) {
		return 0, nil
	}
	var ids []uuid.UUID
	if err := tx.Raw(adminsSQL + r.db.Dialect.ForUpdate()).Scan(&ids).Error; err != nil {
		return 0, fmt.Errorf("hold the administrators: %w", err)
	}
	return len(ids), nil
}

// checkLastAdmin returns Conflict "last_admin" when a change has left nobody who
// keeps the registry as a whole; before is how many there were. Whoever has the
// keys can always make another one.
func (r *Registry) checkLastAdmin(tx *gorm.DB, actor Actor, before int) error {
	if actor.Has(RoleSystem) || before == 0 {
		return nil
	}
	var ids []uuid.UUID
	if err := tx.Raw(adminsSQL).Scan(&ids).Error; err != nil {
		return fmt.Errorf("count the administrators: %w", err)
	}
	if len(ids) == 0 {
		return fault.New(fault.Conflict, "last_admin", "Somebody must keep the registry: make somebody else an administrator first.")
	}
	return nil
}
