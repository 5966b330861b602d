package ledger_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/issuer/ledger"
)

// A grant leads to so many credentials of one configuration and no more, however
// many ask at once.
func TestAGrantLeadsToAFewCredentials(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		b, ctx := setup(t, openURL(t, url)), context.Background()
		others := []*ledger.Ledger{b.Ledger, ledger.New(openURL(t, url), b.clock.now)}
		g, list := b.grant(t), b.list(t)
		var made, refused atomic.Int64
		var wg sync.WaitGroup
		for n := range 4 * ledger.MaxPerGrant {
			r := b.reservation(g, list.ID, int64(n))
			wg.Go(func() {
				switch _, err := others[n%2].Reserve(ctx, r); {
				case err == nil:
					made.Add(1)
				case errors.Is(err, ledger.ErrTooMany):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if made.Load() != ledger.MaxPerGrant || refused.Load() != 3*ledger.MaxPerGrant {
			t.Errorf("%d made, %d refused, want %d made", made.Load(), refused.Load(), ledger.MaxPerGrant)
		}
		other := b.reservation(g, list.ID, 100)
		one(other).ConfigID = "c2"
		if _, err := b.Reserve(ctx, other); err != nil {
			t.Errorf("another configuration of the grant: %v", err)
		}
		if _, err := b.Reserve(ctx, b.reservation(b.grant(t), list.ID, 101)); err != nil {
			t.Errorf("another grant: %v", err)
		}
	})
}

// issueTheOther issues the second configuration of a grant and gives the offer.
func (b *bundle) issueTheOther(t *testing.T, g ledger.Grant, list string) ledger.Offer {
	t.Helper()
	r, ctx := b.reservation(g, list, 99), context.Background()
	one(r).ConfigID = "c2"
	if _, err := b.Reserve(ctx, r); err != nil {
		t.Fatal(err)
	}
	if err := b.Record(ctx, one(r).ID); err != nil {
		t.Fatal(err)
	}
	o, err := b.Offer(ctx, g.OfferID)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Of two last credentials of an offer at once, one finds it complete.
func TestTwoLastCredentialsAtOnceCompleteTheOffer(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		b, ctx := setup(t, openURL(t, url)), context.Background()
		other, list := ledger.New(openURL(t, url), b.clock.now), b.list(t)
		for n := range 20 {
			g := b.grant(t)
			first, second := b.reservation(g, list.ID, int64(2*n)), b.reservation(g, list.ID, int64(2*n+1))
			one(second).ConfigID = "c2"
			for _, r := range []ledger.Reservation{first, second} {
				if _, err := b.Reserve(ctx, r); err != nil {
					t.Fatal(err)
				}
			}
			done := make(chan error, 1)
			go func() { done <- other.Record(ctx, one(second).ID) }()
			if err := errors.Join(b.Record(ctx, one(first).ID), <-done); err != nil {
				t.Fatal(err)
			}
			if o, err := b.Offer(ctx, g.OfferID); o.State != ledger.OfferIssued {
				t.Fatalf("offer %d is %s, %v, want issued", n, o.State, err)
			}
		}
	})
}

// Whoever has a newer good credential needs no new one.
func TestAStandingReissueOnlyWithoutAGoodCredential(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		g, list := b.grant(t), b.list(t)
		old, good, open := b.reservation(g, list.ID, 1), b.reservation(g, list.ID, 2), b.reservation(g, list.ID, 3)
		for _, r := range []ledger.Reservation{old, good, open} {
			if _, err := b.Reserve(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(b.Record(ctx, one(old).ID), b.Record(ctx, one(good).ID)); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			withdraw ledger.Reservation
			due      int
		}{{old, 0}, {good, 1}} { // the open one may never be recorded
			if n, err := b.Withdraw(ctx, ids(step.withdraw), ledger.Closing{Reason: "r", By: ledger.ByFollower}, true); n != 1 || err != nil {
				t.Fatal(n, err)
			}
			if due, err := b.Reissues(ctx, b.person); len(due) != step.due || err != nil {
				t.Errorf("due: %+v, %v, want %d", due, err, step.due)
			}
		}
	})
}

// The first URL is the database's for good, whoever else starts at the same time.
func TestClaim(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l, ctx := ledger.New(d, newClock().now), context.Background()
		var won atomic.Int64
		var wg sync.WaitGroup
		for n := range 8 {
			url := "https://" + strings.Repeat("a", n+1) + ".example"
			wg.Go(func() {
				switch owner, err := l.Claim(ctx, url); {
				case err == nil && owner == url:
					won.Add(1)
				case !errors.Is(err, ledger.ErrOtherURL) || owner == url:
					t.Errorf("%s: %s, %v", url, owner, err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d URLs own the database, want 1", won.Load())
		}
	})
}
