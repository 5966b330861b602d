package issuer_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
)

// holders makes people that have one credential each, and lets the follower read
// so far.
func (w *world) holders(t *testing.T, n int) []uuid.UUID {
	t.Helper()
	people := make([]uuid.UUID, n)
	for k := range people {
		people[k] = w.person(t, amina(), mandatory()...)
		_, err := w.ask(context.Background(), w.token(t, people[k], sd), sd, newHolder(t))
		must(t, err)
	}
	w.follow(t)
	return people
}

// One record that cannot be read holds nobody up: its credentials end, those of
// the others are judged as ever, and it is told once.
func TestABadRecordHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil  string // of one registrant
		told   bool
		reason string
	}{
		"its key is broken":   {"UPDATE record_key SET wrapped = (SELECT chain_head FROM registrant LIMIT 1) WHERE registrant_id = ?", true, "record_unreadable"},
		"it is erased":        {"DELETE FROM record_key WHERE registrant_id = ?", false, "record_gone"},
		"its hash is no hash": {"UPDATE issuance SET fields = '{\"given_name\": \"!\"}' WHERE registrant_id = ?", false, "detail_changed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := newWorld(t, d)
				people := w.holders(t, 3)
				bad, changed, same := people[0], people[1], people[2]
				w.edit(t, bad, map[string]string{"region": "South"})
				w.edit(t, same, map[string]string{"region": "South"})
				w.edit(t, changed, map[string]string{"birth_date": "1991-01-01"})
				must(t, d.Exec(tc.spoil, bad).Error)
				n, told := w.followPast(t)
				if n != 2 || told != tc.told {
					t.Errorf("%d withdrawn, told %v; want 2 and %v", n, told, tc.told)
				}
				if n, told = w.followPast(t); n != 0 || told {
					t.Errorf("again: %d withdrawn, told %v", n, told)
				}
				if len(w.live(t, same)) != 1 {
					t.Error("somebody else's credential was withdrawn")
				}
				w.closed(t, bad, tc.reason, ledger.ByFollower)
				w.closed(t, changed, "detail_changed", ledger.ByFollower)
			})
		})
	}
}

// A fault of the whole registry is nobody's record: nothing is withdrawn, and the
// follower reads the same again.
func TestAFaultOfTheRegistryWithdrawsNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.holders(t, 1)[0]
		w.edit(t, id, map[string]string{"birth_date": "1991-01-01"})
		w.settle(t)
		must(t, d.Exec("ALTER TABLE field_revision RENAME TO away").Error)
		if _, n, err := w.Follow(ctx); err == nil || errors.Is(err, issuer.ErrUnreadable) || n != 0 {
			t.Errorf("withdrew %d, %v; want a failure and nothing withdrawn", n, err)
		}
		must(t, d.Exec("ALTER TABLE away RENAME TO field_revision").Error)
		if n := w.follow(t); n != 1 {
			t.Errorf("afterwards %d withdrawn, want 1", n)
		}
	})
}

// settle waits until the feed shows all that was written: on PostgreSQL it hides
// what is not below the oldest open transaction, of other tests too.
func (w *world) settle(t *testing.T) {
	t.Helper()
	for hidden := int64(1); hidden > 0; {
		must(t, w.db.Raw("SELECT count(*) FROM change_log WHERE NOT ("+w.db.Dialect.Settled()+")").Scan(&hidden).Error)
	}
}

// followPast is follow that goes on over records that cannot be read; told says
// whether there was one.
func (w *world) followPast(t *testing.T) (withdrawn int, told bool) {
	t.Helper()
	for {
		var hidden int64
		must(t, w.db.Raw("SELECT count(*) FROM change_log WHERE NOT ("+w.db.Dialect.Settled()+")").Scan(&hidden).Error)
		caughtUp, n, err := w.Follow(context.Background())
		if err != nil && !errors.Is(err, issuer.ErrUnreadable) {
			t.Fatal(err)
		}
		withdrawn, told = withdrawn+n, told || err != nil
		if caughtUp && hidden == 0 {
			return withdrawn, told
		}
	}
}

// closed checks why and by whom a person's only credential was closed.
func (w *world) closed(t *testing.T, id uuid.UUID, reason, by string) {
	t.Helper()
	rows, err := ledger.New(w.db, w.clock.now).Issuances(context.Background(), id)
	must(t, err)
	if len(rows) != 1 || rows[0].State != ledger.Withdrawn || rows[0].Reason != reason || rows[0].ClosedBy != by {
		t.Errorf("%+v, want one withdrawn for %s by %s", rows, reason, by)
	}
}

func TestWhoWithdrewIsRecorded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.holders(t, 1)[0]
		must(t, w.Withdraw(ctx, w.admin, w.live(t, id)[0].ID, "lost phone"))
		w.closed(t, id, "lost phone", w.admin.AccountID.String())
		o, err := w.CreateOffer(ctx, w.admin, id, []string{sd}, false)
		must(t, err)
		must(t, w.CancelOffer(ctx, registrant(id), o.ID))
		row, err := ledger.New(d, w.clock.now).Offer(ctx, o.ID)
		must(t, err)
		if row.State != ledger.OfferCancelled || row.CancelledBy == "" || row.CancelledBy == row.CreatedBy {
			t.Errorf("cancelled by %q, created by %q", row.CancelledBy, row.CreatedBy)
		}
	})
}

// Behind counts from the oldest change that was not read, or from the follower's
// last move if that is later.
func TestBehind(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		id := w.person(t, amina())
		w.follow(t)
		w.clock.pass(time.Hour)
		w.behind(t, 0) // idle is not behind
		w.edit(t, id, map[string]string{"region": "South"})
		w.clock.pass(7 * time.Minute)
		w.behind(t, 7*time.Minute)
		w.follow(t)
		w.behind(t, 0)
	})
}

// behind waits until every change can be seen, then asks.
func (w *world) behind(t *testing.T, want time.Duration) {
	t.Helper()
	w.settle(t)
	if got, err := w.Behind(context.Background()); got != want || err != nil {
		t.Errorf("behind by %s, %v, want %s", got, err, want)
	}
}
