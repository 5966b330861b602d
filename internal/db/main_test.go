package db_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
)

// migrateURL makes the test binary a small program that migrates one database:
// the way to have several processes start at once.
const migrateURL = "SR_TEST_MIGRATE_URL"

func TestMain(m *testing.M) {
	url := os.Getenv(migrateURL)
	if url == "" {
		dbtest.Main(m)
	}
	if err := openAndMigrate(url); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func openAndMigrate(url string) error {
	ctx := context.Background()
	d, err := db.Open(ctx, url)
	if err != nil {
		return err
	}
	defer d.Close()
	return db.Migrate(ctx, d)
}

// table makes a scratch table t.
func table(t *testing.T, d *db.DB, postgres, sqlite string) {
	t.Helper()
	columns := map[string]string{"postgres": postgres, "sqlite": sqlite}[d.Dialect.Name()]
	strict := map[string]string{"sqlite": " STRICT"}[d.Dialect.Name()]
	if err := d.Exec("CREATE TABLE t (" + columns + ")" + strict).Error; err != nil {
		t.Fatal(err)
	}
}
