package ledger

import (
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
)

// Kinds of ids that may be used once.
const (
	onceCode  = "code"
	onceNonce = "nonce"
)

type usedRow struct {
	Kind      string  `gorm:"column:kind;primaryKey"`
	ID        string  `gorm:"column:id;primaryKey"`
	ExpiresAt db.Time `gorm:"column:expires_at"`
}

func (usedRow) TableName() string { return "used_id" }

// use marks an id as used, in the caller's transaction. The primary key decides
// between two processes: no row written means that it was used before, ErrUsed.
// The mark is kept until the id is refused for its age alone.
func use(tx *gorm.DB, kind, id string, expires db.Time) error {
	row := usedRow{Kind: kind, ID: id, ExpiresAt: expires}
	res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if res.Error != nil {
		return fmt.Errorf("mark %s as used: %w", kind, res.Error)
	}
	if res.RowsAffected == 0 {
		return ErrUsed
	}
	return nil
}
