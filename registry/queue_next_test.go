package registry_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/attestation"
)

func TestNextInQueueGoesFromOneToTheNext(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		a, b, c := x.register(t, amina()), x.register(t, map[string]string{"full_name": "Brian"}), x.register(t, map[string]string{"full_name": "Chebet"})
		next := func(q registry.Queue, after string) uuid.UUID {
			t.Helper()
			id, _, err := x.NextInQueue(t.Context(), attester(), q, after)
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		page, err := x.QueuePage(t.Context(), attester(), registry.QueueUndecided, "", 10)
		if err != nil || len(page.People) != 3 {
			t.Fatal(len(page.People), err)
		}
		x.attest(t, b, registry.StateAttested, "", "full_name") // has left the queue, and the place is still one
		for _, step := range []struct {
			after string
			want  uuid.UUID
		}{{"", a.ID}, {page.Places[a.ID], c.ID}, {page.Places[b.ID], c.ID}, {page.Places[c.ID], uuid.Nil}} {
			if got := next(registry.QueueUndecided, step.after); got != step.want {
				t.Errorf("after %q comes %s, want %s", step.after, got, step.want)
			}
		}
		if _, _, err := x.NextInQueue(t.Context(), attester(), "no_such_queue", ""); fault.KindOf(err) != fault.Invalid {
			t.Errorf("unknown queue: %v", err)
		}
		if _, _, err := x.NextInQueue(t.Context(), attester(), registry.QueueUndecided, "AAAA"); fault.CodeOf(err) != "bad_cursor" {
			t.Errorf("a place that is none: %v", err)
		}
		if _, _, err := x.NextInQueue(t.Context(), self(a.ID), registry.QueueUndecided, ""); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a registrant: %v", err)
		}
		x.attest(t, b, registry.StateRejected, "not readable", "full_name")
		if next(registry.QueueRejected, "") != b.ID || next(registry.QueueResubmitted, "") != uuid.Nil {
			t.Error("a rejected value is not in its queue")
		}
		x.edit(t, b, map[string]string{"full_name": "Brian Otieno"})
		if next(registry.QueueResubmitted, "") != b.ID || next(registry.QueueRejected, "") != uuid.Nil {
			t.Error("a new value after a rejection is not in its queue")
		}
	})
}

func TestAnAttestationThatEndsSoonIsDue(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.define(t, registry.Field{Key: "income", Type: registry.TypeText, Label: label("Income"), Attestable: true, Attestation: attestation.Policy{ValidDays: 60}})
		p := x.register(t, map[string]string{"full_name": "Brian", "income": "low"})
		x.attest(t, p, registry.StateAttested, "", "income")
		for _, step := range []struct {
			wait              time.Duration
			expiring, expired int
		}{{0, 0, 0}, {31 * 24 * time.Hour, 1, 0}, {30 * 24 * time.Hour, 0, 1}} {
			x.Clock.Add(step.wait)
			counts, err := x.QueueCounts(t.Context(), attester())
			if err != nil || counts[registry.QueueExpiring] != step.expiring || counts[registry.QueueExpired] != step.expired {
				t.Errorf("after %s: %v, %v", step.wait, counts, err)
			}
		}
	})
}

func TestOpenCountsAreOfWhatOneMaySee(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, map[string]string{"full_name": "Brian", "email": "b@example.org"})
		x.attest(t, p, registry.StateRejected, "not readable", "email")
		if _, err := x.AppealDecision(t.Context(), self(p.ID), p.ID, "email", "It is readable."); err != nil {
			t.Fatal(err)
		}
		if _, err := x.RequestChange(t.Context(), registrar(), p.ID, registry.Change{Set: map[string]string{"full_name": "Bryan"}, Reason: "so it is spelt", ExpectVersion: p.VersionNo}, false); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			actor registry.Actor
			want  registry.OpenCounts
		}{{attester(), registry.OpenCounts{Requests: 1, Appeals: 1}}, {registrar(), registry.OpenCounts{Requests: 1}}} {
			if got, err := x.OpenCounts(t.Context(), c.actor); err != nil || got != c.want {
				t.Errorf("%v: %+v, %v", c.actor.Roles, got, err)
			}
		}
		if _, err := x.OpenCounts(t.Context(), self(p.ID)); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a registrant: %v", err)
		}
	})
}
