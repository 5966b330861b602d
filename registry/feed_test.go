package registry_test

import (
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func TestFeedGivesEveryChangeOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		entries, next, err := x.Feed(t.Context(), "", 10)
		if err != nil || len(entries) != 0 || next != "" {
			t.Fatalf("an empty registry feeds %v, %q, %v", entries, next, err)
		}
		p := x.register(t, amina())
		q := x.register(t, map[string]string{"full_name": "Brian"})
		p = x.edit(t, p, map[string]string{"region": "Coast"})
		x.attest(t, p, registry.StateAttested, "", "region", "sex")
		want := []string{entry(p.ID, 1), entry(q.ID, 1), entry(p.ID, 2), entry(p.ID, 3)}
		x.follow(t, "", 10, len(want)) // from here on nothing is held back
		for _, limit := range []int{-1, 1, 2, 3, 4, 5} {
			got, end := x.follow(t, "", limit, len(want))
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("limit %d: %v, want %v", limit, got, want)
			}
			if entries, next, err := x.Feed(t.Context(), end, limit); err != nil || len(entries) != 0 || next != end {
				t.Errorf("after the end: %v, %q, %v; want the cursor %q back", entries, next, err, end)
			}
		}
		for _, bad := range []string{"x", "1", "1.2.3", "1." + uuid.NewString(), "1." + uuid.NewString() + ".x", "9223372036854775808." + uuid.NewString() + ".1"} {
			_, _, err := x.Feed(t.Context(), bad, 1)
			wantFault(t, err, fault.Invalid, "bad_cursor")
		}
	})
}

// follow reads pages of the feed until n entries have come. A transaction of another
// test in the same PostgreSQL cluster that has no lock on a table yet may hold some back
// for a moment, and PostgreSQL tells nobody when it ends.
func (x *fixture) follow(t *testing.T, cursor string, limit, n int) (got []string, next string) {
	t.Helper()
	for reads := 0; len(got) < n && reads < 20_000; reads++ {
		if reads > 0 {
			time.Sleep(5 * time.Millisecond)
		}
		entries, after, err := x.Feed(t.Context(), cursor, limit)
		if err != nil || len(entries) > max(limit, 1) {
			t.Fatalf("limit %d: %d entries, %v", limit, len(entries), err)
		}
		for _, e := range entries {
			got = append(got, entry(e.RegistrantID, e.ChainNo))
		}
		cursor = after
	}
	if len(got) != n {
		t.Fatalf("%d entries, want %d: %v", len(got), n, got)
	}
	return got, cursor
}

func entry(id uuid.UUID, chain int64) string { return fmt.Sprintf("%s/%d", id, chain) }

// A transaction that began first and commits last must not be skipped: what
// came after it is held back until it has ended.
func TestFeedWaitsForTheOldestTransaction(t *testing.T) {
	t.Parallel()
	x := newFixture(t, dbtest.New(t, "postgres"))
	p := x.register(t, amina())
	_, cursor := x.follow(t, "", 10, 1)
	slow, err := x.DB.SQL.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Rollback()
	other, err := x.DB.SQL.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Rollback()
	write := `INSERT INTO change_log SELECT registrant_id, $1, pg_current_xact_id()::text::bigint, at, actor, actor_kind, channel, reason, diff, payload_hash, prev_hash, hash FROM change_log WHERE chain_no = 1`
	if _, err := slow.ExecContext(t.Context(), write, 100); err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(t.Context(), write, 200); err != nil {
		t.Fatal(err)
	}
	q := x.register(t, map[string]string{"full_name": "Brian"}) // committed, but younger than both

	none := func(when string) {
		t.Helper()
		entries, next, err := x.Feed(t.Context(), cursor, 10)
		if err != nil || len(entries) != 0 || next != cursor {
			t.Fatalf("%s: %v, %q, %v", when, entries, next, err)
		}
	}
	none("two are open")
	if err := other.Commit(); err != nil {
		t.Fatal(err)
	}
	none("the older one is open")
	if err := slow.Commit(); err != nil {
		t.Fatal(err)
	}
	got, _ := x.follow(t, cursor, 10, 3)
	if want := []string{entry(p.ID, 100), entry(p.ID, 200), entry(q.ID, 1)}; !slices.Equal(got, want) {
		t.Errorf("entries = %v, want %v", got, want)
	}
}

// What another database of the cluster writes for long holds nobody up here, also where
// it is in the middle of ours, and is waited for by its own followers.
func TestFeedDoesNotWaitForOtherDatabases(t *testing.T) {
	t.Parallel()
	x, other := newFixture(t, dbtest.New(t, "postgres")), newFixture(t, dbtest.New(t, "postgres"))
	p := x.register(t, amina())
	open := func(y *fixture) *sql.Tx {
		t.Helper()
		tx, err := y.DB.SQL.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { tx.Rollback() })
		if _, err := tx.ExecContext(t.Context(), `SAVEPOINT s; DELETE FROM change_log WHERE chain_no = -1; SELECT pg_current_xact_id()`); err != nil {
			t.Fatal(err)
		}
		return tx
	}
	open(other)
	q := x.register(t, map[string]string{"full_name": "Brian"})
	open(other)
	got, cursor := x.follow(t, "", 10, 2)
	if want := []string{entry(p.ID, 1), entry(q.ID, 1)}; !slices.Equal(got, want) {
		t.Errorf("entries = %v, want %v", got, want)
	}
	own := open(x)
	x.register(t, map[string]string{"full_name": "Chen"})
	if entries, _, err := x.Feed(t.Context(), cursor, 10); err != nil || len(entries) != 0 {
		t.Errorf("%d entries while a transaction of this database is open, %v", len(entries), err)
	}
	other.register(t, amina())
	if entries, _, err := other.Feed(t.Context(), "", 10); err != nil || len(entries) != 0 {
		t.Errorf("the other database gives %d entries while two of its own are open, %v", len(entries), err)
	}
	if err := own.Commit(); err != nil {
		t.Fatal(err)
	}
	x.follow(t, cursor, 10, 1)
}

// A follower that reads while many write sees every change once, and those of
// one person in their order.
func TestFeedWhileMany(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		const writers, edits = 6, 8
		people := make([]registry.Person, writers)
		for i := range people {
			people[i] = x.register(t, map[string]string{"full_name": "P"})
		}
		done := make(chan struct{})
		var wg sync.WaitGroup
		for i := range people {
			wg.Go(func() {
				p := people[i]
				for n := range edits {
					var err error
					p, err = x.Edit(t.Context(), registrar(), p.ID, registry.Change{Set: map[string]string{"region": fmt.Sprint("R", n)}, ExpectVersion: p.VersionNo})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		go func() { wg.Wait(); close(done) }()
		last, seen, cursor := map[uuid.UUID]int64{}, 0, ""
		read := func() {
			entries, next, err := x.Feed(t.Context(), cursor, 5)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if e.ChainNo != last[e.RegistrantID]+1 {
					t.Errorf("%s came after %d", entry(e.RegistrantID, e.ChainNo), last[e.RegistrantID])
				}
				last[e.RegistrantID] = e.ChainNo
			}
			seen, cursor = seen+len(entries), next
		}
		for running := true; running; {
			select {
			case <-done:
				running = false
			default:
				read()
			}
		}
		x.follow(t, cursor, 5, writers*(edits+1)-seen)
		cursor, seen = "", 0
		clear(last)
		x.follow(t, "", 1000, writers*(edits+1))
		for seen < writers*(edits+1) {
			read()
		}
	})
}
