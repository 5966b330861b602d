package ledger

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
)

// Configuration is a credential configuration as data. What the document means
// is known to package issuer, which checks it at every start.
type Configuration struct {
	ID       string
	Position int // order of display
	Document map[string]any
}

type configurationRow struct {
	Issuer    owner   `gorm:"column:issuer"`
	ID        string  `gorm:"column:id;primaryKey"`
	Position  int     `gorm:"column:position"`
	Document  db.JSON `gorm:"column:document"`
	CreatedAt db.Time `gorm:"column:created_at"`
}

func (configurationRow) TableName() string { return "credential_configuration" }

// SeedConfigurations stores the configurations if there are none at all. What an
// administrator has changed, added or removed stays as it is.
func (l *Ledger) SeedConfigurations(ctx context.Context, configs []Configuration) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		var have int64
		if err := tx.Model(&configurationRow{}).Count(&have).Error; err != nil || have > 0 {
			return err
		}
		for _, c := range configs {
			row := configurationRow{ID: c.ID, Position: c.Position, Document: c.Document, CreatedAt: now}
			if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("ledger: seed configurations: %w", err)
	}
	return nil
}

// Configurations gives all configurations in their order of display.
func (l *Ledger) Configurations(ctx context.Context) ([]Configuration, error) {
	var rows []configurationRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Order("position, id").Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: read configurations: %w", err)
	}
	configs := make([]Configuration, len(rows))
	for i, r := range rows {
		configs[i] = Configuration{ID: r.ID, Position: r.Position, Document: r.Document}
	}
	return configs, nil
}
