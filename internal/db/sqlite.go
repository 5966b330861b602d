package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// maxIdle is how many connections to a file are kept open for the next reader.
const maxIdle = 16

type sqliteDialect struct{}

// openSQLite opens a file, which several processes may do at once.
func openSQLite(ctx context.Context, path string) (*DB, error) {
	if err := makeFile(path); err != nil {
		return nil, err
	}
	source, err := newSQLiteConnector(path)
	if err != nil {
		return nil, err
	}
	if err := setWAL(ctx, source); err != nil {
		return nil, err
	}
	sqlDB := sql.OpenDB(source)
	sqlDB.SetMaxIdleConns(maxIdle) // opening one costs more than a query
	d, err := newDB(ctx, sqliteDialect{}, sqlDB, sqliteDialector{&gormsqlite.Dialector{Conn: sqlDB}})
	if err != nil {
		return nil, errors.Join(err, sqlDB.Close())
	}
	d.close = sqlDB.Close
	d.writer = make(chan struct{}, 1)
	d.migrationLock = source.lock
	return d, nil
}

// sqliteDialector is as postgresDialector.
type sqliteDialector struct{ *gormsqlite.Dialector }

// Explain gives nothing.
func (sqliteDialector) Explain(string, ...any) string { return "" }

func (sqliteDialect) Name() string       { return "sqlite" }
func (sqliteDialect) SkipLocked() string { return "" }
func (sqliteDialect) ForShare() string   { return "" }
func (sqliteDialect) ForUpdate() string  { return "" }

// TxNo counts up: there is one writer at a time, so the next number is free.
func (sqliteDialect) TxNo() string {
	return "(SELECT coalesce(max(tx_no), 0) + 1 FROM change_log)"
}

// Settled is always true: a reader sees no transaction that is still open.
func (sqliteDialect) Settled() string { return "1=1" }

// Users gives nobody.
func (sqliteDialect) Users(*gorm.DB, string) ([]string, error) { return nil, nil }

func (sqliteDialect) IsDuplicate(err error) bool {
	code := sqliteCode(err)
	return code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || code == sqlite3.SQLITE_CONSTRAINT_ROWID
}

func (sqliteDialect) IsRetryable(err error) bool {
	primary := sqliteCode(err) & 0xff // the low byte is the primary result code
	return primary == sqlite3.SQLITE_BUSY || primary == sqlite3.SQLITE_LOCKED
}

// sqliteCode is the extended result code of an error, or 0.
func sqliteCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// Analyze does nothing: the statements that need it on PostgreSQL have one
// possible plan here.
func (sqliteDialect) LockTable(*gorm.DB, string) error { return nil }

func (sqliteDialect) Analyze(*gorm.DB, string) error { return nil }

func (sqliteDialect) Stream(ctx context.Context, conn *sql.Conn, query string, args []any, row func(cells [][]byte) error) error {
	return streamSQL(ctx, conn, query, args, row)
}

func (sqliteDialect) Hex(column string) string { return "hex(" + column + ")" }

// CopyIn runs one prepared INSERT in one transaction.
func (sqliteDialect) CopyIn(ctx context.Context, db *sql.DB, table string, cols []string, next func() ([]any, bool, error)) (int64, error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("copy into %s: %w", table, err)
	}
	defer tx.Rollback() // after Commit it does nothing
	n, err := insertAll(ctx, tx, table, cols, next)
	if err != nil {
		return 0, fmt.Errorf("copy into %s: %w", table, err)
	}
	if err := tx.Commit(); err != nil {
		return 0, fmt.Errorf("copy into %s: %w", table, err)
	}
	return n, nil
}

func insertAll(ctx context.Context, tx *sql.Tx, table string, cols []string, next func() ([]any, bool, error)) (n int64, err error) {
	insert, err := tx.PrepareContext(ctx, "INSERT INTO "+table+" ("+strings.Join(cols, ", ")+
		") VALUES (?"+strings.Repeat(", ?", len(cols)-1)+")")
	if err != nil {
		return 0, err
	}
	defer insert.Close()
	for {
		row, more, err := next()
		if err != nil || !more {
			return n, err
		}
		if row, err = plainRow(row); err != nil {
			return n, err
		}
		if _, err := insert.ExecContext(ctx, row...); err != nil {
			return n, err
		}
		n++
	}
}
