package registry

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Counting takes long where there are many people. Who follows the change log
// sees nothing newer than the oldest transaction that writes; so the counts are
// read in one that does not write, between two short ones that do.

const (
	countChunk  = 500             // rows that are stored at once
	giveUpAfter = 5 * time.Second // to make room for the next count when one has failed
)

// statTables are the tables that hold what the view beside them says.
func statTables() []string {
	return []string{"stat_attestation", "stat_queue", "stat_programme"}
}

// counts are what the views say.
type counts struct {
	tables map[string][]map[string]any // rows of statTables, by column
	areas  areaCounts
}

// RefreshStatistics counts anew if the last count was begun more than maxAge ago,
// and tells whether it did. Of several servers that ask at the same time one
// counts. Readers see the old numbers until all are there. It returns Forbidden.
func (r *Registry) RefreshStatistics(ctx context.Context, a Actor, maxAge time.Duration) (counted bool, err error) {
	if err := a.check(toCountStats); err != nil {
		return false, err
	}
	begun, begin, err := r.beginCount(ctx, maxAge)
	if err != nil || !begin {
		return false, err
	}
	found, err := r.countAll(ctx)
	if err == nil {
		counted, err = r.storeCounts(ctx, begun, found)
	}
	if err != nil {
		r.giveUpCount(ctx, begun)
		return false, fmt.Errorf("refresh statistics: %w", err)
	}
	return counted, nil
}

// beginCount takes the turn of a count, and gives its moment.
func (r *Registry) beginCount(ctx context.Context, maxAge time.Duration) (begun db.Time, begin bool, err error) {
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		done := tx.Exec(`UPDATE stat_refresh SET begun_at = ? WHERE one = 1 AND begun_at <= ?`, now, db.TimeOf(now.Add(-maxAge)))
		begun, begin = now, done.RowsAffected == 1
		return done.Error
	})
	if err != nil {
		return begun, false, fmt.Errorf("begin to count: %w", err)
	}
	return begun, begin, nil
}

// countAll reads what the views say, all as of one moment.
func (r *Registry) countAll(ctx context.Context) (counts, error) {
	found := counts{tables: map[string][]map[string]any{}}
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		for _, table := range statTables() {
			var rows []map[string]any
			if err := tx.Raw(`SELECT * FROM ` + table + `_now`).Scan(&rows).Error; err != nil {
				return fmt.Errorf("count %s: %w", table, err)
			}
			found.tables[table] = rows
		}
		return found.areas.read(tx)
	})
	return found, err
}

// storeCounts puts new numbers in the place of the old ones, unless another count
// was begun meanwhile.
func (r *Registry) storeCounts(ctx context.Context, begun db.Time, found counts) (stored bool, err error) {
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error {
		done := tx.Exec(`UPDATE stat_refresh SET as_of = begun_at WHERE one = 1 AND begun_at = ?`, begun)
		if stored = done.RowsAffected == 1; !stored {
			return done.Error
		}
		for _, table := range statTables() {
			if err := fillCounts(tx, table, found.tables[table]); err != nil {
				return err
			}
		}
		return r.storeByArea(tx, begun.Time, found.areas)
	})
	return stored, err
}

// fillCounts puts rows in the place of those of a table.
func fillCounts(tx *gorm.DB, table string, rows []map[string]any) error {
	if err := tx.Exec(`DELETE FROM ` + table).Error; err != nil {
		return fmt.Errorf("clear %s: %w", table, err)
	}
	for some := range slices.Chunk(rows, countChunk) {
		if err := tx.Table(table).Create(some).Error; err != nil {
			return fmt.Errorf("fill %s: %w", table, err)
		}
	}
	return nil
}

// giveUpCount gives the turn back, also when ctx is over. If that fails, the next
// count is due when this one would have been too old.
func (r *Registry) giveUpCount(ctx context.Context, begun db.Time) {
	ctx, stop := context.WithTimeout(db.Besides(context.WithoutCancel(ctx), nil), giveUpAfter) // also of a job that is cancelled
	defer stop()
	_ = r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error {
		return tx.Exec(`UPDATE stat_refresh SET begun_at = as_of WHERE one = 1 AND begun_at = ?`, begun).Error
	})
}
