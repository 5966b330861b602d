package ledger

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
)

type followerRow struct {
	Issuer    owner   `gorm:"column:issuer"`
	Name      string  `gorm:"column:name;primaryKey"`
	Position  string  `gorm:"column:position"`
	UpdatedAt db.Time `gorm:"column:updated_at"`
}

func (followerRow) TableName() string { return "follower" }

// Follower is how far a reader of the change log has come.
type Follower struct {
	Position string    // "" at the beginning
	MovedAt  time.Time // zero: never
}

// Follower gives a follower; one that never moved is at the beginning.
func (l *Ledger) Follower(ctx context.Context, follower string) (Follower, error) {
	var rows []followerRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Where("name = ?", follower).Find(&rows).Error
	})
	if err != nil {
		return Follower{}, fmt.Errorf("ledger: read position: %w", err)
	}
	if len(rows) == 0 {
		return Follower{}, nil
	}
	return Follower{Position: rows[0].Position, MovedAt: rows[0].UpdatedAt.Time}, nil
}

// Advance moves a follower from one position to the next. It does nothing if
// another process has moved it meanwhile: what was done twice is done once more
// at worst, and never left out.
func (l *Ledger) Advance(ctx context.Context, follower, from, to string) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		if from == "" {
			row := followerRow{Name: follower, Position: to, UpdatedAt: now}
			return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error
		}
		return tx.Model(&followerRow{}).Where("name = ? AND position = ?", follower, from).
			Updates(map[string]any{"position": to, "updated_at": now}).Error
	})
	if err != nil {
		return fmt.Errorf("ledger: move position: %w", err)
	}
	return nil
}
