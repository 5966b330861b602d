package db_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
)

var start = time.Date(2026, 11, 22, 10, 0, 0, 123_456_789, time.UTC)

func clock() time.Time { return start }

func TestInTxRollsBackAndReadsTheClockOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d, "n int", "n INTEGER")
		boom := errors.New("boom")
		reads := 0
		now := func() time.Time { reads++; return start }
		err := d.InTx(t.Context(), now, func(tx *gorm.DB, now db.Time) error {
			if want := db.TimeOf(start); now != want {
				t.Errorf("now = %v, want %v", now, want)
			}
			return errors.Join(tx.Exec("INSERT INTO t VALUES (1)").Error, boom)
		})
		if !errors.Is(err, boom) || reads != 1 {
			t.Errorf("error %v after %d readings of the clock; want boom, 1", err, reads)
		}
		if n := sum(t, d.DB); n != 0 {
			t.Errorf("%d was written", n)
		}
	})
}

// Two transactions that lock the same two rows the other way round deadlock on
// PostgreSQL; both must end well.
func TestInTxRunsAgainAfterADeadlock(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d, "id int PRIMARY KEY, n int", "id INTEGER PRIMARY KEY, n INTEGER")
		if err := d.Exec("INSERT INTO t VALUES (1, 0), (2, 0)").Error; err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		var locked sync.WaitGroup
		locked.Add(2)
		runs := make(chan int, 2)
		for _, order := range [][]int{{1, 2}, {2, 1}} {
			both.Go(func() {
				tries := 0
				err := d.InTx(t.Context(), clock, func(tx *gorm.DB, _ db.Time) error {
					tries++
					if err := tx.Exec("UPDATE t SET n = n + 1 WHERE id = ?", order[0]).Error; err != nil {
						return err
					}
					if d.Dialect.Name() == "postgres" && tries == 1 { // SQLite lets one in at a time
						locked.Done()
						locked.Wait() // until both hold their first row
					}
					return tx.Exec("UPDATE t SET n = n + 1 WHERE id = ?", order[1]).Error
				})
				if err != nil {
					t.Error(err)
				}
				runs <- tries
			})
		}
		both.Wait()
		if n := sum(t, d.DB); n != 4 {
			t.Errorf("sum = %d, want 4: each transaction counts once", n)
		}
		if total := <-runs + <-runs; d.Dialect.Name() == "postgres" && total < 3 {
			t.Error("there was no deadlock: this test shows nothing")
		}
	})
}

func TestReadSeesOneMomentAndDoesNotWaitForAWriter(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d, "n int", "n INTEGER")
		err := d.Read(t.Context(), func(read *gorm.DB) error {
			before := sum(t, read)
			err := d.InTx(t.Context(), clock, func(tx *gorm.DB, _ db.Time) error {
				return tx.Exec("INSERT INTO t VALUES (5)").Error
			})
			if after := sum(t, read); after != before {
				t.Errorf("the sum moved from %d to %d inside one Read", before, after)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := sum(t, d.DB); n != 5 {
			t.Errorf("sum = %d, want 5", n)
		}
	})
}

func TestReadRefusesToWriteOnPostgreSQL(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "postgres")
	table(t, d, "n int", "")
	err := d.Read(t.Context(), func(tx *gorm.DB) error { return tx.Exec("INSERT INTO t VALUES (1)").Error })
	if err == nil {
		t.Error("a Read wrote")
	}
}

// Writers of one process queue; readers and writers of a second connection pool
// (as another process has) wait for the file.
func TestManyWriters(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		a, b := opened(t, url), opened(t, url)
		table(t, a, "n int", "n INTEGER")
		if err := a.Exec("INSERT INTO t VALUES (0)").Error; err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		const each = 25
		for _, d := range []*db.DB{a, b, a, b} {
			all.Go(func() {
				for range each {
					err := d.InTx(t.Context(), clock, func(tx *gorm.DB, _ db.Time) error {
						return tx.Exec("UPDATE t SET n = n + 1").Error
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		if n := sum(t, a.DB); n != 4*each {
			t.Errorf("sum = %d, want %d", n, 4*each)
		}
	})
}

func opened(t *testing.T, url string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// sum adds up the column n of t.
func sum(t *testing.T, d *gorm.DB) (n int) {
	t.Helper()
	if err := d.Raw("SELECT coalesce(sum(n), 0) FROM t").Scan(&n).Error; err != nil {
		t.Error(err)
	}
	return n
}

// What Besides adds is committed with the transaction, or stops it.
func TestBesidesIsPartOfTheTransaction(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		table(t, d, "n int", "n INTEGER")
		insert := func(n int, err error) func(*gorm.DB, db.Time) error {
			return func(tx *gorm.DB, _ db.Time) error {
				return errors.Join(tx.Exec("INSERT INTO t VALUES (?)", n).Error, err)
			}
		}
		boom := errors.New("boom")
		for _, tc := range []struct {
			besides func(*gorm.DB, db.Time) error
			f       error
			want    int // sum of what was written in all
		}{{insert(10, nil), nil, 11}, {insert(100, boom), nil, 11}, {insert(1000, nil), boom, 11}, {nil, nil, 12}} {
			err := d.InTx(db.Besides(t.Context(), tc.besides), clock, insert(1, tc.f))
			if got := sum(t, d.DB); got != tc.want {
				t.Errorf("sum %d, want %d: %v", got, tc.want, err)
			}
		}
	})
}
