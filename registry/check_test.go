package registry_test

import (
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// CheckEdit says what Edit would say and writes nothing.
func TestCheckEditForetellsEdit(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		change := func(set map[string]string) registry.Change {
			return registry.Change{Set: set, Reason: "visit", ExpectVersion: p.VersionNo}
		}
		got, err := x.CheckEdit(t.Context(), registrar(), p.ID, change(map[string]string{"region": " Coast ", "email": "", "sex": "female"}))
		if err != nil || len(got) != 2 {
			t.Fatalf("%+v, %v", got, err)
		}
		if got[0].Field != "email" || got[0].New != "" || got[1].Field != "region" || got[1].Old != "Nyanza" || got[1].New != "Coast" {
			t.Errorf("changes = %+v", got)
		}
		if now, err := x.Person(t.Context(), registrar(), p.ID); err != nil || now.VersionNo != p.VersionNo || now.Values["region"].Text != "Nyanza" {
			t.Errorf("the check wrote: %+v, %v", now, err)
		}
		_, err = x.CheckEdit(t.Context(), registrar(), p.ID, change(map[string]string{"birth_date": "2999-01-01"}))
		wantFault(t, err, fault.Invalid, "invalid_values")
		_, err = x.CheckEdit(t.Context(), self(p.ID), p.ID, change(map[string]string{"birth_date": "1980-01-01"}))
		wantFault(t, err, fault.Invalid, "invalid_values")
		stale := change(nil)
		stale.ExpectVersion++
		_, err = x.CheckEdit(t.Context(), registrar(), p.ID, stale)
		wantFault(t, err, fault.Conflict, "version_conflict")
		_, err = x.CheckEdit(t.Context(), attester(), p.ID, change(nil))
		wantFault(t, err, fault.Forbidden, "not_allowed")
	})
}

func TestQueuesHoldWhoNeedsADecision(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ask := func() map[registry.Queue]int {
			counts, err := x.QueueCounts(t.Context(), attester())
			if err != nil {
				t.Fatal(err)
			}
			return counts
		}
		want := func(undecided, changed, rejected int) {
			t.Helper()
			got := ask()
			if got[registry.QueueUndecided] != undecided || got[registry.QueueChanged] != changed || got[registry.QueueRejected] != rejected {
				t.Errorf("queues = %v, want %d, %d, %d", got, undecided, changed, rejected)
			}
		}
		p := x.register(t, map[string]string{"given_name": "Amina", "region": "Nyanza"})
		x.register(t, map[string]string{"given_name": "Otieno"})
		want(2, 0, 0)
		x.attest(t, p, registry.StateAttested, "", "region")
		want(2, 0, 0) // of the name nobody has decided
		x.attest(t, p, registry.StateAttested, "", "given_name")
		want(1, 0, 0)
		p = x.edit(t, p, map[string]string{"region": "Coast"})
		want(1, 1, 0)
		x.attest(t, p, registry.StateRejected, "no proof", "region")
		want(1, 0, 1)
		page, err := x.QueuePage(t.Context(), attester(), registry.QueueRejected, "", 1)
		if err != nil || len(page.People) != 1 || page.People[0].ID != p.ID || page.Next != "" {
			t.Errorf("page = %+v, %v", page, err)
		}
		p = x.edit(t, p, map[string]string{"region": ""})
		want(1, 0, 0)
		_, err = x.QueuePage(t.Context(), attester(), "nonsense", "", 1)
		wantFault(t, err, fault.Invalid, "bad_query")
		_, err = x.QueueCounts(t.Context(), self(p.ID))
		wantFault(t, err, fault.Forbidden, "not_allowed")
	})
}
