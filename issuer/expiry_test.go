package issuer_test

import (
	"context"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
	"socialregistry/registry/attestation"
)

// TestAnExpiredAttestationIssuesNothing: from the moment on at which the clock
// passes the end, before anybody has written so; and what was issued is withdrawn
// once it is written.
func TestAnExpiredAttestationIssuesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		f, err := w.registry.Field(ctx, "birth_date")
		must(t, err)
		f.Attestation = attestation.Policy{ValidDays: 1}
		_, err = w.registry.UpdateField(ctx, w.admin, f, "papers are looked at again")
		must(t, err)
		id := w.person(t, amina(), mandatory()...)
		_, err = w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
		must(t, err)

		w.clock.pass(24*time.Hour - time.Second)
		token := w.token(t, id, sd)
		w.clock.pass(time.Second)
		if _, err := w.ask(ctx, token, sd, newHolder(t)); oauth.CodeOf(err) != "credential_request_denied" {
			t.Errorf("issued from what expired at this moment: %v", err)
		}
		if _, ready := w.standing(t, id); len(ready.Missing) != 1 {
			t.Errorf("missing = %v", ready.Missing)
		}
		n, err := w.registry.ExpireAttestations(ctx, registry.System())
		if err != nil || n != 1 {
			t.Errorf("expired %d, %v", n, err)
		}
		if n := w.follow(t); n != 1 {
			t.Errorf("%d withdrawn, want 1", n)
		}
	})
}
