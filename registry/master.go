package registry

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
)

// ErrOtherMasterKey says that the database was begun with another master key:
// with this one nothing sealed could be read, and nobody found.
var ErrOtherMasterKey = errors.New("registry: the database was begun with another master key")

type masterKeyRow struct {
	One    int      `gorm:"column:one;primaryKey;autoIncrement:false"`
	KeyID  string   `gorm:"column:key_id"`
	MAC    db.Bytes `gorm:"column:mac"`
	MadeAt db.Time  `gorm:"column:made_at"`
}

func (masterKeyRow) TableName() string { return "master_key_check" }

// HasMasterKey tells whether a migrated database is bound to a master key, so
// that making a new one would be no help.
func HasMasterKey(ctx context.Context, d *db.DB) (bool, error) {
	var rows int64
	err := d.Read(ctx, func(tx *gorm.DB) error { return tx.Model(&masterKeyRow{}).Count(&rows).Error })
	if err != nil {
		return false, fmt.Errorf("look for the check of the master key: %w", err)
	}
	return rows > 0, nil
}

// checkMaster binds a new database to the master key, and refuses another one
// ever after. Of two first starts with different keys one is refused.
func (r *Registry) checkMaster(ctx context.Context) error {
	return r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		id, mac := r.keys.Check()
		row := masterKeyRow{One: 1, KeyID: id, MAC: mac, MadeAt: now}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
			return fmt.Errorf("bind the database to its master key: %w", err)
		}
		if err := tx.Where("one = 1").Take(&row).Error; err != nil {
			return fmt.Errorf("check the master key: %w", err)
		}
		if !r.keys.IsChecked(row.KeyID, row.MAC) {
			return ErrOtherMasterKey
		}
		return nil
	})
}
