package db_test

import (
	"os"
	"os/exec"
	"sync"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
)

func TestMigrateTwiceIsAsOnce(t *testing.T) {
	t.Parallel()
	for _, name := range dbtest.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := opened(t, dbtest.EmptyURL(t, name))
			for range 2 {
				if err := db.Migrate(t.Context(), d); err != nil {
					t.Fatal(err)
				}
			}
			var jobs int
			if err := d.Raw("SELECT count(*) FROM job").Scan(&jobs).Error; err != nil {
				t.Error(err)
			}
		})
	}
}

// Eight processes start on one new database: without the lock several of them
// fail with "already exists".
func TestManyProcessesMigrateAtOnce(t *testing.T) {
	t.Parallel()
	for _, name := range dbtest.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := dbtest.EmptyURL(t, name)
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					cmd := exec.Command(os.Args[0])
					cmd.Env = append(os.Environ(), migrateURL+"="+url)
					if out, err := cmd.CombinedOutput(); err != nil {
						t.Errorf("%v: %s", err, out)
					}
				})
			}
			all.Wait()
		})
	}
}
