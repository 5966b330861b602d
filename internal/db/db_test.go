package db_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
)

func TestChainHash(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, b := bytes.Repeat([]byte{7}, 32), []byte("payload")
		want := sha256.Sum256(append(append([]byte{}, a...), b...))
		var got db.Bytes
		if err := d.Raw("SELECT chain_hash(?, ?)", db.Bytes(a), db.Bytes(b)).Row().Scan(&got); err != nil || !bytes.Equal(got, want[:]) {
			t.Errorf("chain_hash = %x, %v; want %x", got, err, want)
		}
		if err := d.Raw("SELECT chain_hash(?, NULL)", db.Bytes(a)).Row().Scan(&got); err != nil || got != nil {
			t.Errorf("chain_hash with NULL = %x, %v; want NULL", got, err)
		}
	})
}

func TestIsDuplicate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d, "id uuid PRIMARY KEY, k text UNIQUE, n int NOT NULL", "id TEXT NOT NULL PRIMARY KEY, k TEXT UNIQUE, n INTEGER NOT NULL")
		id := uuid.New()
		insert := func(id uuid.UUID, k string, n any) error {
			return d.Exec("INSERT INTO t VALUES (?, ?, ?)", id, k, n).Error
		}
		if err := insert(id, "a", 1); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			err  error
			want bool
		}{
			"primary key":  {insert(id, "b", 1), true},
			"unique index": {insert(uuid.New(), "a", 1), true},
			"joined":       {errors.Join(errors.New("insert"), insert(id, "c", 1)), true},
			"not null":     {insert(uuid.New(), "d", nil), false},
			"no error":     {nil, false},
		} {
			if got := d.Dialect.IsDuplicate(c.err); got != c.want {
				t.Errorf("%s: duplicate = %v, want %v (%v)", name, got, c.want, c.err)
			}
		}
	})
}

func TestCopyIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d, "id uuid, n int, flag boolean, at timestamptz, day date, j jsonb, b bytea, note text, ended timestamptz, began timestamptz",
			"id TEXT, n INTEGER, flag INTEGER, at TEXT, day TEXT, j TEXT, b BLOB, note TEXT, ended TEXT, began TEXT")
		cols := strings.Split("id,n,flag,at,day,j,b,note,ended,began", ",")
		const want = 1000
		began := db.TimeOf(start)
		rows := func(fail error) func() ([]any, bool, error) {
			n := 0
			return func() ([]any, bool, error) {
				if n++; n > want {
					return nil, false, fail
				}
				return []any{uuid.New(), n, n%2 == 0, db.TimeOf(start), db.Date("2020-02-29"), db.JSON{"k": "v"}, db.Bytes{1, 2}, (*string)(nil), (*db.Time)(nil), &began}, true, nil
			}
		}
		count := func() (n int) {
			if err := d.Raw("SELECT count(*) FROM t WHERE at = ? AND b = ? AND j->>'k' = 'v' AND note IS NULL AND ended IS NULL AND began = at", db.TimeOf(start), db.Bytes{1, 2}).Scan(&n).Error; err != nil {
				t.Error(err)
			}
			return n
		}
		broken := errors.New("line 7 is broken")
		if _, err := d.Dialect.CopyIn(t.Context(), d.SQL, "t", cols, rows(broken)); err == nil || !strings.Contains(err.Error(), broken.Error()) {
			t.Errorf("error of the source = %v, want %v", err, broken)
		}
		if n := count(); n != 0 {
			t.Errorf("a failed copy left %d rows", n)
		}
		if n, err := d.Dialect.CopyIn(t.Context(), d.SQL, "t", cols, rows(nil)); n != want || err != nil {
			t.Errorf("copied %d, %v; want %d", n, err, want)
		}
		if n := count(); n != want {
			t.Errorf("found %d rows, want %d", n, want)
		}
		if err := d.Dialect.Analyze(d.DB, "t"); err != nil {
			t.Error(err)
		}
	})
}

func TestOpenNamesTheProblem(t *testing.T) {
	t.Parallel()
	const password = "hunter2secret"
	for url, want := range map[string]string{
		"mysql://x":               "must begin with",
		"":                        "must begin with",
		"sqlite:":                 "needs a file",
		"sqlite::memory:":         "needs a file",
		"sqlite:/dev/null/x/r.db": "folder",
		"postgres://u:" + password + "@127.0.0.1:1/x?connect_timeout=1": "reach the postgres database",
		"postgres://u:" + password + "@127.0.0.1:port/x":                "read database URL",
	} {
		d, err := db.Open(context.Background(), url)
		if err == nil {
			d.Close()
			t.Errorf("%q opened", url)
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q in it", url, err, want)
		}
		if strings.Contains(err.Error(), password) {
			t.Errorf("the password is in the error: %v", err)
		}
	}
}

func TestSQLiteFileIsClosedToOthers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new folder", "100% r?gistry#.db") // characters that mean something in a URI
	if err := openAndMigrate("sqlite:" + path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode = %o, want 600", got)
	}
	if info.Size() == 0 {
		t.Error("the migrations went to another file")
	}
}
