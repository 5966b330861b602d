package issuer_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/issuer/verify"
	"socialregistry/registry"
)

// What the office says of a credential holds for the papers of it: they say the same.
// Whoever says something of a paper, and a person who gives a credential up, means that
// one alone.
func TestAPaperGoesWithItsCredential(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ctx := t.Context()
		fields := []string{"given_name", "family_name", "birth_date", "sex", "region"}
		id, other := w.person(t, amina(), fields...), w.person(t, amina(), fields...)
		wallet := w.issueSD(t, id)
		credential := w.live(t, id)[0].ID
		paper, stranger := w.print(t, registrant(id), id, "given_name"), w.print(t, registrant(other), other, "given_name")
		for n, c := range []struct {
			what          string
			step          func(context.Context, registry.Actor, uuid.UUID, string) error
			actor         registry.Actor
			of            uuid.UUID
			wallet, paper verify.Outcome
		}{
			{"the paper is suspended", w.Suspend, w.admin, paper.ID, verify.Genuine, verify.Suspended},
			{"and restored", w.Restore, w.admin, paper.ID, verify.Genuine, verify.Genuine},
			{"the credential is suspended", w.Suspend, w.admin, credential, verify.Suspended, verify.Suspended},
			{"and restored", w.Restore, w.admin, credential, verify.Genuine, verify.Genuine},
			{"the credential is withdrawn", w.Withdraw, w.admin, credential, verify.Withdrawn, verify.Withdrawn},
		} {
			must(t, c.step(ctx, c.actor, c.of, "looked into"))
			if got := w.checked(t, wallet).Outcome; got != c.wallet {
				t.Errorf("%d, %s: the credential is %s, want %s", n, c.what, got, c.wallet)
			}
			if got := w.checked(t, paper.Code).Outcome; got != c.paper {
				t.Errorf("%d, %s: the paper is %s, want %s", n, c.what, got, c.paper)
			}
		}
		if got := w.checked(t, stranger.Code).Outcome; got != verify.Genuine {
			t.Errorf("somebody else's paper is %s", got)
		}
		w.givenUp(t, other, stranger.Code)
	})
}

// givenUp holds that a person who gives up the credential in a wallet keeps the paper.
func (w *world) givenUp(t *testing.T, id uuid.UUID, paper string) {
	t.Helper()
	wallet := w.issueSD(t, id)
	for _, row := range w.live(t, id) {
		if row.Format == verify.FormatSDJWT {
			must(t, w.Withdraw(t.Context(), registrant(id), row.ID, "a new phone"))
		}
	}
	if a, b := w.checked(t, wallet).Outcome, w.checked(t, paper).Outcome; a != verify.Withdrawn || b != verify.Genuine {
		t.Errorf("given up: the credential is %s, the paper %s", a, b)
	}
}
