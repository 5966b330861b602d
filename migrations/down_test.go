package migrations_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/migrations"
)

// Every migration is taken back, the last one first, and made again: nothing is
// left in between, and all is as it was in the end.
func TestMigrationsGoDownAndUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dialect, schema := goose.DialectPostgres, postgresSchema
		if d.Dialect.Name() == "sqlite" {
			dialect, schema = goose.DialectSQLite3, sqliteSchema
		}
		files, err := migrations.For(d.Dialect.Name())
		if err != nil {
			t.Fatal(err)
		}
		provider, err := goose.NewProvider(dialect, d.SQL, files, goose.WithDisableGlobalRegistry(true))
		if err != nil {
			t.Fatal(err)
		}
		before := schema(t, d)
		if _, err := provider.DownTo(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		for _, fact := range schema(t, d) {
			if !strings.HasPrefix(fact, "goose_db_version") {
				t.Errorf("after the way down there is %s", fact)
			}
		}
		if _, err := provider.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after := schema(t, d); !slices.Equal(before, after) {
			for _, problem := range compare(before, after, map[string]string{}) {
				t.Error(problem)
			}
		}
	})
}
