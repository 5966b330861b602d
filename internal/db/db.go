package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	*gorm.DB
	Dialect Dialect
	SQL     *sql.DB // the pool below GORM, for CopyIn

	close         func() error
	writer        chan struct{}                                          // SQLite: one writer of this process at a time; nil on PostgreSQL
	migrationLock func(context.Context) (unlock func() error, err error) // SQLite; nil on PostgreSQL
}

// Open opens "sqlite:PATH" or "postgres://..." and asks once whether the
// database answers. A new SQLite file is made with its folder, closed to other
// users. No error holds the URL's password.
func Open(ctx context.Context, url string) (*DB, error) {
	scheme, rest, _ := strings.Cut(url, ":")
	switch scheme {
	case "sqlite":
		return openSQLite(ctx, rest)
	case "postgres", "postgresql":
		return openPostgres(ctx, url)
	}
	return nil, errors.New("database URL must begin with sqlite: or postgres://")
}

// newDB puts GORM over an open pool. Statements are prepared by pgx, not by
// GORM; nothing is logged here, since statements may hold personal data.
func newDB(ctx context.Context, dialect Dialect, pool *sql.DB, dialector gorm.Dialector) (*DB, error) {
	if err := pool.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("reach the %s database: %w", dialect.Name(), err)
	}
	g, err := gorm.Open(dialector, &gorm.Config{Logger: logger.Discard, SkipDefaultTransaction: true, DisableAutomaticPing: true})
	if err != nil {
		return nil, fmt.Errorf("open the %s database: %w", dialect.Name(), err)
	}
	return &DB{DB: g, Dialect: dialect, SQL: pool}, nil
}

// Close ends every connection.
func (d *DB) Close() error { return d.close() }
