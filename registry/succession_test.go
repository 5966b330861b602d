package registry_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func TestTheHeadLeavesWithASuccessor(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina", "Brian", "Chi")
		g := x.group(t, "household", as("head", p[0], "2019-03-01"), as("spouse", p[1], "2019-03-01"))
		end := func(e registry.MembershipEnd) error { return x.EndMembership(t.Context(), registrar(), g.ID, e) }
		wantFault(t, end(registry.MembershipEnd{MemberID: p[0].ID, Seq: 1}), fault.Conflict, "head_needed")
		wantFault(t, end(registry.MembershipEnd{MemberID: p[0].ID, Seq: 1, NextHead: p[0].ID}), fault.Conflict, "head_needed")
		wantFault(t, end(registry.MembershipEnd{MemberID: p[0].ID, Seq: 1, NextHead: p[2].ID}), fault.Conflict, "not_a_member")
		wantFault(t, end(registry.MembershipEnd{MemberID: p[0].ID, Seq: 1, NextHead: uuid.New()}), fault.Conflict, "not_a_member")
		err := end(registry.MembershipEnd{MemberID: p[1].ID, Seq: 1, NextHead: p[0].ID})
		if got := fields(err); !slices.Equal(got, []string{"next_head:not_head"}) {
			t.Errorf("%v", err)
		}
		want := []string{"Amina head 2019-03-01/", "Brian spouse 2019-03-01/"}
		if got := x.members(t, g.ID, registry.MemberQuery{All: true}); !slices.Equal(got, want) {
			t.Errorf("after refusals: %v", got)
		}
		if err := end(registry.MembershipEnd{MemberID: p[0].ID, Seq: 1, On: "2025-01-01", NextHead: p[1].ID, Reason: "died"}); err != nil {
			t.Fatal(err, fields(err))
		}
		want = []string{"Amina head 2019-03-01/2025-01-01", "Brian head 2025-01-01/", "Brian spouse 2019-03-01/2025-01-01"}
		if got := x.members(t, g.ID, registry.MemberQuery{All: true}); !slices.Equal(got, want) {
			t.Errorf("members: %v", got)
		}
		wantFault(t, end(registry.MembershipEnd{MemberID: p[0].ID, Seq: 1}), fault.Conflict, "membership_ended")
		wantFault(t, end(registry.MembershipEnd{MemberID: p[0].ID, Seq: 2}), fault.NotFound, "no_such_membership")
		wantFault(t, end(registry.MembershipEnd{MemberID: p[2].ID, Seq: 1}), fault.NotFound, "no_such_membership")
		wantFault(t, end(registry.MembershipEnd{MemberID: p[1].ID, Seq: 2}), fault.Conflict, "head_needed") // the last one: end the group
		for on, code := range map[string]string{"2024-12-31": "end_before_start", "2026-11-23": "date_in_future"} {
			err := end(registry.MembershipEnd{MemberID: p[1].ID, Seq: 2, On: on, NextHead: p[0].ID})
			if got := fields(err); !slices.Equal(got, []string{"on:" + code}) {
				t.Errorf("%s: %v", on, err)
			}
		}
		for _, person := range p[:2] {
			if err := x.VerifyChain(t.Context(), person.ID); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestAChangeOfHeadIsOneTransaction(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina", "Brian", "Chi")
		g := x.group(t, "household", as("head", p[0], "2019-03-01"), as("spouse", p[1], "2019-03-01"), as("child", p[2], "2024-01-01"))
		change := func(c registry.RoleChange) error { return x.ChangeRole(t.Context(), registrar(), g.ID, c) }
		wantFault(t, change(registry.RoleChange{MemberID: p[1].ID, Seq: 1, Role: "head"}), fault.Conflict, "role_taken")
		wantFault(t, change(registry.RoleChange{MemberID: p[0].ID, Seq: 1, Role: "member"}), fault.Conflict, "head_needed")
		wantFault(t, change(registry.RoleChange{MemberID: p[2].ID, Seq: 2, Role: "member"}), fault.NotFound, "no_such_membership")
		for _, c := range []struct {
			c    registry.RoleChange
			want []string
		}{
			{registry.RoleChange{Role: "admiral\x00", Former: "king", On: "soon"}, []string{"on:bad_date", "role:unknown_role", "former:unknown_role"}},
			{registry.RoleChange{Role: "head", Former: "head"}, []string{"former:unknown_role"}},
			{registry.RoleChange{Role: "head", Former: "spouse", On: "2019-02-28"}, []string{"on:end_before_start"}},
		} {
			c.c.MemberID, c.c.Seq = p[1].ID, 1
			err := change(c.c)
			wantFault(t, err, fault.Invalid, "invalid_membership")
			if got := fields(err); !slices.Equal(got, c.want) {
				t.Errorf("%+v: %v", c.c, got)
			}
		}
		if err := change(registry.RoleChange{MemberID: p[1].ID, Seq: 1, Role: "head", Former: "spouse", On: "2025-05-01", Reason: "agreed"}); err != nil {
			t.Fatal(err, fields(err))
		}
		for on, want := range map[string]string{"2025-04-30": "Amina head 2019-03-01/2025-05-01", "2025-05-01": "Brian head 2025-05-01/"} {
			if got := x.members(t, g.ID, registry.MemberQuery{AsOf: on}); !slices.Contains(got, want) || len(got) != 3 {
				t.Errorf("on %s: %v", on, got)
			}
		}
		if err := change(registry.RoleChange{MemberID: p[2].ID, Seq: 1, Role: "member", On: "2024-01-01"}); err != nil { // it was wrong from the first day
			t.Error(err)
		}
		if got := x.members(t, g.ID, registry.MemberQuery{AsOf: "2024-01-01"}); !slices.Contains(got, "Chi member 2024-01-01/") || len(got) != 3 {
			t.Errorf("corrected: %v", got)
		}
		before := x.count(t, "change_log")
		if err := change(registry.RoleChange{MemberID: p[2].ID, Seq: 2, Role: "member"}); err != nil || x.count(t, "change_log") != before {
			t.Errorf("what changes nothing writes nothing: %v", err)
		}
		if err := x.VerifyChain(t.Context(), g.ID); err != nil {
			t.Error(err)
		}
	})
}

// Several become head at once: there is always exactly one.
func TestOneHeadAtATime(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina", "Brian", "Chi", "Dora", "Eve")
		members := []registry.NewMember{as("head", p[0], "")}
		for _, m := range p[1:] {
			members = append(members, as("child", m, ""))
		}
		g := x.group(t, "household", members...)
		errs := make([]error, len(p))
		var wg sync.WaitGroup
		for i := 1; i < len(p); i++ {
			wg.Go(func() {
				errs[i] = x.ChangeRole(t.Context(), registrar(), g.ID, registry.RoleChange{MemberID: p[i].ID, Seq: 1, Role: "head", Former: "member"})
			})
		}
		wg.Wait()
		won := 0
		for _, err := range errs[1:] {
			if err == nil {
				won++
			} else if fault.KindOf(err) != fault.Conflict {
				t.Errorf("error = %v, want a conflict", err)
			}
		}
		heads := 0
		for _, m := range x.members(t, g.ID, registry.MemberQuery{}) {
			if len(m) > 0 && slices.Contains([]string{"Amina head 2026-11-22/", "Brian head 2026-11-22/", "Chi head 2026-11-22/", "Dora head 2026-11-22/", "Eve head 2026-11-22/"}, m) {
				heads++
			}
		}
		if won == 0 || heads != 1 {
			t.Errorf("%d won, %d heads", won, heads)
		}
		if err := x.VerifyChain(t.Context(), g.ID); err != nil {
			t.Error(err)
		}
	})
}
