package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"

	"gorm.io/gorm"
)

// Dialect is all that differs between the two databases once one is open.
type Dialect interface {
	// Name is "postgres" or "sqlite": also the folder of the migrations.
	Name() string
	// CopyIn writes rows into a table as fast as the database can, in a
	// transaction of its own. next gives one row and true, or false at the end. A
	// row may hold plain values, uuid.UUID, Time, Date, JSON, Bytes and pointers.
	// The table and column names are not escaped against an attacker: they must
	// come from our code.
	CopyIn(ctx context.Context, db *sql.DB, table string, cols []string, next func() ([]any, bool, error)) (int64, error)
	// Stream sends a query on a connection and hands on its rows as text, one by
	// one: see DB.Stream. The placeholders are those of the database.
	Stream(ctx context.Context, conn *sql.Conn, query string, args []any, row func(cells [][]byte) error) error
	// Hex is an SQL expression: the bytes of a column as hexadecimal digits.
	Hex(column string) string
	// IsDuplicate tells whether a primary key or unique index refused the row.
	IsDuplicate(err error) bool
	// IsRetryable tells whether the same transaction may succeed if it is run
	// again: serialization failure, deadlock, busy database.
	IsRetryable(err error) bool
	// Analyze brings the planner's statistics of a table up to date inside tx.
	Analyze(tx *gorm.DB, table string) error
	// LockTable keeps other transactions from writing a table until tx has ended:
	// those that have written it are waited for. Nothing on SQLite, see below. The
	// name must come from our code.
	LockTable(tx *gorm.DB, table string) error
	// Users names the transactions that have touched a table, for reading too, and are
	// still open; that of tx is not among them. None on SQLite, see DB.OutlastUsers. The
	// name must come from our code.
	Users(tx *gorm.DB, table string) ([]string, error)
	// SkipLocked, ForShare and ForUpdate are row-lock clauses to append to a
	// SELECT, with a leading space; empty on SQLite, where a writing transaction
	// owns the whole file (BEGIN IMMEDIATE).
	SkipLocked() string
	ForShare() string
	ForUpdate() string
	// TxNo is an SQL expression: the number of the writing transaction.
	TxNo() string
	// Settled is an SQL condition on a column tx_no: every transaction of this database
	// up to this row's has ended, so that no row can still appear before it.
	Settled() string
}

// plainRow turns driver.Valuers, pointers and named types into what both
// drivers take: int64, float64, bool, []byte, string, time.Time or nil.
func plainRow(row []any) ([]any, error) {
	plain := make([]any, len(row))
	for i, v := range row {
		p, err := driver.DefaultParameterConverter.ConvertValue(v)
		if err != nil {
			return nil, fmt.Errorf("column %d: %w", i, err)
		}
		plain[i] = p
	}
	return plain, nil
}
