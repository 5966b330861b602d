package registry_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func TestMembershipsAreDatedAndKept(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina", "Brian")
		g := x.group(t, "household", as("head", p[0], "2019-03-01"))
		x.addMembers(t, g.ID, as("child", p[1], "2020-01-01"))
		if err := x.EndMembership(t.Context(), registrar(), g.ID, registry.MembershipEnd{MemberID: p[1].ID, Seq: 1, On: "2021-06-01", Reason: "school"}); err != nil {
			t.Fatal(err)
		}
		x.addMembers(t, g.ID, as("child", p[1], "2022-01-01")) // back again
		for on, want := range map[string][]string{
			"2019-02-28": nil,
			"2019-03-01": {"Amina head 2019-03-01/"},
			"2021-05-31": {"Amina head 2019-03-01/", "Brian child 2020-01-01/2021-06-01"},
			"2021-06-01": {"Amina head 2019-03-01/"},
			"2022-01-01": {"Amina head 2019-03-01/", "Brian child 2022-01-01/"},
			"":           {"Amina head 2019-03-01/", "Brian child 2022-01-01/"},
		} {
			if got := x.members(t, g.ID, registry.MemberQuery{AsOf: on}); !slices.Equal(got, want) {
				t.Errorf("on %q: %v, want %v", on, got, want)
			}
		}
		if n := x.count(t, "membership"); n != 3 {
			t.Errorf("%d rows, want 3: nothing is deleted", n)
		}
		page, err := x.Memberships(t.Context(), attester(), p[1].ID, "", 0)
		if err != nil || len(page.Memberships) != 2 || page.Memberships[0].EndReason != "school" || page.Memberships[0].EndedBy != "registrar-1" ||
			!page.Memberships[0].EndedAt.Equal(x.Clock.Now()) || page.Memberships[1].Seq != 2 || !page.Memberships[1].EndedAt.IsZero() {
			t.Errorf("memberships = %+v, %v", page, err)
		}
		// both logs tell of all three
		for id, want := range map[uuid.UUID]string{g.ID: p[1].Number, p[1].ID: g.Number} {
			log, err := x.History(t.Context(), admin(), id)
			if err != nil {
				t.Fatal(err)
			}
			var told []string
			for _, e := range log {
				for _, c := range e.Changes {
					if c.Kind == registry.KindMembership && c.Field == want {
						told = append(told, c.Old+" > "+c.New)
					}
				}
			}
			if !slices.Equal(told, []string{" > child 2020-01-01/..", "child 2020-01-01/.. > child 2020-01-01/2021-06-01", " > child 2022-01-01/.."}) {
				t.Errorf("the log says %q", told)
			}
			if err := x.VerifyChain(t.Context(), id); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestMembersAreCheckedAndAllOrNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina", "Brian", "Chi")
		young := x.register(t, map[string]string{"full_name": "Dora", "birth_date": "2020-02-02"})
		g := x.group(t, "household", as("head", p[0], "2019-03-01"))
		other := x.group(t, "family", as("head", p[0], ""))
		rows := x.count(t, "membership") + x.count(t, "change_log")
		for name, c := range map[string]struct {
			members []registry.NewMember
			want    []string
		}{
			"role":         {[]registry.NewMember{as("admiral", p[1], ""), as("", p[2], ""), as("a\x00", young, "")}, []string{"members[0].role:unknown_role", "members[1].role:unknown_role", "members[2].role:unknown_role"}},
			"nobody":       {[]registry.NewMember{{MemberID: uuid.New(), Role: "child"}, {Role: "child"}}, []string{"members[0].member:no_such_member", "members[1].member:no_such_member"}},
			"twice":        {[]registry.NewMember{as("child", p[1], ""), as("member", p[1], "")}, []string{"members[1].member:doubled"}},
			"a group":      {[]registry.NewMember{{MemberID: other.ID, Role: "member"}}, []string{"members[0].member:kind_not_allowed"}},
			"future":       {[]registry.NewMember{as("child", p[1], "2026-11-23")}, []string{"members[0].start:date_in_future"}},
			"no day":       {[]registry.NewMember{as("child", p[1], "2026-02-29"), as("child", p[2], "\xff")}, []string{"members[0].start:bad_date", "members[1].start:invalid_utf8"}},
			"before birth": {[]registry.NewMember{as("child", young, "2020-02-01")}, []string{"members[0].start:before_birth"}},
		} {
			_, err := x.AddMembers(t.Context(), registrar(), g.ID, append([]registry.NewMember{}, c.members...), "")
			wantFault(t, err, fault.Invalid, "invalid_members")
			if got := fields(err); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
		_, err := x.AddMembers(t.Context(), registrar(), g.ID, nil, "")
		wantFault(t, err, fault.Invalid, "no_members")
		_, err = x.AddMembers(t.Context(), registrar(), g.ID, make([]registry.NewMember, 501), "")
		wantFault(t, err, fault.Invalid, "too_many_at_once")
		if now := x.count(t, "membership") + x.count(t, "change_log"); now != rows {
			t.Errorf("%d rows were written", now-rows)
		}
		x.addMembers(t, g.ID, as("child", young, "2020-02-02"), as("child", p[1], "2026-11-22")) // the first and the last day
	})
}

func TestMembershipsThatAreInTheWay(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina", "Brian", "Chi", "Dora")
		g := x.group(t, "household", as("head", p[0], "2019-03-01"), as("child", p[1], "2019-03-01"))
		if err := x.EndMembership(t.Context(), registrar(), g.ID, registry.MembershipEnd{MemberID: p[1].ID, Seq: 1, On: "2021-01-01"}); err != nil {
			t.Fatal(err)
		}
		two := x.group(t, "household", as("head", p[2], "2019-03-01"))
		for name, c := range map[string]struct {
			group uuid.UUID
			m     registry.NewMember
			code  string
		}{
			"in it already":           {g.ID, as("member", p[0], ""), "already_member"},
			"in it until later":       {g.ID, as("child", p[1], "2020-12-31"), "overlaps"},
			"a second head":           {g.ID, as("head", p[3], "2026-01-01"), "role_taken"},
			"in another household":    {g.ID, as("child", p[2], ""), "member_elsewhere"},
			"in another until later":  {two.ID, as("child", p[1], "2020-12-31"), "member_elsewhere"},
			"head before another one": {two.ID, as("head", p[3], "2019-01-01"), "role_taken"},
		} {
			_, err := x.AddMembers(t.Context(), registrar(), c.group, []registry.NewMember{c.m}, "")
			wantFault(t, err, fault.Conflict, c.code)
			if got := fields(err); !slices.Equal(got, []string{"members[0]:" + c.code}) {
				t.Errorf("%s: %v", name, got)
			}
		}
		_, err := x.CreateGroup(t.Context(), registrar(), "household", registry.Change{}, []registry.NewMember{as("child", p[3], "")})
		if got := fields(err); !slices.Equal(got, []string{"members:head_required"}) {
			t.Errorf("a household without a head: %v", err)
		}
		_, err = x.CreateGroup(t.Context(), registrar(), "household", registry.Change{}, []registry.NewMember{as("head", p[3], ""), as("head", p[1], "")})
		wantFault(t, err, fault.Conflict, "role_taken")
		x.addMembers(t, two.ID, as("child", p[1], "2021-01-01")) // the day on which it ended elsewhere
		x.group(t, "family", as("head", p[0], ""))               // of this kind somebody may be in many
		x.group(t, "family", as("head", p[0], ""))
	})
}

func TestAGroupHasAGreatestSize(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		if _, err := x.DefineGroupKind(t.Context(), admin(), registry.GroupKind{Key: "crew", Label: label("Crew"), MaxMembers: 3,
			Roles: []registry.MemberRole{{Key: "sailor", Label: label("Sailor")}}}, ""); err != nil {
			t.Fatal(err)
		}
		p := x.people(t, "A", "B", "C", "D")
		g := x.group(t, "crew", as("sailor", p[0], "2020-01-01"), as("sailor", p[1], ""))
		_, err := x.AddMembers(t.Context(), registrar(), g.ID, []registry.NewMember{as("sailor", p[2], ""), as("sailor", p[3], "")}, "")
		wantFault(t, err, fault.Conflict, "too_many_members")
		x.addMembers(t, g.ID, as("sailor", p[2], ""))
		_, err = x.AddMembers(t.Context(), registrar(), g.ID, []registry.NewMember{as("sailor", p[3], "")}, "")
		wantFault(t, err, fault.Conflict, "too_many_members")
		if err := x.EndMembership(t.Context(), registrar(), g.ID, registry.MembershipEnd{MemberID: p[0].ID, Seq: 1}); err != nil {
			t.Fatal(err)
		}
		x.addMembers(t, g.ID, as("sailor", p[3], "")) // who has left does not count
		_, err = x.CreateGroup(t.Context(), registrar(), "crew", registry.Change{}, []registry.NewMember{as("sailor", p[0], ""), as("sailor", p[1], ""), as("sailor", p[2], ""), as("sailor", p[3], "")})
		wantFault(t, err, fault.Conflict, "too_many_members")
	})
}

func TestGroupsInGroupsMakeNoCircle(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		var g []registry.Group
		for range 4 {
			g = append(g, x.group(t, "community"))
		}
		in := func(group, member int) error {
			_, err := x.AddMembers(t.Context(), registrar(), g[group].ID, []registry.NewMember{{MemberID: g[member].ID, Role: "member"}}, "")
			return err
		}
		wantFault(t, in(0, 0), fault.Conflict, "cycle")
		for i := range 3 {
			if err := in(i, i+1); err != nil {
				t.Fatal(err)
			}
		}
		wantFault(t, in(1, 0), fault.Conflict, "cycle")
		wantFault(t, in(3, 0), fault.Conflict, "cycle")
		if err := in(0, 2); err != nil { // two ways down are none
			t.Error(err)
		}
		if err := x.EndMembership(t.Context(), registrar(), g[1].ID, registry.MembershipEnd{MemberID: g[2].ID, Seq: 1}); err != nil {
			t.Fatal(err)
		}
		wantFault(t, in(3, 0), fault.Conflict, "cycle")
		if err := x.EndMembership(t.Context(), registrar(), g[0].ID, registry.MembershipEnd{MemberID: g[2].ID, Seq: 1}); err != nil {
			t.Fatal(err)
		}
		if err := in(3, 0); err != nil {
			t.Error(err)
		}
	})
}

// Two chains are closed to a circle from both ends at once: one of the two is
// refused, though they have no group in common.
func TestNoCircleIsMadeByTwoAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for range 3 {
			var g []registry.Group
			for range 4 {
				g = append(g, x.group(t, "community"))
			}
			in := func(group, member int) error {
				_, err := x.AddMembers(t.Context(), registrar(), g[group].ID, []registry.NewMember{{MemberID: g[member].ID, Role: "member"}}, "")
				return err
			}
			if err := in(0, 1); err != nil {
				t.Fatal(err)
			}
			if err := in(2, 3); err != nil {
				t.Fatal(err)
			}
			var one, two error
			var wg sync.WaitGroup
			wg.Go(func() { one = in(1, 2) })
			wg.Go(func() { two = in(3, 0) })
			wg.Wait()
			if (one == nil) == (two == nil) {
				t.Fatalf("both or none: %v, %v", one, two)
			}
			if one == nil {
				one = two
			}
			wantFault(t, one, fault.Conflict, "cycle")
		}
	})
}

// 5,000 members come in by one file, are read page by page and counted.
func TestAGroupOfFiveThousand(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		const size = 5000
		people := x.crowd(t, size)
		household := x.group(t, "household", registry.NewMember{MemberID: people[0], Role: "head"})
		_, err := x.AddMembers(t.Context(), registrar(), household.ID, withRole("member", people[1:501]), "")
		wantFault(t, err, fault.Conflict, "too_many_members")

		village := x.village(t)
		seen, after, last := 0, "", uuid.Nil.String()
		for {
			page, err := x.Members(t.Context(), admin(), village.ID, registry.MemberQuery{After: after, Limit: 200})
			if err != nil || len(page.Members) > 200 {
				t.Fatal(len(page.Members), err)
			}
			for _, m := range page.Members {
				if m.MemberID.String() <= last || m.Name == "" {
					t.Fatalf("%+v after %s", m, last)
				}
				last = m.MemberID.String()
			}
			seen += len(page.Members)
			if after = page.Next; after == "" {
				break
			}
		}
		facts, err := x.HouseholdFacts(t.Context(), admin(), village.ID, "")
		if err != nil || seen != size || facts.Size != size {
			t.Errorf("%d seen, facts %+v, %v", seen, facts, err)
		}
		if err := x.VerifyChain(t.Context(), people[499]); err != nil {
			t.Error(err)
		}
	})
}

// village is a community of all people, from a file.
func (x *fixture) village(t *testing.T) registry.Group {
	t.Helper()
	var numbers []string
	if err := x.DB.WithContext(t.Context()).Raw(`SELECT number FROM registrant WHERE kind = 'person'`).Scan(&numbers).Error; err != nil {
		t.Fatal(err)
	}
	file := []byte("group,group_name,member,role\n")
	for i, number := range numbers {
		file = fmt.Appendf(file, "V,%s,%s,member\n", []string{"Village", ""}[min(i, 1)], number)
	}
	x.load(t, string(file), registry.ImportOptions{Kind: "community", Mode: registry.ImportCreate}, "1 0 0 0")
	found, err := x.Groups(t.Context(), admin(), registry.Query{Kind: "community"})
	if err != nil || len(found.Groups) != 1 {
		t.Fatal(found.Groups, err)
	}
	return found.Groups[0]
}

func withRole(role string, ids []uuid.UUID) []registry.NewMember {
	out := make([]registry.NewMember, len(ids))
	for i, id := range ids {
		out[i] = registry.NewMember{MemberID: id, Role: role}
	}
	return out
}

// crowd imports n people.
func (x *fixture) crowd(t *testing.T, n int) []uuid.UUID {
	t.Helper()
	var file []byte
	file = append(file, "full_name,sex,birth_date\n"...)
	for i := range n {
		file = fmt.Appendf(file, "Person %d,%s,%d-01-01\n", i, []string{"female", "male"}[i%2], 1930+i%90)
	}
	x.load(t, string(file), create(), fmt.Sprint(n, 0, 0, 0))
	var ids []uuid.UUID
	if err := x.DB.WithContext(t.Context()).Raw(`SELECT id FROM registrant WHERE kind = 'person' ORDER BY id`).Scan(&ids).Error; err != nil || len(ids) != n {
		t.Fatal(len(ids), err)
	}
	return ids
}

func TestBadCursorsOfMembers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		g := x.group(t, "community")
		for _, cursor := range []string{"!", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"} {
			_, err := x.Members(t.Context(), admin(), g.ID, registry.MemberQuery{After: cursor})
			wantFault(t, err, fault.Invalid, "bad_cursor")
			_, err = x.Memberships(t.Context(), admin(), g.ID, cursor, 0)
			wantFault(t, err, fault.Invalid, "bad_cursor")
		}
		for _, on := range []string{"2026-11-23", "yesterday", "2026-02-30", "\x00"} {
			_, err := x.Members(t.Context(), admin(), g.ID, registry.MemberQuery{AsOf: on})
			if got := fields(err); !slices.Equal(got, []string{"as_of:bad_as_of"}) {
				t.Errorf("%q: %v", on, err)
			}
		}
	})
}
