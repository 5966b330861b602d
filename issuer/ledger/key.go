package ledger

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
)

// Key is one of the issuer's keys as it is stored: the private part is wrapped.
type Key struct {
	Use            string // sig, enc or ca
	KID            string
	Alg            string // ES256, EdDSA or ECDH-ES
	Generation     int    // 1 for the first key of a use and algorithm
	Wrapped        []byte
	Chain          [][]byte // X.509, DER: its own certificate first; empty: none
	Former         [][]byte // certificates that it had before
	NotBefore      time.Time
	NotAfter       time.Time
	PublishedUntil time.Time // zero: not known yet
	RevokedAt      time.Time // zero: not revoked
}

type keyRow struct {
	Issuer         owner    `gorm:"column:issuer"`
	KID            string   `gorm:"column:kid;primaryKey"`
	Use            string   `gorm:"column:use"`
	Alg            string   `gorm:"column:alg"`
	Generation     int      `gorm:"column:generation"`
	Wrapped        db.Bytes `gorm:"column:wrapped"`
	Chain          string   `gorm:"column:chain"`
	Former         string   `gorm:"column:former"`
	NotBefore      db.Time  `gorm:"column:not_before"`
	NotAfter       db.Time  `gorm:"column:not_after"`
	PublishedUntil *db.Time `gorm:"column:published_until"`
	RevokedAt      *db.Time `gorm:"column:revoked_at"`
	CreatedAt      db.Time  `gorm:"column:created_at"`
}

func (keyRow) TableName() string { return "signing_key" }

func keyRowOf(k Key, now db.Time) keyRow {
	return keyRow{KID: k.KID, Use: k.Use, Alg: k.Alg, Generation: k.Generation, Wrapped: k.Wrapped, Chain: joinChain(k.Chain), Former: joinChain(k.Former),
		NotBefore: db.Time{Time: k.NotBefore}, NotAfter: db.Time{Time: k.NotAfter}, CreatedAt: now}
}

// toKey leaves out a certificate that cannot be read: what needs it says so.
func (r keyRow) toKey() Key {
	return Key{Use: r.Use, KID: r.KID, Alg: r.Alg, Generation: r.Generation, Wrapped: r.Wrapped, Chain: splitChain(r.Chain), Former: splitChain(r.Former),
		NotBefore: r.NotBefore.Time, NotAfter: r.NotAfter.Time, PublishedUntil: timeOf(r.PublishedUntil), RevokedAt: timeOf(r.RevokedAt)}
}

func joinChain(chain [][]byte) string {
	out := make([]string, len(chain))
	for n, der := range chain {
		out[n] = base64.StdEncoding.EncodeToString(der)
	}
	return joinIDs(out)
}

func splitChain(s string) [][]byte {
	var out [][]byte
	for part := range strings.FieldsSeq(s) {
		der, err := base64.StdEncoding.DecodeString(part)
		if err != nil {
			return nil
		}
		out = append(out, der)
	}
	return out
}

// AddKeys stores those keys whose place (use, algorithm and generation) is free,
// and leaves the others out: of two first starts at once, one wins each place and
// both read the same set afterwards.
func (l *Ledger) AddKeys(ctx context.Context, keys []Key, why Entry) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		for _, k := range keys {
			row := keyRowOf(k, now)
			res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
			if res.Error != nil {
				return res.Error
			}
			if res.RowsAffected == 0 {
				continue
			}
			if err := logKey(tx, why, nil, &row, now); err != nil {
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

// Keys gives all keys, oldest generation first, and the revision of the set: it
// is another one after every change.
func (l *Ledger) Keys(ctx context.Context) (keys []Key, revision int64, err error) {
	err = l.read(ctx, func(tx *gorm.DB) error {
		// The revision first: if the keys change in between, they are read again.
		if err := tx.Raw(countKeyChanges).Scan(&revision).Error; err != nil {
			return err
		}
		var rows []keyRow
		if err := tx.Order("use, alg, generation").Find(&rows).Error; err != nil {
			return err
		}
		keys = make([]Key, len(rows))
		for i, r := range rows {
			keys[i] = r.toKey()
		}
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("ledger: read keys: %w", err)
	}
	return keys, revision, nil
}

// KeyRevision gives the revision of the set of keys.
func (l *Ledger) KeyRevision(ctx context.Context) (revision int64, err error) {
	err = l.read(ctx, func(tx *gorm.DB) error { return tx.Raw(countKeyChanges).Scan(&revision).Error })
	if err != nil {
		return 0, fmt.Errorf("ledger: read the revision of the keys: %w", err)
	}
	return revision, nil
}

const countKeyChanges = "SELECT count(*) FROM issuer_log WHERE subject LIKE 'key:%'"
