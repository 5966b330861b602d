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
	var owner string
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) (err error) {
		owner, err = claim(tx, url, now)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("ledger: claim the public URL: %w", err)
	}
	if owner != url {
		return owner, ErrOtherURL
	}
	return url, nil
}

// claim writes down the identifier of an issuer that has none, and gives the one that
// it has. It begins in the generation of the others.
func claim(tx *gorm.DB, url string, now db.Time) (string, error) {
	_, newest, err := generations(tx)
	if err != nil {
		return "", err
	}
	first := identityRow{PublicURL: url, Installation: secret.RandomID(16), Generation: max(newest, 1), CreatedAt: now}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&first).Error; err != nil {
		return "", err
	}
	var row identityRow
	err = tx.Take(&row).Error
	return row.PublicURL, err
}

// generations gives the identity of the issuer that a transaction is about, the zero
// one if it has none yet, and the highest generation of any issuer; 0: there is none.
func generations(tx *gorm.DB) (own identityRow, newest int64, err error) {
	var rows []identityRow
	if err := tx.Raw("SELECT issuer, installation, generation FROM issuer_identity").Scan(&rows).Error; err != nil {
		return own, 0, err
	}
	for _, r := range rows {
		newest = max(newest, r.Generation)
		if string(r.Issuer) == issuerOf(tx) {
			own = r
		}
	}
	return own, newest, nil
}
