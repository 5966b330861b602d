package ledger_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
)

// client registers one by a random id.
func (b *bundle) client(t *testing.T) string {
	t.Helper()
	id := secret.RandomID(16)
	err := b.CreateClient(context.Background(), ledger.Client{ID: id, Name: "Wallet", AuthMethod: "none"}, ledger.Entry{Actor: "test", Reason: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func disable(l *ledger.Ledger, client string, now time.Time) error {
	_, err := l.ChangeClient(context.Background(), client, ledger.Entry{Actor: "test", Reason: "test"}, func(c ledger.Client) (ledger.Client, error) {
		c.DisabledAt = now
		return c, nil
	})
	return err
}

// renewable is a grant that came with the refresh token whose hash is given.
func (b *bundle) renewable(t *testing.T, client string) (ledger.Grant, string) {
	t.Helper()
	hash := secret.RandomID(16)
	g, err := b.Redeem(context.Background(), ledger.Redemption{OfferID: b.offer(t, "").ID, GrantID: secret.RandomID(16), ClientID: client,
		Life: 5 * time.Minute, Refresh: ledger.Refresh{Hash: hash, Life: time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	return g, hash
}

// waitForLock returns when some transaction waits for another, and an error if none
// ever does. SQLite has one writer at a time: nobody waits for a row there.
func waitForLock(d *db.DB, url string) error {
	if !strings.HasPrefix(url, "postgres") {
		return nil
	}
	for range 6000 {
		var n int
		err := d.Raw("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&n).Error
		if err != nil || n > 0 {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
	return errors.New("no transaction waits for another")
}

// A token that is made while its authorization ends, by another process, ends with
// it.
func TestRevocationMeetsRenewal(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		b, ctx, second := setup(t, openURL(t, url)), context.Background(), openURL(t, url)
		other, list := ledger.New(second, b.clock.now), b.list(t)
		for n, end := range []func(g ledger.Grant) error{
			func(g ledger.Grant) error { return other.Revoke(ctx, g.Family) },
			func(g ledger.Grant) error { return other.CancelOffer(ctx, g.OfferID, "test") },
			func(g ledger.Grant) error { return disable(other, g.ClientID, b.clock.now()) },
		} {
			g, hash := b.renewable(t, b.client(t))
			var once sync.Once
			var waited error
			ended := make(chan error, 1)
			next, err := b.Renew(ctx, ledger.Renewal{Hash: hash, Life: 5 * time.Minute, Grant: func(f ledger.Grant) (ledger.Grant, error) {
				once.Do(func() {
					go func() { ended <- end(g) }()
					waited = waitForLock(second, url)
				})
				f.ID, f.Kind = secret.RandomID(16), ledger.RefreshToken
				return f, nil
			}})
			if err := errors.Join(err, waited, <-ended); err != nil {
				t.Fatalf("%d: %v", n, err)
			}
			if _, err := b.Reserve(ctx, b.reservation(next, list.ID, int64(n))); !errors.Is(err, ledger.ErrRevoked) {
				t.Errorf("%d: the new token: %v, want ErrRevoked", n, err)
			}
			if _, err := b.Renew(ctx, ledger.Renewal{Hash: hash, Life: time.Minute, Grant: func(f ledger.Grant) (ledger.Grant, error) { return f, nil }}); !errors.Is(err, ledger.ErrRevoked) {
				t.Errorf("%d: the refresh token: %v, want ErrRevoked", n, err)
			}
		}
	})
}

// No grant is made for a client that was disabled after it was authenticated.
func TestDisabledClientGetsNoGrant(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		client, offer := b.client(t), b.offer(t, "")
		if err := disable(b.Ledger, client, b.clock.now()); err != nil {
			t.Fatal(err)
		}
		_, err := b.Redeem(ctx, ledger.Redemption{OfferID: offer.ID, GrantID: "g1", ClientID: client, Life: time.Minute})
		if !errors.Is(err, ledger.ErrRevoked) {
			t.Errorf("redeem: %v, want ErrRevoked", err)
		}
		_, err = b.Authorize(ctx, ledger.Authorization{Grant: ledger.Grant{ID: "g2", Family: "g2", ClientID: client}, CodeExpires: b.clock.plus(time.Minute), Life: time.Minute})
		if !errors.Is(err, ledger.ErrRevoked) {
			t.Errorf("authorize: %v, want ErrRevoked", err)
		}
		if _, err := b.Redeem(ctx, ledger.Redemption{OfferID: offer.ID, GrantID: "g3", ClientID: "unregistered", Life: time.Minute}); err != nil {
			t.Errorf("the offer was used up: %v", err)
		}
	})
}

// While a credential of the kind is suspended, none is promised either.
func TestDeferWhileSuspended(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		g := b.grant(t)
		r := b.reservation(g, b.list(t).ID, 1)
		_, err := b.Reserve(ctx, r)
		if err := errors.Join(err, b.Record(ctx, one(r).ID)); err != nil {
			t.Fatal(err)
		}
		if n, err := b.Suspend(ctx, ids(r), ledger.Closing{Reason: "test", By: "test"}); n != 1 || err != nil {
			t.Fatalf("%d suspended, %v", n, err)
		}
		if err := b.Defer(ctx, b.deferral(g), "n1", b.clock.plus(time.Minute)); !errors.Is(err, ledger.ErrSuspended) {
			t.Errorf("%v, want ErrSuspended", err)
		}
	})
}
