package db_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/dbtest"
)

// Who touched the table before is waited for, even if that was only to read; who touches
// it later, or touches another, or has ended, is not.
func TestOutlastUsers(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "postgres")
	table(t, d, "n int", "n INTEGER")
	begin := func(statement string) func() {
		t.Helper()
		tx, err := d.SQL.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { tx.Rollback() })
		if _, err := tx.Exec(statement); err != nil {
			t.Fatal(err)
		}
		return func() { tx.Rollback() }
	}
	within := func(limit time.Duration) error {
		ctx, stop := context.WithTimeout(t.Context(), limit)
		defer stop()
		return d.OutlastUsers(ctx, "t")
	}
	begin("SELECT 1")
	if err := within(5 * time.Second); err != nil {
		t.Errorf("nobody: %v", err)
	}
	reader, writer := begin("SELECT count(*) FROM t"), begin("INSERT INTO t VALUES (1)")
	if err := within(100 * time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("two have touched it: %v", err)
	}
	done := make(chan error)
	go func() { done <- within(20 * time.Second) }()
	time.Sleep(20 * time.Millisecond)
	begin("SELECT count(*) FROM t") // later, and to the end
	reader()
	select {
	case err := <-done:
		t.Fatalf("one is left: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	ended := time.Now()
	writer()
	if err := <-done; err != nil {
		t.Errorf("both have ended: %v", err)
	}
	t.Logf("known %s after the last has ended", time.Since(ended))
}

// On SQLite a writer is alone, so that nobody is waited for.
func TestOutlastUsersOfSQLite(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	table(t, d, "n int", "n INTEGER")
	err := d.Read(t.Context(), func(tx *gorm.DB) error {
		sum(t, tx)
		return d.OutlastUsers(t.Context(), "t")
	})
	if err != nil {
		t.Error(err)
	}
}
