package registry_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// sent is a statement as the product sent it.
type sent struct {
	sql  string
	args []any
	rows int64 // that it gave or touched, but for those of Row
}

// capture remembers the statements of one database while f runs.
func capture(t testing.TB, d *db.DB, f func()) []sent {
	t.Helper()
	var mu sync.Mutex
	var all []sent
	note := func(tx *gorm.DB) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, sent{tx.Statement.SQL.String(), slices.Clone(tx.Statement.Vars), tx.RowsAffected})
	}
	const name = "test:capture"
	callbacks := d.WithContext(context.Background()).Callback()
	for _, err := range []error{
		callbacks.Row().After("gorm:row").Register(name, note), callbacks.Query().After("gorm:query").Register(name, note),
		callbacks.Raw().After("gorm:raw").Register(name, note), callbacks.Create().After("gorm:create").Register(name, note),
		callbacks.Update().After("gorm:update").Register(name, note), callbacks.Delete().After("gorm:delete").Register(name, note),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	f()
	for _, err := range []error{callbacks.Row().Remove(name), callbacks.Query().Remove(name), callbacks.Raw().Remove(name),
		callbacks.Create().Remove(name), callbacks.Update().Remove(name), callbacks.Delete().Remove(name)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// among gives the statements that hold a text.
func among(all []sent, part string) []sent {
	return slices.DeleteFunc(slices.Clone(all), func(s sent) bool { return !strings.Contains(s.sql, part) })
}
