package issuer_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/jose"
	"socialregistry/issuer"
	"socialregistry/issuer/keys"
	"socialregistry/issuer/ledger"
)

// A database belongs to the public URL that it was first started with: a second
// one would make credentials and bundles that name another issuer.
func TestAnotherPublicURLIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.config(d)
		c.PublicURL = "https://other.example"
		_, err := issuer.New(context.Background(), c)
		if !errors.Is(err, ledger.ErrOtherURL) || !strings.Contains(err.Error(), "set SR_PUBLIC_URL="+publicURL) {
			t.Errorf("got %v, want ErrOtherURL that says what to set", err)
		}
		w.issuer(t, d) // the first one still starts
	})
}

// A key that is over or revoked does not count: the next start makes another, and
// until then the service says that it is not ready.
func TestKeysThatSignNoMoreAreReplaced(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, w *world){
		"over":    func(_ *testing.T, w *world) { w.clock.pass(5 * 366 * 24 * time.Hour) },
		"revoked": func(t *testing.T, w *world) { w.revoke(t, jose.ES256); w.revoke(t, jose.EdDSA) },
		"one":     func(t *testing.T, w *world) { w.revoke(t, jose.EdDSA) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w, ctx := newWorld(t, d), context.Background()
				must(t, w.Ready(ctx))
				end(t, w)
				again := w.issuer(t, d)
				if err := again.Ready(ctx); err != nil {
					t.Errorf("after the next start: %v", err)
				}
				if name == "over" { // the running one has the old ring
					if err := w.Ready(ctx); !errors.Is(err, keys.ErrNoKey) {
						t.Errorf("with keys that are over: %v, want ErrNoKey", err)
					}
				}
				w.Issuer = again
				id := w.person(t, amina(), mandatory()...)
				for _, config := range []string{sd, ldp} {
					if _, err := w.ask(ctx, w.token(t, id, config), config, newDIDHolder(t)); err != nil {
						t.Errorf("%s: %v", config, err)
					}
				}
				if before, after := len(w.keys(t)), len(keysAfterStart(t, w)); before != after {
					t.Errorf("a third start made keys: %d, then %d", before, after)
				}
			})
		})
	}
}

func (w *world) revoke(t *testing.T, alg string) {
	t.Helper()
	must(t, w.db.Exec("UPDATE signing_key SET revoked_at = ? WHERE use = 'sig' AND alg = ?", db.TimeOf(w.clock.now()), alg).Error)
}

func (w *world) keys(t *testing.T) []ledger.Key {
	t.Helper()
	stored, _, err := ledger.New(w.db, w.clock.now).Keys(context.Background())
	must(t, err)
	return stored
}

func keysAfterStart(t *testing.T, w *world) []ledger.Key {
	t.Helper()
	w.issuer(t, w.db)
	return w.keys(t)
}
