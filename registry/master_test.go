package registry_test

import (
	"errors"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/registry"
)

// A database belongs to the master key of its first start. Another one is
// refused before it writes anything.
func TestDatabaseIsBoundToItsMasterKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if bound, err := registry.HasMasterKey(t.Context(), d); err != nil || bound {
			t.Errorf("new database: bound %v, %v", bound, err)
		}
		x := newFixture(t, d)
		if bound, err := registry.HasMasterKey(t.Context(), d); err != nil || !bound {
			t.Errorf("after the first start: bound %v, %v", bound, err)
		}
		c := registry.Config{DB: d, Master: x.Master, Now: x.Clock.Now}
		if _, err := registry.New(t.Context(), c); err != nil {
			t.Errorf("the same key: %v", err)
		}
		fields := x.count(t, "field_definition")
		x.exec(t, "DELETE FROM field_definition WHERE no = 1")
		c.Master = secret.NewMaster()
		if _, err := registry.New(t.Context(), c); !errors.Is(err, registry.ErrOtherMasterKey) {
			t.Errorf("another key: %v, want ErrOtherMasterKey", err)
		}
		if n := x.count(t, "field_definition"); n != fields-1 || x.count(t, "master_key_check") != 1 {
			t.Errorf("another key wrote: %d field definitions, want %d", n, fields-1)
		}
	})
}
