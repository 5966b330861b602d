package ledger

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// witnessLife is how long a witness counts after it last said that the database is
// as it left it. A backup that is put in its place is older than that.
const witnessLife = 20 * time.Second

// Vouch says, in the name of one process, that the database is not older than its
// journal outside knows. Those of processes that ended are deleted.
func (l *Ledger) Vouch(ctx context.Context, process string) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		err := tx.Exec("DELETE FROM issuer_witness WHERE issuer = ? AND seen_at < ?", l.issuer, db.TimeOf(now.Add(-time.Hour))).Error
		if err != nil {
			return err
		}
		return tx.Exec("INSERT INTO issuer_witness (issuer, id, seen_at) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at", l.issuer, process, now).Error
	})
	if err != nil {
		return fmt.Errorf("ledger: vouch for the database: %w", err)
	}
	return nil
}

// Vouched says whether a process that runs now vouches for the database.
func (l *Ledger) Vouched(ctx context.Context) (bool, error) {
	var n int64
	now := l.now()
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Raw("SELECT count(*) FROM issuer_witness WHERE issuer = ? AND seen_at > ? AND seen_at <= ?", l.issuer,
			db.TimeOf(now.Add(-witnessLife)), db.TimeOf(now.Add(witnessLife))).Scan(&n).Error
	})
	if err != nil {
		return false, fmt.Errorf("ledger: ask who vouches for the database: %w", err)
	}
	return n > 0, nil
}
