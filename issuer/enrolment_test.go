package issuer_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// An enrolment is issued as any other attested fact, and the credential is
// withdrawn when it ends.
func TestAnEnrolmentIsIssuedAndWithdrawn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		_, err := w.registry.DefineProgramme(ctx, w.admin, registry.Programme{Code: "cash", Label: map[string]string{"en": "Cash transfer"}, Start: "2020-01-01"}, "")
		must(t, err)
		w.claimAlso(t, "programme_cash", "cash_transfer")
		id := w.person(t, amina(), mandatory()...)
		w.enrol(t, id, "cash", registry.EnrolmentEnrolled)
		w.decide(t, id, registry.StateAttested, "programme_cash")

		credential, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
		must(t, err)
		if got := claimsOf(t, credential); got["cash_transfer"] != "ENROLLED" {
			t.Errorf("claims %v", got)
		}
		if n := w.follow(t); n != 0 {
			t.Errorf("%d withdrawn before anything changed", n)
		}
		w.enrol(t, id, "cash", registry.EnrolmentExited)
		if n := w.follow(t); n != 1 {
			t.Errorf("%d withdrawn, want 1", n)
		}
		if issued, _ := w.standing(t, id); issued[0].Reason != "detail_changed" {
			t.Errorf("withdrawn for %q", issued[0].Reason)
		}
	})
}

// claimAlso lets the SD-JWT say one field more.
func (w *world) claimAlso(t testing.TB, field, name string) {
	t.Helper()
	stored, err := ledger.New(w.db, w.clock.now).Configurations(context.Background())
	must(t, err)
	for _, s := range stored {
		if s.ID != sd {
			continue
		}
		fields, _ := s.Document["fields"].([]any)
		s.Document["fields"] = append(fields, claim(field, name, false))
		must(t, w.db.Exec("UPDATE credential_configuration SET document = ? WHERE id = ?", db.JSON(s.Document), sd).Error)
	}
	w.Issuer = w.issuer(t, w.db)
}

func (w *world) enrol(t testing.TB, id uuid.UUID, programme string, status registry.EnrolmentStatus) {
	t.Helper()
	p, err := w.registry.Person(context.Background(), w.admin, id)
	must(t, err)
	_, err = w.registry.Enrol(context.Background(), w.admin, id, registry.EnrolmentChange{Programme: programme, Status: status, ExpectVersion: p.VersionNo})
	must(t, err)
}
