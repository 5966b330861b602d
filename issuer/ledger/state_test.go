package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/issuer/ledger"
)

// Two first starts at once: whatever each made, both read one set.
func TestAddKeysTwiceMakesOneSet(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, c := context.Background(), newClock()
		l := ledger.New(d, c.now)
		var wg sync.WaitGroup
		for _, who := range []string{"a", "b", "c", "d"} {
			wg.Go(func() {
				key := func(alg string) ledger.Key {
					return ledger.Key{Use: "sig", KID: who + alg, Alg: alg, Generation: 1, Wrapped: []byte(who), NotBefore: c.t, NotAfter: c.plus(time.Hour)}
				}
				if err := l.AddKeys(ctx, []ledger.Key{key("ES256"), key("EdDSA")}, ledger.Entry{Actor: "test", Reason: "first start"}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		got, revision, err := l.Keys(ctx)
		if err != nil || len(got) != 2 || got[0].Alg == got[1].Alg || revision != 2 {
			t.Fatalf("keys = %+v, %v, want one per algorithm", got, err)
		}
		for _, k := range got {
			if !bytes.Equal(k.Wrapped, []byte(k.KID[:1])) || !k.NotAfter.Equal(c.plus(time.Hour)) || !k.RevokedAt.IsZero() {
				t.Errorf("key %+v is a mixture", k)
			}
		}
	})
}

func TestConfigurationsAreSeededOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		l := ledger.New(d, newClock().now)
		seed := func(name string) error {
			return l.SeedConfigurations(ctx, []ledger.Configuration{
				{ID: "b", Position: 1, Document: map[string]any{"name": name}}, {ID: "a", Position: 2, Document: map[string]any{}}})
		}
		if err := errors.Join(seed("first"), seed("second")); err != nil {
			t.Fatal(err)
		}
		got, err := l.Configurations(ctx)
		if err != nil || len(got) != 2 || got[0].ID != "b" || got[0].Document["name"] != "first" {
			t.Errorf("configurations = %+v, %v", got, err)
		}
		// One that an administrator has removed does not come back.
		if err := d.Exec("DELETE FROM credential_configuration WHERE id = 'b'").Error; err != nil {
			t.Fatal(err)
		}
		if err := seed("third"); err != nil {
			t.Fatal(err)
		}
		if got, err = l.Configurations(ctx); err != nil || len(got) != 1 || got[0].ID != "a" {
			t.Errorf("after one was removed: %+v, %v", got, err)
		}
	})
}

func TestLeaseNeverGivesAPositionTwice(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		ctx, c := context.Background(), newClock()
		ledgers := []*ledger.Ledger{ledger.New(openURL(t, url), c.now), ledger.New(openURL(t, url), c.now)}
		const block = ledger.ListSize / 16
		var mu sync.Mutex
		var wg sync.WaitGroup
		seen := map[string]map[int64]bool{}
		for n := range 40 { // two lists and a half
			wg.Go(func() {
				b, err := ledgers[n%2].Lease(ctx, ledger.BitstringList, quarter(), block)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if seen[b.List.ID] == nil {
					seen[b.List.ID] = map[int64]bool{}
				}
				if seen[b.List.ID][b.First] || b.First%block != 0 || b.First+b.Count > b.List.Size || b.Count != block {
					t.Errorf("block %+v", b)
				}
				seen[b.List.ID][b.First] = true
			})
		}
		wg.Wait()
		lists, err := ledgers[0].StatusLists(ctx, c.t)
		if err != nil || len(lists) != 3 || len(seen) != 3 {
			t.Errorf("%d lists in use of %d, %v, want 3", len(seen), len(lists), err)
		}
		if _, err := ledgers[0].StatusList(ctx, ledger.TokenList, lists[0].ID); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("a list under another kind: %v, want ErrNotFound", err)
		}
		if _, err := ledgers[0].Lease(ctx, ledger.BitstringList, quarter(), ledger.ListSize+1); err == nil {
			t.Error("leased more than a list holds")
		}
	})
}

func TestFollowerPosition(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		l := ledger.New(d, newClock().now)
		for _, step := range []struct{ from, to, want string }{
			{"", "5", "5"}, {"5", "9", "9"}, {"5", "7", "9"}, {"", "1", "9"}, {"9", "12", "12"},
		} {
			if err := l.Advance(ctx, "f", step.from, step.to); err != nil {
				t.Fatal(err)
			}
			if got, err := l.Follower(ctx, "f"); got.Position != step.want || err != nil {
				t.Errorf("after %s → %s: %q, %v, want %q", step.from, step.to, got, err, step.want)
			}
		}
		if got, err := l.Follower(ctx, "other"); got != (ledger.Follower{}) || err != nil {
			t.Errorf("unknown follower: %q, %v", got, err)
		}
	})
}
