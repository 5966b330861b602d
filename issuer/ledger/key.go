package ledger

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
)

// Key is one signing key as it is stored: the private part is wrapped.
type Key struct {
	KID        string
	Alg        string // ES256 or EdDSA
	Generation int    // 1 for the first key of an algorithm
	Wrapped    []byte
	NotBefore  time.Time
	NotAfter   time.Time
	RevokedAt  time.Time // zero: not revoked
}

type keyRow struct {
	KID        string   `gorm:"column:kid;primaryKey"`
	Alg        string   `gorm:"column:alg"`
	Generation int      `gorm:"column:generation"`
	Wrapped    db.Bytes `gorm:"column:wrapped"`
	NotBefore  db.Time  `gorm:"column:not_before"`
	NotAfter   db.Time  `gorm:"column:not_after"`
	RevokedAt  *db.Time `gorm:"column:revoked_at"`
	CreatedAt  db.Time  `gorm:"column:created_at"`
}

func (keyRow) TableName() string { return "signing_key" }

func keyRowOf(k Key, now db.Time) keyRow {
	return keyRow{KID: k.KID, Alg: k.Alg, Generation: k.Generation, Wrapped: k.Wrapped,
		NotBefore: db.Time{Time: k.NotBefore}, NotAfter: db.Time{Time: k.NotAfter}, CreatedAt: now}
}

func (r keyRow) toKey() Key {
	return Key{KID: r.KID, Alg: r.Alg, Generation: r.Generation, Wrapped: r.Wrapped,
		NotBefore: r.NotBefore.Time, NotAfter: r.NotAfter.Time, RevokedAt: timeOf(r.RevokedAt)}
}

// AddKeys stores those keys whose place (algorithm and generation) is free, and
// leaves the others out: of two first starts at once, one wins each place and
// both read the same set afterwards.
func (l *Ledger) AddKeys(ctx context.Context, keys []Key) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		for _, k := range keys {
			row := keyRowOf(k, now)
			if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("ledger: add keys: %w", err)
	}
	return nil
}

// Keys gives all signing keys, oldest generation first.
func (l *Ledger) Keys(ctx context.Context) ([]Key, error) {
	var rows []keyRow
	err := l.db.Read(ctx, func(tx *gorm.DB) error {
		return tx.Order("alg, generation").Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: read keys: %w", err)
	}
	keys := make([]Key, len(rows))
	for i, r := range rows {
		keys[i] = r.toKey()
	}
	return keys, nil
}
