package ledger_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
)

func TestOfferRoundTrip(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		want := b.offer(t, "hash")
		got, err := b.Offer(context.Background(), want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.RegistrantID != b.person || !slices.Equal(got.ConfigIDs, []string{"c1", "c2"}) || got.TxCodeHash != "hash" ||
			got.State != ledger.OfferWaiting || !got.ExpiresAt.Equal(b.clock.plus(10*time.Minute)) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if _, err := b.Offer(context.Background(), "nope"); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("unknown offer: %v, want ErrNotFound", err)
		}
	})
}

func TestRedeemOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		o := b.offer(t, "")
		r := ledger.Redemption{OfferID: o.ID, GrantID: "g1", Life: 5 * time.Minute}
		g, err := b.Redeem(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		if g.ID != "g1" || g.RegistrantID != b.person || !slices.Equal(g.ConfigIDs, o.ConfigIDs) || !g.ExpiresAt.Equal(b.clock.plus(5*time.Minute)) {
			t.Errorf("grant = %+v", g)
		}
		r.GrantID = "g2"
		if _, err := b.Redeem(ctx, r); !errors.Is(err, ledger.ErrUsed) {
			t.Errorf("second time: %v, want ErrUsed", err)
		}
		if got, _ := b.Offer(ctx, o.ID); got.State != ledger.OfferRedeemed {
			t.Errorf("state = %s, want redeemed", got.State)
		}
	})
}

func TestRedeemAtItsEnd(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		early, late := b.offer(t, ""), b.offer(t, "")
		b.clock.pass(10*time.Minute - time.Microsecond)
		if _, err := b.Redeem(ctx, ledger.Redemption{OfferID: early.ID, GrantID: "g1"}); err != nil {
			t.Errorf("a microsecond before its end: %v", err)
		}
		b.clock.pass(time.Microsecond)
		if _, err := b.Redeem(ctx, ledger.Redemption{OfferID: late.ID, GrantID: "g2"}); !errors.Is(err, ledger.ErrExpired) {
			t.Errorf("at its end: %v, want ErrExpired", err)
		}
	})
}

// Many redemptions at once, through two pools as two processes have: one wins.
func TestRedeemRace(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		ctx := context.Background()
		first, second := openURL(t, url), openURL(t, url)
		b := setup(t, first)
		other := ledger.New(second, b.clock.now)
		o := b.offer(t, "")
		var wg sync.WaitGroup
		results := make([]error, 50)
		for n := range results {
			wg.Go(func() {
				l := b.Ledger
				if n%2 == 1 {
					l = other
				}
				_, results[n] = l.Redeem(ctx, ledger.Redemption{OfferID: o.ID, GrantID: secret.RandomID(16), Life: time.Minute})
			})
		}
		wg.Wait()
		won := 0
		for _, err := range results {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, ledger.ErrUsed):
				t.Errorf("a loser got %v, want ErrUsed", err)
			}
		}
		if won != 1 || b.count(t, "issue_grant") != 1 {
			t.Errorf("%d won and %d grants, want one of each", won, b.count(t, "issue_grant"))
		}
	})
}

func TestTxCode(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		try := func(o ledger.Offer, has bool, hash string) error {
			_, err := b.Redeem(ctx, ledger.Redemption{OfferID: o.ID, HasTxCode: has, TxCodeHash: hash, GrantID: secret.RandomID(16), Life: time.Minute})
			return err
		}
		if err := try(b.offer(t, ""), true, "x"); !errors.Is(err, ledger.ErrTxCodeUnexpected) {
			t.Errorf("not asked for: %v", err)
		}
		o := b.offer(t, "right")
		if err := try(o, false, "right"); !errors.Is(err, ledger.ErrTxCodeMissing) {
			t.Errorf("missing: %v", err)
		}
		for n := 1; n < ledger.MaxTxFailures; n++ {
			if err := try(o, true, "wrong"); !errors.Is(err, ledger.ErrTxCodeWrong) {
				t.Errorf("wrong, %d: %v", n, err)
			}
		}
		if got, _ := b.Offer(ctx, o.ID); got.TxFailures != ledger.MaxTxFailures-1 || got.State != ledger.OfferWaiting {
			t.Errorf("after 4: %+v", got)
		}
		if err := try(o, true, "right"); err != nil {
			t.Errorf("right after 4 wrong: %v", err)
		}
		dead := b.offer(t, "right")
		for range ledger.MaxTxFailures {
			_ = try(dead, true, "wrong")
		}
		if err := try(dead, true, "right"); !errors.Is(err, ledger.ErrUsed) {
			t.Errorf("right after 5 wrong: %v, want ErrUsed", err)
		}
	})
}

// Parallel guesses are counted one by one: no more than five are looked at.
func TestTxCodeGuessesInParallel(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		o := b.offer(t, "right")
		errs := make([]error, 40)
		var wg sync.WaitGroup
		for n := range errs {
			wg.Go(func() {
				_, errs[n] = b.Redeem(ctx, ledger.Redemption{OfferID: o.ID, HasTxCode: true, TxCodeHash: "wrong", GrantID: secret.RandomID(16)})
			})
		}
		wg.Wait()
		looked := 0
		for _, err := range errs {
			if errors.Is(err, ledger.ErrTxCodeWrong) {
				looked++
			} else if !errors.Is(err, ledger.ErrUsed) {
				t.Errorf("got %v", err)
			}
		}
		if looked != ledger.MaxTxFailures {
			t.Errorf("%d guesses were looked at, want %d", looked, ledger.MaxTxFailures)
		}
	})
}

func TestCancelOffer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		waiting, redeemed := b.offer(t, ""), b.offer(t, "")
		g, err := b.Redeem(ctx, ledger.Redemption{OfferID: redeemed.ID, GrantID: "g", Life: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{waiting.ID, redeemed.ID} {
			if err := b.CancelOffer(ctx, id, "clerk"); err != nil {
				t.Fatal(err)
			}
		}
		if o, err := b.Offer(ctx, waiting.ID); err != nil || o.State != ledger.OfferCancelled || o.CancelledBy != "clerk" {
			t.Errorf("cancelled: %+v, %v, want it by the clerk", o, err)
		}
		if _, err := b.Redeem(ctx, ledger.Redemption{OfferID: waiting.ID, GrantID: "g2"}); !errors.Is(err, ledger.ErrUsed) {
			t.Errorf("redeem cancelled: %v", err)
		}
		if _, err := b.Reserve(ctx, b.reservation(g, b.list(t).ID, 1)); !errors.Is(err, ledger.ErrRevoked) {
			t.Errorf("reserve under a revoked grant: %v", err)
		}
		if err := b.CancelOffer(ctx, "nope", "clerk"); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("unknown: %v", err)
		}
	})
}

func openURL(t *testing.T, url string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// An id that no offer can have is not there, on either database.
func TestIdsOfAnotherFormAreNotFound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		for _, id := range []string{"", "\x00", "a\xff", "é", "a b", strings.Repeat("a", 65), strings.Repeat("a", 64), "-_azAZ09"} {
			if _, err := b.Offer(t.Context(), id); !errors.Is(err, ledger.ErrNotFound) {
				t.Errorf("offer %q: %v, want ErrNotFound", id, err)
			}
			if err := b.CancelOffer(t.Context(), id, "test"); !errors.Is(err, ledger.ErrNotFound) {
				t.Errorf("cancel %q: %v, want ErrNotFound", id, err)
			}
			if _, err := b.StatusList(t.Context(), "token", id); !errors.Is(err, ledger.ErrNotFound) {
				t.Errorf("status list %q: %v, want ErrNotFound", id, err)
			}
		}
	})
}

// Offers and grants are purged when they have been over for as long as they are
// kept, and not before.
func TestPurge(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx, keep := setup(t, d), context.Background(), 24*time.Hour
		g := b.grant(t) // its offer ends after ten minutes
		b.clock.pass(10*time.Minute + keep)
		if n, err := b.Purge(ctx, keep, 10); err != nil || n != 1 || b.count(t, "credential_offer") != 1 {
			t.Errorf("purged %d, %v; want the grant, which ended before the offer", n, err)
		}
		b.clock.pass(time.Second)
		if n, err := b.Purge(ctx, keep, 10); err != nil || n != 1 || b.count(t, "credential_offer")+b.count(t, "issue_grant") != 0 {
			t.Errorf("purged %d, %v; want the offer of %s", n, err, g.ID)
		}
	})
}
