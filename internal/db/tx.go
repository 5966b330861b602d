package db

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"
)

// maxTries is how often InTx runs a transaction that the database gives up for
// reasons that pass: a deadlock, a serialization failure, a busy file.
const maxTries = 5

// InTx runs f in one writing transaction, with one reading of the clock. If f
// fails, nothing is written. f may run more than once: it must not keep results
// of an earlier run, or have effects outside tx. Transactions do not nest.
func (d *DB) InTx(ctx context.Context, now func() time.Time, f func(tx *gorm.DB, now Time) error) error {
	for try := 1; ; try++ {
		err := d.inTxOnce(ctx, now, f)
		if err == nil || try == maxTries || !d.Dialect.IsRetryable(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("transaction: %w", context.Cause(ctx))
		case <-time.After(time.Duration(try)*5*time.Millisecond + rand.N(10*time.Millisecond)):
		}
	}
}

func (d *DB) inTxOnce(ctx context.Context, now func() time.Time, f func(tx *gorm.DB, now Time) error) error {
	// SQLite has one writer. Waiting here is fair and wakes at once; waiting in
	// SQLite is polling.
	if d.writer != nil {
		select {
		case d.writer <- struct{}{}:
			defer func() { <-d.writer }()
		case <-ctx.Done():
			return fmt.Errorf("transaction: %w", context.Cause(ctx))
		}
	}
	return d.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		at := TimeOf(now())
		if err := f(tx, at); err != nil {
			return err
		}
		if besides, ok := ctx.Value(besidesKey{}).(func(*gorm.DB, Time) error); ok && besides != nil {
			return besides(tx, at)
		}
		return nil
	})
}

type besidesKey struct{}

// Besides gives a context under which every transaction of InTx runs f as well,
// as its last step: what f writes is committed with the rest, and if f fails,
// nothing is written. A nil f takes an earlier one away.
func Besides(ctx context.Context, f func(tx *gorm.DB, now Time) error) context.Context {
	return context.WithValue(ctx, besidesKey{}, f)
}

// Read runs f in a transaction that only reads and sees one moment of the
// database. On SQLite it does not wait for a writer; on PostgreSQL a write in it
// is refused.
func (d *DB) Read(ctx context.Context, f func(tx *gorm.DB) error) error {
	return d.WithContext(ctx).Transaction(f, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
}
