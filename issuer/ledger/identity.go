package ledger

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
	"socialregistry/internal/secret"
)

type identityRow struct {
	Issuer       owner   `gorm:"column:issuer"`
	PublicURL    string  `gorm:"column:public_url"`
	Installation string  `gorm:"column:installation"`
	Generation   int64   `gorm:"column:generation"`
	CreatedAt    db.Time `gorm:"column:created_at"`
}

func (identityRow) TableName() string { return "issuer_identity" }

// Claim ties the issuer to its identifier, for good: the first one wins, and
// ErrOtherURL tells of any other. It gives the one that the issuer has.
func (l *Ledger) Claim(ctx context.Context, url string) (string, error) {
	var row identityRow
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		claim := identityRow{PublicURL: url, Installation: secret.RandomID(16), Generation: 1, CreatedAt: now}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&claim).Error; err != nil {
			return err
		}
		row = identityRow{}
		return tx.Take(&row).Error
	})
	if err != nil {
		return "", fmt.Errorf("ledger: claim the public URL: %w", err)
	}
	if row.PublicURL != url {
		return row.PublicURL, ErrOtherURL
	}
	return url, nil
}
