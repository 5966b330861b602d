package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	sqlite3 "modernc.org/sqlite/lib"
)

// ErrForeign says that a SQLite file holds something else than a registry.
var ErrForeign = errors.New("the file is no registry")

// sqliteMagic begins every SQLite file that is not empty.
const sqliteMagic = "SQLite format 3\x00"

// Begun tells whether the file of a "sqlite:PATH" holds a registry, without
// creating or changing anything. A file that is absent or empty holds none yet;
// one with anything else in it is ErrForeign. Somebody made a PostgreSQL database
// on purpose, so it always counts as begun.
func Begun(ctx context.Context, url string) (bool, error) {
	path, ok := strings.CutPrefix(url, "sqlite:")
	if !ok {
		return true, nil
	}
	filled, err := looksLikeSQLite(path)
	if err != nil || !filled {
		return false, err
	}
	c, err := newSQLiteConnector(path)
	if err != nil {
		return false, err
	}
	// mode=rw makes no file, and its side files go with the last connection.
	pool := sql.OpenDB(lockConnector{driver: c.driver, dsn: "file:" + c.path + sqlitePragmas + "&mode=rw"})
	defer pool.Close()
	return holdsRegistry(ctx, pool)
}

// looksLikeSQLite reads the first bytes of a file. Error: ErrForeign.
func looksLikeSQLite(path string) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at the database file: %w", err)
	}
	defer f.Close()
	head := make([]byte, len(sqliteMagic))
	n, err := io.ReadFull(f, head)
	switch {
	case n == 0 && errors.Is(err, io.EOF):
		return false, nil
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return false, fmt.Errorf("look at the database file: %w", err)
	case string(head[:n]) != sqliteMagic:
		return false, ErrForeign
	}
	return true, nil
}

// holdsRegistry looks at the names of the tables. A first start that was killed
// may have left none, or those of the migration alone. Error: ErrForeign.
func holdsRegistry(ctx context.Context, pool *sql.DB) (bool, error) {
	var ours, others int
	err := pool.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE name = 'registrant'),
		count(*) FILTER (WHERE name NOT IN ('registrant', 'job', 'goose_db_version') AND name NOT LIKE 'sqlite\_%' ESCAPE '\')
		FROM sqlite_master WHERE type = 'table'`).Scan(&ours, &others)
	switch {
	case sqliteCode(err)&0xff == sqlite3.SQLITE_NOTADB:
		return false, ErrForeign
	case err != nil:
		return false, fmt.Errorf("look at the database file: %w", err)
	case ours == 0 && others > 0:
		return false, ErrForeign
	}
	return ours > 0, nil
}
