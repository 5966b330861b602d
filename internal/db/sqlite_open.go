package db

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
)

// sqlitePragmas hold for every connection. A writer waits for another one
// (of this or another process) up to busy_timeout; BEGIN is IMMEDIATE, so that
// a transaction that has begun never fails for a lock later on.
const sqlitePragmas = "?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_time_format=sqlite"

// sqliteConnector makes connections with a driver of its own. A private driver
// lets chain_hash be registered without an init function and without touching
// the process-wide driver that other code may use.
type sqliteConnector struct {
	driver *sqlite.Driver
	path   string // escaped for a file: URI
}

func newSQLiteConnector(path string) (*sqliteConnector, error) {
	d := &sqlite.Driver{}
	if err := d.RegisterDeterministicScalarFunction("chain_hash", 2, chainHash); err != nil {
		return nil, fmt.Errorf("register chain_hash: %w", err)
	}
	return &sqliteConnector{driver: d, path: strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)}, nil
}

// Connect opens one connection; database/sql keeps the pool.
func (c *sqliteConnector) Connect(context.Context) (driver.Conn, error) {
	return c.driver.Open("file:" + c.path + sqlitePragmas + "&_txlock=immediate")
}

// Driver gives the private driver.
func (c *sqliteConnector) Driver() driver.Driver { return c.driver }

// chainHash is chain_hash(a, b) of SQL: SHA-256 of a followed by b; NULL if
// either is NULL, as the STRICT function on PostgreSQL.
func chainHash(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	h := sha256.New()
	for _, arg := range args {
		switch v := arg.(type) {
		case nil:
			return nil, nil
		case []byte:
			h.Write(v)
		default:
			return nil, fmt.Errorf("chain_hash: want BLOB, got %T", arg)
		}
	}
	return h.Sum(nil), nil
}

// makeFile makes the folder and the empty file, closed to other users: SQLite
// gives its side files the same mode.
func makeFile(path string) error {
	if path == "" || strings.Contains(path, ":memory:") {
		return errors.New("database URL: sqlite needs a file, as in sqlite:./var/registry.db")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make folder of the database: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("make database file: %w", err)
	}
	return f.Close()
}

// setWAL makes readers and the writer independent. The mode stays in the file;
// changing it does not wait for other processes, so they take turns by lock.
func setWAL(ctx context.Context, c *sqliteConnector) (err error) {
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	db := sql.OpenDB(c)
	defer db.Close()
	var mode string
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode=WAL").Scan(&mode); err != nil {
		return fmt.Errorf("set journal mode: %w", err)
	}
	if mode != "wal" {
		return fmt.Errorf("journal mode is %q, want wal: is the file on a network disk?", mode)
	}
	return nil
}

// lock is held by one process at a time: an exclusive transaction on a second,
// always empty SQLite file beside the database. It ends with its process, on
// every operating system.
func (c *sqliteConnector) lock(ctx context.Context) (unlock func() error, err error) {
	path := c.path + "-lock"
	db := sql.OpenDB(lockConnector{driver: c.driver, dsn: "file:" + path + "?_pragma=busy_timeout(60000)&_txlock=exclusive"})
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock the database against other processes: %w", err), db.Close())
	}
	return func() error { return errors.Join(tx.Rollback(), db.Close()) }, nil
}

type lockConnector struct {
	driver *sqlite.Driver
	dsn    string
}

func (c lockConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c lockConnector) Driver() driver.Driver                        { return c.driver }
