package registry_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/internal/jobs"
	"socialregistry/registry"
)

// settlement is a group of n people who are imported for it.
func (x *fixture) settlement(t *testing.T, n int) registry.Group {
	t.Helper()
	file := "full_name\n"
	for i := range n {
		file += fmt.Sprintf("Villager %d\n", i)
	}
	x.load(t, file, create(), fmt.Sprint(n, " 0 0 0"))
	var ids []uuid.UUID
	if err := x.DB.Raw("SELECT id FROM registrant WHERE kind = 'person'").Scan(&ids).Error; err != nil {
		t.Fatal(err)
	}
	members := make([]registry.NewMember, len(ids))
	for i, id := range ids {
		members[i] = registry.NewMember{MemberID: id, Role: "member", Start: "2020-01-01"}
	}
	g := x.group(t, "community")
	x.addMembers(t, g.ID, members...)
	return g
}

// dies works off the jobs of one kind by a server that ends in the second
// transaction of the work.
func (x *fixture) dies(t *testing.T, kind string) {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	begun, transactions := false, 0
	r, err := registry.New(t.Context(), registry.Config{DB: x.DB, Master: x.Master, Now: func() time.Time {
		if begun {
			transactions++
		}
		if transactions == 3 { // whether the actor still may, the first part, the second
			end()
		}
		return x.Clock.Now()
	}})
	if err != nil {
		t.Fatal(err)
	}
	begun = true
	work := r.JobHandlers()[kind]
	x.drain(t, kind, func(_ context.Context, run *jobs.Run) error { return work(ctx, run) })
}

// A great group ends in batches: a job that a crash or somebody stops leaves a
// group with fewer members, another one goes on, and the day stays the same.
func TestAGreatGroupEndsInBatches(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx, a := t.Context(), x.employee(t, registry.RoleRegistrar)
		g := x.settlement(t, 2*registry.GroupBatch+2)
		start := func(e registry.GroupEnd) (registry.Job, error) {
			j, waits, err := x.StartGroupEnd(ctx, a, g.ID, e)
			if waits != (err == nil) {
				t.Errorf("waits %t, %v", waits, err)
			}
			return j, err
		}
		left := func(want int, status string) {
			t.Helper()
			if got, err := x.Group(ctx, a, g.ID); err != nil || got.Size != want || got.Status != status {
				t.Errorf("%d members of a group that is %s, %v; want %d, %s", got.Size, got.Status, err, want, status)
			}
		}
		_, err := start(registry.GroupEnd{ExpectVersion: 2})
		wantFault(t, err, fault.Conflict, "version_conflict")
		_, err = start(registry.GroupEnd{ExpectVersion: 1, On: "2019-12-31"})
		wantFault(t, err, fault.Invalid, "invalid_membership")
		_, _, err = x.StartGroupEnd(ctx, attester(), g.ID, registry.GroupEnd{ExpectVersion: 1})
		wantFault(t, err, fault.Forbidden, "not_allowed")

		j, err := start(registry.GroupEnd{ExpectVersion: 1, Reason: "moved away"})
		mustFit(t, err)
		x.dies(t, "group_end")
		left(registry.GroupBatch+2, "ACTIVE")
		if got, err := x.CancelJob(ctx, a, j.ID); err != nil || got.State != registry.JobCancelled {
			t.Errorf("cancelled: %+v, %v", got, err)
		}
		x.Clock.Add(time.Hour)
		x.work(t)
		left(registry.GroupBatch+2, "ACTIVE")

		if j, err = start(registry.GroupEnd{ExpectVersion: 1, Reason: "moved away"}); err != nil {
			t.Fatal(err)
		}
		x.dies(t, "group_end")
		left(2, "ACTIVE")
		x.Clock.Add(24 * time.Hour)
		x.work(t)
		left(0, "INACTIVE")
		done := x.jobIn(t, j.ID, registry.JobDone)
		if text := strings.ReplaceAll(string(done.Result), " ", ""); text != fmt.Sprintf(`{"ended":%d}`, registry.GroupBatch+2) || done.Progress != registry.GroupBatch+2 || done.Total != done.Progress {
			t.Errorf("done: %s, %d of %d", text, done.Progress, done.Total)
		}
		if n := x.count(t, "membership WHERE end_date = '2026-11-22'"); n != 2*registry.GroupBatch+2 {
			t.Errorf("%d memberships ended on the day of the first request", n)
		}
		mustFit(t, x.VerifyChain(ctx, g.ID))
		_, err = start(registry.GroupEnd{ExpectVersion: 1})
		wantFault(t, err, fault.Conflict, "group_ended")
	})
}
