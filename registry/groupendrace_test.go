package registry_test

import (
	"testing"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// meanwhile runs a statement once, behind the next reading of memberships and in
// its transaction.
func (x *fixture) meanwhile(t *testing.T, sql string, args ...any) {
	t.Helper()
	const name = "test:meanwhile"
	queries := x.DB.Callback().Query()
	done := false
	err := queries.After("gorm:query").Register(name, func(tx *gorm.DB) {
		if done || tx.Statement.Table != "membership" {
			return
		}
		done = true
		if err := tx.Session(&gorm.Session{NewDB: true}).Exec(sql, args...).Error; err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := queries.Remove(name); err != nil || !done {
			t.Errorf("nobody read memberships, %v", err)
		}
	})
}

// Somebody joins between the reading of the members and their locks: the group has
// not ended, and the answer does not say so.
func TestTheEndOfAGroupMeetsSomebodyWhoJoins(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina", "Berta")
		g := x.group(t, "community", as("member", p[0], "2020-01-01"), as("member", p[1], "2020-01-01"))
		x.exec(t, "UPDATE membership SET end_date = start_date WHERE member_id = ?", p[1].ID)
		x.meanwhile(t, "UPDATE membership SET end_date = NULL WHERE member_id = ?", p[1].ID)
		_, _, err := x.StartGroupEnd(t.Context(), registrar(), g.ID, registry.GroupEnd{ExpectVersion: 1})
		wantFault(t, err, fault.Conflict, "changed_meanwhile")
		if got, err := x.Group(t.Context(), registrar(), g.ID); err != nil || got.Status != "ACTIVE" || got.Size != 1 {
			t.Errorf("%d members of a group that is %s, %v", got.Size, got.Status, err)
		}
		_, _, err = x.StartGroupEnd(t.Context(), registrar(), g.ID, registry.GroupEnd{ExpectVersion: 1})
		mustFit(t, err)
	})
}

// A job that ends a group is one for one day and reason, goes on after an edit, and
// tries again where somebody was in the way.
func TestTheEndOfAGroupGoesOnAfterOthers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx, a := t.Context(), x.employee(t, registry.RoleRegistrar)
		g := x.settlement(t, registry.GroupBatch+1)
		end := registry.GroupEnd{ExpectVersion: 1, Reason: "moved away"}
		j, _, err := x.StartGroupEnd(ctx, a, g.ID, end)
		mustFit(t, err)
		if same, _, err := x.StartGroupEnd(ctx, a, g.ID, end); err != nil || same.ID != j.ID {
			t.Errorf("the same again: %s, %v; want %s", same.ID, err, j.ID)
		}
		for _, other := range []registry.GroupEnd{{ExpectVersion: 1, Reason: "dissolved"}, {ExpectVersion: 1, Reason: end.Reason, On: "2026-01-01"}} {
			_, _, err = x.StartGroupEnd(ctx, a, g.ID, other)
			wantFault(t, err, fault.Conflict, "job_exists")
		}
		_, err = x.EditGroup(ctx, a, g.ID, registry.Change{Set: map[string]string{"group_name": "Lake"}, ExpectVersion: 1})
		mustFit(t, err)

		x.meanwhile(t, `UPDATE membership SET end_date = start_date WHERE group_id = ? AND member_id IN (
			SELECT member_id FROM membership WHERE group_id = ? ORDER BY is_unique_role, member_id LIMIT ?)`, g.ID, g.ID, registry.GroupBatch)
		x.work(t)
		x.Clock.Add(time.Hour)
		x.work(t)
		if done := x.jobIn(t, j.ID, registry.JobDone); done.Attempts != 2 {
			t.Errorf("%d attempts, want 2", done.Attempts)
		}
		if got, err := x.Group(ctx, a, g.ID); err != nil || got.Status != "INACTIVE" || got.Size != 0 {
			t.Errorf("%d members of a group that is %s, %v", got.Size, got.Status, err)
		}
	})
}
