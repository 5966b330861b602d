package ledger_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
)

// claimed is a ledger of a database that has an issuer, in its first generation.
func claimed(t *testing.T, d *db.DB) *bundle {
	t.Helper()
	b := setup(t, d)
	if _, err := b.Claim(context.Background(), "https://issuer.example"); err != nil {
		t.Fatal(err)
	}
	return b
}

// consent stores what the person agreed to.
func (b *bundle) consent(t *testing.T) string {
	t.Helper()
	ctx, request := context.Background(), secret.RandomID(16)
	c := ledger.Consent{ID: secret.RandomID(16), RegistrantID: b.person, ClientID: "wallet", Details: map[string][]string{"c1": {"given_name"}}}
	err := b.Push(ctx, ledger.PushedRequest{ID: request, ClientID: "wallet", Document: map[string]any{}}, time.Minute)
	if err = errors.Join(err, b.Decide(ctx, request, &c, time.Hour)); err != nil {
		t.Fatal(err)
	}
	return c.ID
}

// Whatever led to a credential before a restore may have been ended after the
// backup: nothing of it leads anywhere.
func TestRecoverEndsAuthorizations(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := claimed(t, d), context.Background()
		list, byOffer, waiting := b.list(t), b.grant(t), b.offer(t, "")
		id := secret.RandomID(16)
		byCode, err := b.Authorize(ctx, ledger.Authorization{Life: time.Minute, CodeExpires: b.clock.plus(time.Minute), Refresh: ledger.Refresh{Hash: "refresh", Life: time.Hour},
			Grant: ledger.Grant{ID: id, Family: id, Kind: ledger.AuthorizationCode, RegistrantID: b.person, ConfigIDs: []string{"c1"}, ClientID: "wallet", ConsentID: b.consent(t)}})
		pushed := ledger.PushedRequest{ID: secret.RandomID(16), ClientID: "wallet", Document: map[string]any{}}
		if err = errors.Join(err, b.Push(ctx, pushed, time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Recover(ctx, ledger.Recovery{Generation: 2}, ledger.Entry{Actor: "test", Reason: "restored"}); err != nil {
			t.Fatal(err)
		}
		for n, g := range []ledger.Grant{byOffer, byCode} {
			if _, err := b.Reserve(ctx, b.reservation(g, list.ID, int64(n))); !errors.Is(err, ledger.ErrRevoked) {
				t.Errorf("grant %d: %v, want ErrRevoked", n, err)
			}
		}
		again := func(g ledger.Grant) (ledger.Grant, error) { g.ID = secret.RandomID(16); return g, nil }
		if _, err := b.Renew(ctx, ledger.Renewal{Hash: "refresh", Life: time.Minute, Grant: again}); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("refresh token: %v, want ErrNotFound", err)
		}
		if _, err := b.Redeem(ctx, ledger.Redemption{OfferID: waiting.ID, GrantID: secret.RandomID(16), Life: time.Minute}); !errors.Is(err, ledger.ErrUsed) {
			t.Errorf("offer: %v, want ErrUsed", err)
		}
		if o, err := b.Offer(ctx, waiting.ID); err != nil || o.State != ledger.OfferCancelled || o.CancelledBy != ledger.ByRestore {
			t.Errorf("offer %+v, %v", o, err)
		}
		if _, err := b.Pushed(ctx, pushed.ID); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("pushed request: %v, want ErrNotFound", err)
		}
		if g := b.grant(t); g.ID == "" {
			t.Error("nothing can be offered after")
		}
	})
}

// A list that an earlier recovery closed is void as far as it is ever found to reach,
// and one of which only states are known gets those.
func TestRecoverTwice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := claimed(t, d), context.Background()
		list, why := b.list(t), ledger.Entry{Actor: "test", Reason: "restored"}
		r := b.reservation(b.grant(t), list.ID, 7)
		_, err := b.Reserve(ctx, r)
		if err = errors.Join(err, b.Record(ctx, one(r).ID)); err != nil {
			t.Fatal(err)
		}
		for n, step := range []struct {
			known ledger.RecoveredList
			void  int64
			again int
		}{
			{ledger.RecoveredList{StandingList: ledger.StandingList{StatusList: ledger.StatusList{ID: list.ID}}, Suspended: []int64{7}}, 1, 1},
			{ledger.RecoveredList{StandingList: ledger.StandingList{StatusList: list, Seq: 1, Leased: 512}, Withdrawn: []int64{7}}, 512, 1},
			{ledger.RecoveredList{StandingList: ledger.StandingList{StatusList: list, Seq: 1, Leased: 256}, Withdrawn: []int64{7}}, 512, 0},
		} {
			again, err := b.Recover(ctx, ledger.Recovery{Generation: int64(n + 2), Lists: []ledger.RecoveredList{step.known}}, why)
			if err != nil {
				t.Fatal(err)
			}
			got, err := b.StatusList(ctx, ledger.TokenList, list.ID)
			if err != nil || got.VoidBelow != step.void || again != step.again {
				t.Errorf("recovery %d: void below %d, %d again, %v; want %d, %d", n, got.VoidBelow, again, err, step.void, step.again)
			}
		}
		if n := b.count(t, "status_list"); n != 1 {
			t.Errorf("%d lists, want 1", n)
		}
	})
}
