package issuer_test

import (
	"context"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"

	"github.com/google/uuid"
)

func TestAChangedDetailWithdrawsAndOffersAgain(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world, id uuid.UUID) error{
		"edit": func(w *world, id uuid.UUID) error {
			return w.tryEdit(id, map[string]string{"birth_date": "1991-04-05"})
		},
		"remove": func(w *world, id uuid.UUID) error { return w.tryEdit(id, map[string]string{"birth_date": ""}) },
		"reject": func(w *world, id uuid.UUID) error { return w.tryDecide(id, registry.StateRejected, "birth_date") },
		"reopen": func(w *world, id uuid.UUID) error { return w.tryDecide(id, registry.StateNew, "birth_date") },
		"revoke": func(w *world, id uuid.UUID) error { return w.tryDecide(id, registry.StateRevoked, "birth_date") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w, ctx := newWorld(t, d), context.Background()
				id := w.person(t, amina(), mandatory()...)
				_, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
				must(t, err)
				if n := w.follow(t); n != 0 {
					t.Fatalf("%d withdrawn before anything changed", n)
				}
				must(t, change(w, id))
				if n := w.follow(t); n != 1 {
					t.Fatalf("%d withdrawn, want 1", n)
				}
				issued, ready := w.standing(t, id)
				if issued[0].State != "withdrawn" || issued[0].Reason != "detail_changed" || !ready.ReissueDue || len(ready.Missing) != 1 {
					t.Errorf("after the change: %+v, %+v", issued[0], ready)
				}
				must(t, w.tryEdit(id, map[string]string{"birth_date": "1992-01-01"}))
				w.decide(t, id, registry.StateAttested, "birth_date")
				if _, ready = w.standing(t, id); !ready.ReissueDue || len(ready.Missing) != 0 {
					t.Errorf("attested again: %+v, want a re-issue that can be had", ready)
				}
				_, err = w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
				must(t, err)
				w.follow(t)
				if issued, ready = w.standing(t, id); ready.ReissueDue || ready.Live == nil || len(issued) != 2 {
					t.Errorf("after the re-issue: %+v", ready)
				}
			})
		})
	}
}

// standing gives the registrant's credentials and the readiness of the sd-jwt.
func (w *world) standing(t *testing.T, id uuid.UUID) ([]issuer.Issued, issuer.Readiness) {
	t.Helper()
	issued, err := w.Issued(context.Background(), registrant(id), id)
	must(t, err)
	ready, err := w.Readiness(context.Background(), registrant(id), id)
	must(t, err)
	return issued, ready[1]
}

// A new value that is attested before the follower looks is another value all the
// same.
func TestAnotherAttestedValueWithdraws(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.person(t, amina(), mandatory()...)
		_, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
		must(t, err)
		w.edit(t, id, map[string]string{"given_name": "Aminata"})
		w.decide(t, id, registry.StateAttested, "given_name")
		if n := w.follow(t); n != 1 {
			t.Errorf("%d withdrawn, want 1", n)
		}
		// Back to the value that was attested before somebody looks: nothing happened.
		_, err = w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
		must(t, err)
		w.edit(t, id, map[string]string{"given_name": "Amina"})
		w.edit(t, id, map[string]string{"given_name": "Aminata"})
		if n := w.follow(t); n != 0 {
			t.Errorf("%d withdrawn, want none", n)
		}
	})
}

// A change of a detail that a credential does not hold leaves it alone.
func TestAnotherDetailWithdrawsNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.person(t, amina(), mandatory()...)
		_, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
		must(t, err)
		w.edit(t, id, map[string]string{"region": "South", "sex": "other"})
		w.decide(t, id, registry.StateAttested, "region") // attested after the issue
		if n := w.follow(t); n != 0 {
			t.Errorf("%d withdrawn, want none", n)
		}
	})
}

// A reservation that was never recorded is withdrawn like any other.
func TestReservedOnesAreWithdrawnToo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.person(t, amina(), mandatory()...)
		_, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
		must(t, err)
		// A crash between the reservation and its record leaves this.
		must(t, d.Exec("UPDATE issuance SET state = 'reserved', issued_at = NULL").Error)
		w.edit(t, id, map[string]string{"given_name": "Aminata"})
		if n := w.follow(t); n != 1 {
			t.Errorf("%d withdrawn, want 1", n)
		}
	})
}

// What was withdrawn between its reservation and its signature is not handed out.
func TestWithdrawnWhileItIsSigned(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.person(t, amina(), mandatory()...)
		for name, tc := range map[string]struct {
			between func()
			denied  bool
		}{
			"nothing": {func() {}, false},
			"an edit": {func() { w.edit(t, id, map[string]string{"birth_date": "1999-09-09"}); w.follow(t) }, true},
		} {
			w.edit(t, id, map[string]string{"birth_date": "1990-04-05"})
			nonce, err := w.Nonce(ctx)
			must(t, err)
			got, err := w.CredentialWith(ctx, bearer(w.token(t, id, sd)), request(sd, newHolder(t).proof(nonce.CNonce, w.clock.now())), tc.between)
			if denied := oauth.CodeOf(err) == "credential_request_denied"; denied != tc.denied || denied == (got != nil) {
				t.Errorf("%s: %v, handed out %v, want denied %v", name, err, got != nil, tc.denied)
			}
		}
	})
}

func TestFollowSweepsWhatACrashLeft(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.person(t, amina(), mandatory()...)
		_, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
		must(t, err)
		must(t, d.Exec("UPDATE issuance SET state = 'reserved', issued_at = NULL").Error)
		w.clock.pass(5*time.Minute - time.Microsecond)
		w.follow(t)
		if issued, _ := w.standing(t, id); issued[0].State != string(ledger.Reserved) {
			t.Errorf("too early: %s", issued[0].State)
		}
		w.clock.pass(time.Minute)
		w.follow(t)
		if issued, _ := w.standing(t, id); issued[0].State != string(ledger.Failed) {
			t.Errorf("state %s, want failed", issued[0].State)
		}
	})
}
