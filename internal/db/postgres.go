package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	gormpg "gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// defaultPoolSize serves a few dozen concurrent requests. pgx would take the
// number of processors, far too few where a request waits for a row lock.
// pool_max_conns in the URL overrides it.
const defaultPoolSize = 16

type postgres struct{}

// openPostgres opens one pool that GORM, database/sql and COPY all share.
func openPostgres(ctx context.Context, url string) (*DB, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read database URL: %w", err) // pgx hides the password
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = defaultPoolSize
	}
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.RuntimeParams["datestyle"] = "ISO" // Stream reads dates as text
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		sendTypes(conn.TypeMap())
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	sqlDB := stdlib.OpenDBFromPool(pool)
	closeAll := func() error {
		err := sqlDB.Close()
		pool.Close()
		return err
	}
	d, err := newDB(ctx, postgres{}, sqlDB, postgresDialector{&gormpg.Dialector{Config: &gormpg.Config{Conn: sqlDB}}})
	if err != nil {
		return nil, errors.Join(err, closeAll())
	}
	d.close = closeAll
	return d, nil
}

// postgresDialector keeps GORM from writing out each statement with its values, which
// it does for a log that nobody keeps: it costs time, and the values are personal data.
type postgresDialector struct{ *gormpg.Dialector }

// Explain gives nothing.
func (postgresDialector) Explain(string, ...any) string { return "" }

func (postgres) Name() string       { return "postgres" }
func (postgres) SkipLocked() string { return " FOR UPDATE SKIP LOCKED" }
func (postgres) ForShare() string   { return " FOR SHARE" }
func (postgres) ForUpdate() string  { return " FOR UPDATE" }
func (postgres) TxNo() string       { return "pg_current_xact_id()::text::bigint" }

// Settled ends before the oldest transaction that the snapshot knows as open. Those of
// other databases of the cluster are left out, as they write nothing here: they are told
// by a lock on a table of theirs, and stay in if they have none, or if that is not sure.
// The locks are asked for only if something is open; the numbers in them have 32 bits.
func (postgres) Settled() string {
	return `tx_no < (SELECT coalesce(min(open.no), pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
		FROM (SELECT xid::text::bigint AS no FROM pg_snapshot_xip(pg_current_snapshot()) AS xid) AS open
		WHERE open.no % 4294967296 NOT IN (SELECT own.transactionid::text::bigint FROM pg_locks AS own
			WHERE own.locktype = 'transactionid' AND own.mode = 'ExclusiveLock' AND own.granted AND own.virtualtransaction IN (
				SELECT elsewhere.virtualtransaction FROM pg_locks AS elsewhere WHERE elsewhere.locktype = 'relation'
				AND elsewhere.database NOT IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())))))`
}

func (postgres) IsDuplicate(err error) bool {
	return pgCode(err) == "23505" // unique_violation
}

func (postgres) IsRetryable(err error) bool {
	code := pgCode(err)
	return code == "40001" || code == "40P01" // serialization_failure, deadlock_detected
}

// pgCode is the SQLSTATE of an error, or "".
func pgCode(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func (postgres) Analyze(tx *gorm.DB, table string) error {
	return tx.Exec("ANALYZE " + pgx.Identifier{table}.Sanitize()).Error
}

func (postgres) LockTable(tx *gorm.DB, table string) error {
	return tx.Exec("LOCK TABLE " + table + " IN SHARE ROW EXCLUSIVE MODE").Error
}

// Users asks who holds a lock on the table: every statement takes one before it takes its
// snapshot, and keeps it until its transaction ends. A virtual transaction has its number
// before it has written anything, and no two of them ever have the same.
func (postgres) Users(tx *gorm.DB, table string) (users []string, err error) {
	err = tx.Raw(`SELECT DISTINCT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND granted AND relation = CAST(CAST(? AS text) AS regclass)
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid IS DISTINCT FROM pg_backend_pid()`, table).Scan(&users).Error
	return users, err
}

// Stream reads the messages of the server as they come: no value is made of them.
func (postgres) Stream(ctx context.Context, conn *sql.Conn, query string, args []any, row func(cells [][]byte) error) error {
	return conn.Raw(func(driverConn any) error {
		c, ok := driverConn.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("connection is a %T", driverConn)
		}
		rows, err := c.Conn().Query(ctx, query, append([]any{pgx.QueryResultFormats{pgx.TextFormatCode}}, args...)...)
		if err != nil {
			return fmt.Errorf("stream rows: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			if err := row(rows.RawValues()); err != nil {
				return err
			}
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("stream rows: %w", err)
		}
		return nil
	})
}

func (postgres) Hex(column string) string { return "encode(" + column + ", 'hex')" }

// CopyIn streams by COPY in binary form. A COPY cannot join a GORM transaction
// (its connection is not to be had), so it is a transaction of its own.
func (postgres) CopyIn(ctx context.Context, db *sql.DB, table string, cols []string, next func() ([]any, bool, error)) (int64, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return 0, fmt.Errorf("copy into %s: %w", table, err)
	}
	defer conn.Close()
	var n int64
	err = conn.Raw(func(driverConn any) error {
		c, ok := driverConn.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("connection is a %T", driverConn)
		}
		n, err = c.Conn().CopyFrom(ctx, pgx.Identifier{table}, cols, pgx.CopyFromFunc(func() ([]any, error) {
			row, more, err := next()
			if err != nil || !more {
				return nil, err
			}
			return copyRow(row)
		}))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("copy into %s: %w", table, err)
	}
	return n, nil
}

// copyRow is plainRow for COPY: its binary form takes a timestamp as time.Time and,
// quickest, a UUID as bytes, while it reads dates and JSON from text.
func copyRow(row []any) ([]any, error) {
	plain, err := plainRow(row)
	for i := range plain {
		switch v := row[i].(type) {
		case Time:
			plain[i] = v.Time
		case *Time:
			if v != nil {
				plain[i] = v.Time
			}
		case uuid.UUID:
			plain[i] = [16]byte(v)
		}
	}
	return plain, err
}
