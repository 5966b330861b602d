package db

import (
	"context"
	"database/sql"
	"fmt"

	"gorm.io/gorm"
)

// Rows sends a query and hands on its rows one by one, so that none is kept. A
// cell is text, or nil for NULL; it is good until row returns.
type Rows func(query string, args []any, row func(cells [][]byte) error) error

// Stream runs f in a transaction that only reads and sees one moment of the
// database, as Read does, and besides gives it Rows for results of any size. On
// PostgreSQL it takes no transaction number, so that nobody waits for it.
func (d *DB) Stream(ctx context.Context, f func(tx *gorm.DB, rows Rows) error) error {
	return d.WithContext(ctx).Connection(func(g *gorm.DB) error {
		conn, ok := g.Statement.ConnPool.(*sql.Conn)
		if !ok {
			return fmt.Errorf("stream rows: the connection is a %T", g.Statement.ConnPool)
		}
		return g.Transaction(func(tx *gorm.DB) error {
			return f(tx, func(query string, args []any, row func(cells [][]byte) error) error {
				built := tx.Raw(query, args...).Statement // our ? as the database writes them
				return d.Dialect.Stream(ctx, conn, built.SQL.String(), built.Vars, row)
			})
		}, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	})
}

// streamSQL is Stream for any driver of database/sql.
func streamSQL(ctx context.Context, conn *sql.Conn, query string, args []any, row func(cells [][]byte) error) error {
	rows, err := conn.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("stream rows: %w", err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("stream rows: %w", err)
	}
	raw, cells, into := make([]sql.RawBytes, len(names)), make([][]byte, len(names)), make([]any, len(names))
	for i := range raw {
		into[i] = &raw[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("stream rows: %w", err)
		}
		for i := range raw {
			cells[i] = raw[i]
		}
		if err := row(cells); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("stream rows: %w", err)
	}
	return nil
}
