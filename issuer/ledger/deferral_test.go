package ledger_test

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
)

func (b *bundle) deferral(g ledger.Grant) ledger.Deferral {
	return ledger.Deferral{ID: secret.RandomID(16), RegistrantID: b.person, ConfigID: "c1", GrantID: g.ID, ClientID: "w",
		Keys:      []ledger.DeferredKey{{JWK: map[string]any{"kty": "EC", "x": "a"}}, {JWK: map[string]any{"kty": "OKP"}, KID: "did:key:z#z"}},
		ExpiresAt: b.clock.plus(time.Hour)}
}

func TestDefer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		g, expires := b.grant(t), b.clock.plus(5*time.Minute)
		want := b.deferral(g)
		if err := b.Defer(ctx, want, "n1", expires); err != nil {
			t.Fatal(err)
		}
		want.State = ledger.DeferralWaiting
		if got, err := b.Deferral(ctx, want.ID); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
		if err := b.Defer(ctx, b.deferral(g), "n1", expires); !errors.Is(err, ledger.ErrUsed) {
			t.Errorf("the nonce again: %v", err)
		}
		if _, err := b.Deferral(ctx, "none"); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("unknown: %v", err)
		}
		unknown := b.deferral(g)
		unknown.GrantID = "none"
		if err := b.Defer(ctx, unknown, "n2", expires); !errors.Is(err, ledger.ErrRevoked) {
			t.Errorf("no such grant: %v", err)
		}
		for n := 1; n < ledger.MaxPerGrant; n++ {
			if err := b.Defer(ctx, b.deferral(g), secret.RandomID(16), expires); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Defer(ctx, b.deferral(g), "n3", expires); !errors.Is(err, ledger.ErrTooMany) {
			t.Errorf("one too many: %v", err)
		}
		if err := b.Deny(ctx, want.ID); err != nil {
			t.Fatal(err)
		}
		if err := b.Deny(ctx, want.ID); !errors.Is(err, ledger.ErrUsed) {
			t.Errorf("denied twice: %v", err)
		}
		if err := b.Deliver(ctx, want.ID); !errors.Is(err, ledger.ErrUsed) {
			t.Errorf("delivered after a denial: %v", err)
		}
		b.clock.pass(time.Hour + time.Minute)
		if _, err := b.Purge(ctx, time.Minute, 100); err != nil || b.count(t, "deferred_issuance") != ledger.MaxPerGrant {
			t.Errorf("at the edge: %d rows, %v", b.count(t, "deferred_issuance"), err)
		}
		b.clock.pass(time.Microsecond)
		if _, err := b.Purge(ctx, time.Minute, 100); err != nil || b.count(t, "deferred_issuance") != 0 {
			t.Errorf("%d rows are kept, %v", b.count(t, "deferred_issuance"), err)
		}
	})
}

// Of deliveries at once, by two processes, one stands; the others' reservations
// are never issued.
func TestDeliverOnce(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		b, ctx := setup(t, openURL(t, url)), context.Background()
		ledgers := []*ledger.Ledger{b.Ledger, ledger.New(openURL(t, url), b.clock.now)}
		g, list := b.grant(t), b.list(t)
		d := b.deferral(g)
		if err := b.Defer(ctx, d, "n", b.clock.plus(time.Minute)); err != nil {
			t.Fatal(err)
		}
		var won atomic.Int64
		var wg sync.WaitGroup
		for n := range 4 {
			r := b.reservation(g, list.ID, int64(n))
			r.Nonce = ""
			if _, err := b.Reserve(ctx, r); err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				switch err := ledgers[n%2].Deliver(ctx, d.ID, one(r).ID); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, ledger.ErrUsed):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var issued int64
		if err := b.db.Raw("SELECT count(*) FROM issuance WHERE state = 'issued'").Scan(&issued).Error; err != nil || issued != 1 || won.Load() != 1 {
			t.Errorf("%d issued, %d won, %v", issued, won.Load(), err)
		}
	})
}

// What is reserved together is recorded whole or not at all.
func TestRecordIsAllOrNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		g, list := b.grant(t), b.list(t)
		r := b.reservation(g, list.ID, 1)
		second := b.reservation(g, list.ID, 2)
		r.Issuances = append(r.Issuances, *one(second))
		rows, err := b.Reserve(ctx, r)
		if err != nil || len(rows) != 2 {
			t.Fatal(rows, err)
		}
		if _, err := b.Withdraw(ctx, ids(second), ledger.Closing{Reason: "r", By: ledger.ByFollower}, false); err != nil {
			t.Fatal(err)
		}
		if err := b.Record(ctx, rows[0].ID, rows[1].ID); !errors.Is(err, ledger.ErrNotReserved) {
			t.Errorf("one of two was withdrawn: %v", err)
		}
		if got, err := b.Issuance(ctx, rows[0].ID); got.State != ledger.Reserved || err != nil {
			t.Errorf("the other is %s, %v", got.State, err)
		}
		clash := b.reservation(g, list.ID, 3)
		clash.Issuances = append(clash.Issuances, *one(b.reservation(g, list.ID, 1)))
		if _, err := b.Reserve(ctx, clash); !d.Dialect.IsDuplicate(err) || b.count(t, "issuance") != 2 {
			t.Errorf("an index twice: %v, %d rows", err, b.count(t, "issuance"))
		}
	})
}

func TestNotify(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		r := b.reservation(b.grant(t), b.list(t).ID, 1)
		if _, err := b.Reserve(ctx, r); err != nil {
			t.Fatal(err)
		}
		response := one(r).ResponseID
		if err := b.Notify(ctx, response, ledger.Accepted); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("before it is issued: %v", err)
		}
		if err := b.Record(ctx, one(r).ID); err != nil {
			t.Fatal(err)
		}
		first := b.clock.t
		for _, told := range []ledger.Outcome{ledger.Accepted, ledger.Accepted, ledger.Deleted} {
			if err := b.Notify(ctx, response, told); err != nil {
				t.Fatal(err)
			}
			b.clock.pass(time.Minute)
		}
		if got, err := b.Issuance(ctx, one(r).ID); err != nil || !got.AcceptedAt.Equal(first) || !got.DeletedAt.Equal(first.Add(2*time.Minute)) || !got.FailedAt.IsZero() {
			t.Errorf("%+v, %v", got, err)
		}
		if err := b.Notify(ctx, "none", ledger.Accepted); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("unknown: %v", err)
		}
	})
}
