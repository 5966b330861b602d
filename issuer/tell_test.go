package issuer_test

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// told gives the kinds of a registrant's messages, oldest first.
func (w *world) told(t *testing.T, id uuid.UUID) []string {
	t.Helper()
	list, err := w.Messages(context.Background(), registrant(id))
	must(t, err)
	var kinds []string
	for _, m := range list {
		kinds = append(kinds, m.Kind)
	}
	slices.Sort(kinds)
	return kinds
}

// What the registry could not read for a while is told afterwards.
func TestAFaultOfTheRegistryLosesNoMessage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		id := w.person(t, amina())
		w.follow(t)
		w.edit(t, id, map[string]string{"region": "South"})
		w.settle(t)
		must(t, d.Exec("ALTER TABLE field_revision RENAME TO away").Error)
		if _, _, err := w.Follow(context.Background()); err == nil {
			t.Error("nothing was said of the fault")
		}
		must(t, d.Exec("ALTER TABLE away RENAME TO field_revision").Error)
		w.follow(t)
		if got := w.told(t, id); !slices.Equal(got, []string{"details_changed"}) {
			t.Errorf("told %v, want details_changed", got)
		}
	})
}

// Whoever is registered is told what others did to the record and what became of the
// credentials: each thing once, the copies of a batch together, and nobody else.
func TestThePersonIsTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id, other := w.person(t, amina(), mandatory()...), w.person(t, amina())
		_, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
		must(t, err)
		row := w.live(t, id)[0].ID
		must(t, w.Suspend(ctx, w.admin, row, "lost"))
		must(t, w.Restore(ctx, w.admin, row, "found"))
		w.edit(t, id, map[string]string{"birth_date": "1991-04-05"})
		w.decide(t, id, registry.StateRejected, "birth_date")
		for range 3 { // again tells nothing again
			w.follow(t)
		}
		want := []string{"credential_issued", "credential_restored", "credential_suspended", "credential_withdrawn", "details_attested", "details_changed", "details_rejected"}
		if got := w.told(t, id); !slices.Equal(got, want) {
			t.Errorf("told %v, want %v", got, want)
		}
		if got := w.told(t, other); len(got) != 0 {
			t.Errorf("another is told %v", got)
		}
		list, _ := w.Messages(ctx, registrant(id))
		for _, m := range list {
			if m.ReadAt.IsZero() {
				t.Errorf("%s is not marked as read", m.Kind)
			}
			if m.Kind == "credential_withdrawn" && (m.Reason != "detail_changed" || m.ConfigID != sd) || m.Kind == "details_rejected" && !slices.Equal(m.Fields, []string{"birth_date"}) {
				t.Errorf("message %+v", m)
			}
		}
		for _, a := range []registry.Actor{w.admin, {}} {
			if _, err := w.Messages(ctx, a); fault.KindOf(err) != fault.Forbidden && fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("%s reads messages: %v", a.Name, err)
			}
		}
	})
}

// Whoever holds a credential for a ward or a household is told what becomes of it, once,
// and the ward is too.
func TestWhoHoldsForOthersIsTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		child, guardian := w.ward(t, "2019-04-05", "")
		head, spouse := w.person(t, amina()), w.person(t, amina())
		home := w.household(t, head, spouse, child)
		_, err := w.ask(ctx, w.tokenBy(t, registrant(head), home, householdSD), householdSD, newHolder(t))
		must(t, err)
		must(t, w.Suspend(ctx, w.admin, w.live(t, child)[0].ID, "lost"))
		must(t, w.Suspend(ctx, w.admin, w.live(t, home)[0].ID, "lost"))
		for range 3 {
			w.follow(t)
		}
		want := []string{"credential_issued", "credential_suspended"}
		for name, id := range map[string]uuid.UUID{"the guardian": guardian, "the ward": child, "the head": head} {
			got := slices.DeleteFunc(w.told(t, id), func(kind string) bool { return kind == issuer.TellAttested })
			if !slices.Equal(got, want) {
				t.Errorf("%s is told %v, want %v", name, got, want)
			}
		}
		for name, id := range map[string]uuid.UUID{"the spouse": spouse, "the household": home} {
			list, err := w.MessagesOf(ctx, w.admin, id, "", 0)
			must(t, err)
			for _, m := range list.Messages {
				if m.ConfigID != "" {
					t.Errorf("%s is told %s", name, m.Kind)
				}
			}
		}
	})
}

// A message that comes after a younger one was read is marked as read all the same.
func TestALateMessageIsMarkedAsRead(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.person(t, amina())
		book := ledger.New(d, w.clock.now)
		for n, age := range []time.Duration{0, time.Hour} { // the younger one first
			must(t, book.WriteMessages(ctx, []ledger.Message{{RegistrantID: id, Kind: issuer.TellLooked, At: w.clock.now().Add(-age), Source: strconv.Itoa(n)}}, ledger.Outgoing{}))
			if n, err := w.Unread(ctx, registrant(id)); err != nil || n != 1 {
				t.Errorf("%d unread, %v, want 1", n, err)
			}
			w.told(t, id) // looks at the page
			if n, err := w.Unread(ctx, registrant(id)); err != nil || n != 0 {
				t.Errorf("%d unread after the page, %v, want 0", n, err)
			}
		}
	})
}

// What becomes of a request, an appeal, an attestation and a part in a programme is told,
// each in its own words: not a second time as a change of a detail.
func TestDecisionsAreTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.person(t, amina())
		self := registrant(id)
		ask := func(field, value string) registry.RequestVersion {
			made, err := w.registry.RequestChange(ctx, self, id, registry.Change{Set: map[string]string{field: value}}, false)
			must(t, err)
			return registry.RequestVersion{ID: made[0].ID, Version: made[0].Version}
		}
		_, err := w.registry.ApproveRequest(ctx, w.admin, ask("locality", "Maralal"), registry.Approve{})
		must(t, err)
		_, err = w.registry.RejectRequest(ctx, w.admin, ask("email", "a@example.org"), "not yours")
		must(t, err)
		taken := ask("postal_code", "20600")
		_, err = w.registry.WithdrawRequest(ctx, self, taken, "")
		must(t, err)
		w.decide(t, id, registry.StateRejected, "birth_date")
		_, err = w.registry.AppealDecision(ctx, self, id, "birth_date", "It is mine.")
		must(t, err)
		open, err := w.registry.Appeals(ctx, w.admin, "", 0)
		must(t, err)
		second := w.admin
		second.AccountID, second.Name = uuid.New(), "second"
		_, err = w.registry.DeclineAppeal(ctx, second, open.Appeals[0].ID, "It is not.")
		must(t, err)
		w.decide(t, id, registry.StateAttested, "sex")
		w.decide(t, id, registry.StateRevoked, "sex")
		_, err = w.registry.DefineProgramme(ctx, w.admin, registry.Programme{Code: "cash", Label: map[string]string{"en": "Cash"}, Start: "2020-01-01"}, "new")
		must(t, err)
		for _, status := range []registry.EnrolmentStatus{registry.EnrolmentEnrolled, registry.EnrolmentSuspended, registry.EnrolmentExited} {
			p, err := w.registry.Person(ctx, registry.System(), id)
			must(t, err)
			_, err = w.registry.Enrol(ctx, w.admin, id, registry.EnrolmentChange{Programme: "cash", Status: status, Reason: "board", ExpectVersion: p.VersionNo})
			must(t, err)
		}
		for range 3 {
			w.follow(t)
		}
		want := []string{"appeal_declined", "details_attested", "details_rejected", "details_revoked", "programme_enrolled", "programme_exited", "programme_suspended", "request_approved", "request_rejected"}
		if got := w.told(t, id); !slices.Equal(got, want) {
			t.Errorf("told %v, want %v", got, want)
		}
		list, err := w.Messages(ctx, self)
		must(t, err)
		for _, m := range list {
			if m.Reason != "" {
				t.Errorf("%s holds words: %q", m.Kind, m.Reason)
			}
		}
	})
}
