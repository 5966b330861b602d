package db_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
)

// TestBegun tells a registry from what is none, and leaves no file behind.
func TestBegun(t *testing.T) {
	t.Parallel()
	sqlite, err := os.ReadFile(sqlitePath(dbtest.URL(t, "sqlite")))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content []byte // nil: no file
		begun   bool
		foreign bool
	}{
		"no file":              {nil, false, false},
		"empty":                {[]byte{}, false, false},
		"a registry":           {sqlite, true, false},
		"text":                 {[]byte("module socialregistry\n\ngo 1.26\n"), false, true},
		"short text":           {[]byte("x"), false, true},
		"its first bytes only": {append([]byte("SQLite format 3\x00"), make([]byte, 4096)...), false, true},
		"other tables":         {otherDatabase(t), false, true},
	} {
		folder := t.TempDir()
		file := filepath.Join(folder, "x.db")
		files := 0
		if c.content != nil {
			files = 1
			if err := os.WriteFile(file, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		begun, err := db.Begun(t.Context(), "sqlite:"+file)
		if begun != c.begun || errors.Is(err, db.ErrForeign) != c.foreign || err != nil != c.foreign {
			t.Errorf("%s: %v, %v", name, begun, err)
		}
		if left, err := os.ReadDir(folder); err != nil || len(left) != files {
			t.Errorf("%s: left behind: %v, %v", name, left, err)
		}
	}
	if begun, err := db.Begun(t.Context(), "postgres://nowhere/none"); !begun || err != nil {
		t.Errorf("PostgreSQL: %v, %v", begun, err)
	}
}

func sqlitePath(url string) string { return url[len("sqlite:"):] }

// otherDatabase is a SQLite file of another program.
func otherDatabase(t *testing.T) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "other.db")
	d := opened(t, "sqlite:"+file)
	for _, statement := range []string{"CREATE TABLE bookmark (id INTEGER)", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if err := d.Exec(statement).Error; err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
