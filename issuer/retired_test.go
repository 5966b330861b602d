package issuer_test

import (
	"context"
	"slices"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
)

// A field that is retired goes into no new credential, and one that was issued
// stays valid, also after another change of the record; taken back, it issues again.
func TestARetiredFieldIsNotIssuedAndWithdrawsNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.person(t, amina(), mandatory()...)
		_, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
		must(t, err)
		_, err = w.registry.RetireField(ctx, w.admin, "birth_date", 1, "not asked any more")
		must(t, err)
		must(t, w.tryEdit(id, map[string]string{"locality": "Kisumu"}))
		if n := w.follow(t); n != 0 {
			t.Errorf("%d were withdrawn because a field is retired", n)
		}
		issued, ready := w.standing(t, id)
		if issued[0].State != "issued" || !slices.Equal(ready.Missing, []string{"birth_date"}) {
			t.Errorf("retired: %+v, missing %v", issued[0], ready.Missing)
		}
		_, err = w.registry.ReviveField(ctx, w.admin, "birth_date", 2, "asked again")
		must(t, err)
		if _, ready = w.standing(t, id); len(ready.Missing) != 0 {
			t.Errorf("revived: missing %v", ready.Missing)
		}
	})
}
