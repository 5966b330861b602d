package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pressly/goose/v3"

	"socialregistry/migrations"
)

// Migrate brings the database to the newest version. Several processes may
// start at once: one migrates, the others wait and find nothing to do.
func Migrate(ctx context.Context, d *DB) error {
	if d.migrationLock == nil {
		return migrate(ctx, d, goose.DialectPostgres, goose.WithSessionLocker(advisoryLock{}))
	}
	unlock, err := d.migrationLock(ctx)
	if err != nil {
		return err
	}
	return errors.Join(migrate(ctx, d, goose.DialectSQLite3), unlock())
}

func migrate(ctx context.Context, d *DB, dialect goose.Dialect, options ...goose.ProviderOption) error {
	files, err := migrations.For(d.Dialect.Name())
	if err != nil {
		return err
	}
	options = append(options, goose.WithDisableGlobalRegistry(true))
	provider, err := goose.NewProvider(dialect, d.SQL, files, options...)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the %s database: %w", d.Dialect.Name(), err)
	}
	return nil
}

// advisoryLock is PostgreSQL's session lock, asked for often: goose's own asks
// every second at most, which makes each start wait. It is asked for and not
// waited for, since a waiting statement would hold back CREATE INDEX
// CONCURRENTLY in the migration that it waits for.
type advisoryLock struct{}

const (
	advisoryLockID    = 0x736f6369616c // "social"
	advisoryLockPause = 50 * time.Millisecond
)

// SessionLock waits until this session holds the lock or ctx ends.
func (advisoryLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	for {
		var got bool
		if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", advisoryLockID).Scan(&got); err != nil {
			return fmt.Errorf("ask for the migration lock: %w", err)
		}
		if got {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the migration lock: %w", context.Cause(ctx))
		case <-time.After(advisoryLockPause):
		}
	}
}

// SessionUnlock gives the lock back; the end of the session does too.
func (advisoryLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	var released bool
	if err := conn.QueryRowContext(ctx, "SELECT pg_advisory_unlock($1)", advisoryLockID).Scan(&released); err != nil {
		return fmt.Errorf("release the migration lock: %w", err)
	}
	if !released {
		return errors.New("release the migration lock: it was not held")
	}
	return nil
}
