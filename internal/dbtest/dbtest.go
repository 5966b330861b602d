package dbtest

import (
	"context"
	"fmt"
	"os"
	"testing"

	"socialregistry/internal/db"
)

// Main runs the tests of a package and stops the cluster that they started.
// Call it from TestMain: func TestMain(m *testing.M) { dbtest.Main(m) }.
func Main(m *testing.M) {
	code := m.Run()
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "dbtest:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Names lists the databases that every database test runs on.
func Names() []string { return []string{"postgres", "sqlite"} }

// Each runs f as one subtest per database, in parallel, each on a database of
// its own.
func Each(t *testing.T, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	EachURL(t, func(t *testing.T, url string) { f(t, open(t, url)) })
}

// EachURL is Each for tests that start processes or open the database twice.
func EachURL(t *testing.T, f func(t *testing.T, url string)) {
	t.Helper()
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, URL(t, name))
		})
	}
}

// New gives a fresh, migrated database that is closed and dropped when the test
// ends. name is "postgres" or "sqlite".
func New(t *testing.T, name string) *db.DB {
	t.Helper()
	return open(t, URL(t, name))
}

// URL makes a fresh, migrated database and gives its address for db.Open or
// DATABASE_URL. It is dropped when the test ends.
func URL(t *testing.T, name string) string {
	t.Helper()
	return database(t, name, migrated)
}

// EmptyURL is URL without migrations.
func EmptyURL(t *testing.T, name string) string {
	t.Helper()
	return database(t, name, empty)
}

func open(t *testing.T, url string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return d
}

// content is what a new database holds.
type content bool

const (
	empty    content = false
	migrated content = true
)

func database(t *testing.T, name string, c content) string {
	t.Helper()
	switch name {
	case "postgres":
		return shared.postgresDatabase(t, c)
	case "sqlite":
		return shared.sqliteDatabase(t, c)
	}
	t.Fatalf("dbtest: no database %q", name)
	return ""
}

// migrate opens url, migrates it and closes it.
func migrate(url string) error {
	ctx := context.Background()
	d, err := db.Open(ctx, url)
	if err != nil {
		return err
	}
	defer d.Close()
	return db.Migrate(ctx, d)
}
