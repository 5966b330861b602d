package registry_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// people registers somebody for each name.
func (x *fixture) people(t *testing.T, names ...string) []registry.Person {
	t.Helper()
	out := make([]registry.Person, len(names))
	for i, name := range names {
		out[i] = x.register(t, map[string]string{"full_name": name})
	}
	return out
}

// group creates a group of a kind; the first member is its head where it has one.
func (x *fixture) group(t *testing.T, kind string, members ...registry.NewMember) registry.Group {
	t.Helper()
	g, err := x.CreateGroup(t.Context(), registrar(), kind, registry.Change{Set: map[string]string{"group_name": "A " + kind}, Reason: "survey"}, members)
	if err != nil {
		t.Fatal(err, fields(err))
	}
	return g
}

func as(role string, p registry.Person, start string) registry.NewMember {
	return registry.NewMember{MemberID: p.ID, Role: role, Start: start}
}

// members gives who is in a group as "name role start/end".
func (x *fixture) members(t *testing.T, group uuid.UUID, q registry.MemberQuery) []string {
	t.Helper()
	page, err := x.Members(t.Context(), admin(), group, q)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range page.Members {
		out = append(out, fmt.Sprintf("%s %s %s/%s", m.Name, m.Role, m.Start, m.End))
	}
	slices.Sort(out)
	return out
}

func (x *fixture) addMembers(t *testing.T, group uuid.UUID, members ...registry.NewMember) {
	t.Helper()
	if _, err := x.AddMembers(t.Context(), registrar(), group, members, "joined"); err != nil {
		t.Fatal(err, fields(err))
	}
}

func TestAGroupIsARegistrant(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina", "Brian")
		made, err := x.CreateGroup(t.Context(), registrar(), "household", registry.Change{Set: map[string]string{"group_name": "Odhiambo home",
			"dwelling_type": "house", "rooms_count": "03"}}, []registry.NewMember{as("head", p[0], "2020-01-01"), as("child", p[1], "")})
		if err != nil {
			t.Fatal(err, fields(err))
		}
		got, err := x.Group(t.Context(), attester(), made.ID)
		if err != nil || got.Kind != "household" || got.Size != 2 || got.Status != "ACTIVE" || got.VersionNo != 1 || got.Values["rooms_count"].Text != "3" ||
			!strings.HasPrefix(got.Number, "SR-") || got.Number != made.Number || made.Size != 2 || made.ChainNo != got.ChainNo {
			t.Fatalf("group = %+v, made %+v, %v", got, made, err)
		}
		edited, err := x.EditGroup(t.Context(), registrar(), made.ID, registry.Change{Set: map[string]string{"rooms_count": "4"}, ExpectVersion: 1})
		if err != nil || edited.VersionNo != 2 || edited.Size != 2 {
			t.Fatalf("edited = %+v, %v", edited, err)
		}
		if err := x.Attest(t.Context(), attester(), made.ID, 2, []registry.Decision{{Field: "rooms_count", State: registry.StateAttested}}); err != nil {
			t.Fatal(err, fields(err))
		}
		states, err := x.FieldStates(t.Context(), attester(), made.ID)
		if err != nil || states["rooms_count"].State != registry.StateAttested || states["dwelling_type"].State != registry.StateNew {
			t.Errorf("states = %+v, %v", states, err)
		}
		versions, err := x.Versions(t.Context(), attester(), made.ID)
		if err != nil || len(versions) != 2 || versions[0].Values["rooms_count"].Text != "3" {
			t.Errorf("versions = %+v, %v", versions, err)
		}
		log, err := x.History(t.Context(), attester(), made.ID)
		if err != nil || len(log) != 4 || log[1].Changes[0].Kind != registry.KindMembership || log[3].Changes[0].Kind != registry.KindAttestation {
			t.Errorf("log = %+v, %v", log, err)
		}
		for _, id := range []uuid.UUID{made.ID, p[0].ID, p[1].ID} {
			if err := x.VerifyChain(t.Context(), id); err != nil {
				t.Error(err)
			}
		}
	})
}

// A person is no group and a group is nobody, wherever one is asked for.
func TestPeopleAndGroupsAreNotMixedUp(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina")[0]
		g := x.group(t, "family", as("head", p, ""))
		_, err := x.Person(t.Context(), admin(), g.ID)
		wantFault(t, err, fault.NotFound, "no_such_person")
		_, err = x.PersonByNumber(t.Context(), admin(), g.Number)
		wantFault(t, err, fault.NotFound, "no_such_person")
		_, err = x.Edit(t.Context(), admin(), g.ID, registry.Change{Set: map[string]string{"group_name": "B"}, ExpectVersion: 1})
		wantFault(t, err, fault.NotFound, "no_such_person")
		for _, id := range []uuid.UUID{p.ID, uuid.New(), {}} {
			_, err = x.Group(t.Context(), admin(), id)
			wantFault(t, err, fault.NotFound, "no_such_group")
			_, err = x.EditGroup(t.Context(), admin(), id, registry.Change{Set: map[string]string{"group_name": "B"}, ExpectVersion: 1})
			wantFault(t, err, fault.NotFound, "no_such_group")
			_, err = x.Members(t.Context(), admin(), id, registry.MemberQuery{})
			wantFault(t, err, fault.NotFound, "no_such_group")
			_, err = x.AddMembers(t.Context(), admin(), id, []registry.NewMember{as("member", p, "")}, "")
			wantFault(t, err, fault.NotFound, "no_such_group")
			wantFault(t, x.EndGroup(t.Context(), admin(), id, registry.GroupEnd{ExpectVersion: 1}), fault.NotFound, "no_such_group")
		}
		_, err = x.CreateGroup(t.Context(), admin(), "family", registry.Change{Set: map[string]string{"sex": "male", "dwelling_type": "house"}}, nil)
		if got := fields(err); !slices.Equal(got, []string{"dwelling_type:unknown_field", "sex:unknown_field"}) {
			t.Errorf("a family has fields of others: %v", got)
		}
		page, err := x.Search(t.Context(), admin(), registry.Query{})
		if err != nil || len(page.People) != 1 || page.People[0].ID != p.ID {
			t.Errorf("people = %+v, %v", page.People, err)
		}
	})
}

func TestGroupsAreFoundPageByPage(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina", "Brian")
		home := x.group(t, "household", as("head", p[0], ""))
		var villages []registry.Group
		for range 3 {
			villages = append(villages, x.group(t, "community", as("member", p[1], "")))
		}
		seen, after := 0, ""
		for {
			page, err := x.Groups(t.Context(), attester(), registry.Query{Kind: "community", After: after, Limit: 2})
			if err != nil || len(page.Groups) > 2 {
				t.Fatal(page, err)
			}
			for _, g := range page.Groups {
				if g.ID != villages[seen].ID || g.Size != 1 {
					t.Errorf("group %d = %+v", seen, g)
				}
				seen++
			}
			if after = page.Next; after == "" {
				break
			}
		}
		if seen != 3 {
			t.Errorf("%d groups seen, want 3", seen)
		}
		for text, want := range map[string]int{"": 4, "household": 1, home.Number: 1, "Amina": 0} {
			page, err := x.Groups(t.Context(), admin(), registry.Query{Text: text})
			if err != nil || len(page.Groups) != want {
				t.Errorf("%q finds %d, want %d, %v", text, len(page.Groups), want, err)
			}
		}
		for name, q := range map[string]registry.Query{"kind": {Kind: "person"}, "kind ": {Kind: "no\x00kind"}, "text": {Text: "a\x00"}} {
			_, err := x.Groups(t.Context(), admin(), q)
			wantFault(t, err, fault.Invalid, "bad_query")
			if got := fields(err); len(got) != 1 || !strings.HasPrefix(got[0], strings.TrimSpace(name)) {
				t.Errorf("%s: %v", name, got)
			}
		}
		_, err := x.Groups(t.Context(), admin(), registry.Query{After: "!"})
		wantFault(t, err, fault.Invalid, "bad_cursor")
	})
}

func TestAGroupEndsWithItsMemberships(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina", "Brian", "Chi")
		g := x.group(t, "household", as("head", p[0], "2020-01-01"), as("child", p[1], "2021-05-01"))
		village := x.group(t, "community")
		if _, err := x.AddMembers(t.Context(), registrar(), village.ID, []registry.NewMember{{MemberID: g.ID, Role: "member"}}, ""); err != nil {
			t.Fatal(err)
		}
		end := func(e registry.GroupEnd) error { return x.EndGroup(t.Context(), registrar(), g.ID, e) }
		wantFault(t, end(registry.GroupEnd{ExpectVersion: 1}), fault.Conflict, "still_member")
		if err := x.EndMembership(t.Context(), registrar(), village.ID, registry.MembershipEnd{MemberID: g.ID, Seq: 1}); err != nil {
			t.Fatal(err)
		}
		wantFault(t, end(registry.GroupEnd{ExpectVersion: 2}), fault.Conflict, "version_conflict")
		for on, code := range map[string]string{"2021-04-30": "end_before_start", "2026-11-23": "date_in_future", "2021-02-29": "bad_date"} {
			err := end(registry.GroupEnd{ExpectVersion: 1, On: on})
			wantFault(t, err, fault.Invalid, "invalid_membership")
			if got := fields(err); !slices.Equal(got, []string{"on:" + code}) {
				t.Errorf("%s: %v", on, got)
			}
		}
		if err := end(registry.GroupEnd{ExpectVersion: 1, On: "2024-01-01", Reason: "moved abroad"}); err != nil {
			t.Fatal(err)
		}
		wantFault(t, end(registry.GroupEnd{ExpectVersion: 1}), fault.Conflict, "group_ended")
		if got := x.members(t, g.ID, registry.MemberQuery{}); len(got) != 0 {
			t.Errorf("members now: %v", got)
		}
		want := []string{"Amina head 2020-01-01/2024-01-01", "Brian child 2021-05-01/2024-01-01"}
		if got := x.members(t, g.ID, registry.MemberQuery{All: true}); !slices.Equal(got, want) {
			t.Errorf("members ever: %v", got)
		}
		got, err := x.Group(t.Context(), admin(), g.ID)
		if err != nil || got.Status != "INACTIVE" || got.Size != 0 {
			t.Errorf("group = %+v, %v", got, err)
		}
		_, err = x.AddMembers(t.Context(), registrar(), g.ID, []registry.NewMember{as("head", p[2], "")}, "")
		wantFault(t, err, fault.Conflict, "group_ended")
		_, err = x.AddMembers(t.Context(), registrar(), village.ID, []registry.NewMember{{MemberID: g.ID, Role: "member"}}, "")
		wantFault(t, err, fault.Conflict, "member_ended")
		if err := errors.Join(x.VerifyChain(t.Context(), g.ID), x.VerifyChain(t.Context(), p[0].ID)); err != nil {
			t.Error(err)
		}
		x.group(t, "household", as("head", p[0], "2024-01-01")) // free for another one
	})
}

// A registered person sees the groups they are in, others' names only as head.
func TestWhatARegistrantSeesOfGroups(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina", "Brian", "Chi", "Dora")
		g := x.group(t, "household", as("head", p[0], "2020-01-01"), as("child", p[1], "2020-01-01"), as("child", p[3], "2020-01-01"))
		if err := x.EndMembership(t.Context(), registrar(), g.ID, registry.MembershipEnd{MemberID: p[3].ID, Seq: 1, On: "2021-01-01"}); err != nil {
			t.Fatal(err)
		}
		head, child, stranger, former := self(p[0].ID), self(p[1].ID), self(p[2].ID), self(p[3].ID)
		for _, a := range []registry.Actor{head, child} {
			if got, err := x.Group(t.Context(), a, g.ID); err != nil || got.Size != 2 {
				t.Errorf("group = %+v, %v", got, err)
			}
		}
		page, err := x.Members(t.Context(), head, g.ID, registry.MemberQuery{All: true, AsOf: "2020-06-01"})
		if err != nil || len(page.Members) != 2 {
			t.Errorf("the head sees %+v, %v: want who is there now", page.Members, err)
		}
		if facts, err := x.HouseholdFacts(t.Context(), head, g.ID, "2020-06-01"); err != nil || facts.Size != 2 || facts.AsOf != "2026-11-22" {
			t.Errorf("facts = %+v, %v: want those of today", facts, err)
		}
		notFound := map[string]func(a registry.Actor) error{
			"Group": func(a registry.Actor) error { _, err := x.Group(t.Context(), a, g.ID); return err },
			"Members": func(a registry.Actor) error {
				_, err := x.Members(t.Context(), a, g.ID, registry.MemberQuery{})
				return err
			},
			"HouseholdFacts": func(a registry.Actor) error { _, err := x.HouseholdFacts(t.Context(), a, g.ID, ""); return err },
		}
		for name, call := range notFound {
			for who, a := range map[string]registry.Actor{"stranger": stranger, "former": former, "nobody": self(uuid.Nil), "child": child} {
				if err := call(a); (who != "child" || name != "Group") && (fault.CodeOf(err) != "no_such_group" || fault.KindOf(err) != fault.NotFound) {
					t.Errorf("%s by %s: %v", name, who, err)
				}
			}
		}
		own, err := x.Memberships(t.Context(), former, p[3].ID, "", 0)
		if err != nil || len(own.Memberships) != 1 || own.Memberships[0].End != "2021-01-01" {
			t.Errorf("own memberships = %+v, %v", own, err)
		}
		_, err = x.Memberships(t.Context(), former, p[0].ID, "", 0)
		wantFault(t, err, fault.NotFound, "no_such_person")
		for name, err := range map[string]error{
			"History":     second(x.History(t.Context(), head, g.ID)),
			"Versions":    second(x.Versions(t.Context(), head, g.ID)),
			"FieldStates": second(x.FieldStates(t.Context(), head, g.ID)),
		} {
			if fault.KindOf(err) != fault.NotFound || err == nil {
				t.Errorf("%s of a group by its head: %v", name, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

// The permissions of groups: every role with every method.
func TestWhoMayDoWhatToGroups(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina", "Brian")
		g := x.group(t, "family", as("head", p[0], ""))
		n := 0
		methods := map[string]func(a registry.Actor) error{
			"read Group": func(a registry.Actor) error { _, err := x.Group(t.Context(), a, g.ID); return err },
			"read Members": func(a registry.Actor) error {
				_, err := x.Members(t.Context(), a, g.ID, registry.MemberQuery{})
				return err
			},
			"read Facts": func(a registry.Actor) error { _, err := x.HouseholdFacts(t.Context(), a, g.ID, ""); return err },
			"find":       func(a registry.Actor) error { _, err := x.Groups(t.Context(), a, registry.Query{}); return err },
			"keep Create": func(a registry.Actor) error {
				_, err := x.CreateGroup(t.Context(), a, "community", registry.Change{}, nil)
				return err
			},
			"keep Edit": func(a registry.Actor) error {
				now, err := x.Group(t.Context(), admin(), g.ID)
				if err != nil {
					t.Fatal(err)
				}
				n++
				_, err = x.EditGroup(t.Context(), a, g.ID, registry.Change{Set: map[string]string{"group_name": fmt.Sprint("G", n)}, ExpectVersion: now.VersionNo})
				return err
			},
			"keep Members": func(a registry.Actor) error {
				other := x.people(t, "C")[0]
				_, err := x.AddMembers(t.Context(), a, g.ID, []registry.NewMember{as("member", other, "")}, "")
				if err == nil {
					err = x.EndMembership(t.Context(), a, g.ID, registry.MembershipEnd{MemberID: other.ID, Seq: 1})
				}
				return err
			},
			"define Kind": func(a registry.Actor) error {
				n++
				_, err := x.DefineGroupKind(t.Context(), a, registry.GroupKind{Key: fmt.Sprint("k", n), Label: label("K"), MaxMembers: 5,
					Roles: []registry.MemberRole{{Key: "member", Label: label("Member")}}}, "")
				return err
			},
		}
		may := map[string]string{"admin": "read find keep define", "registrar": "read find keep", "attester": "read find", "auditor": "read find", "system": "read find", "self": "read"}
		actors := map[string]registry.Actor{"admin": admin(), "registrar": registrar(), "attester": attester(), "auditor": actor(registry.RoleAuditor),
			"system": registry.System(), "self": self(p[0].ID), "other": self(p[1].ID), "unknown": actor("root"), "nobody": {}}
		for method, call := range methods {
			what, _, _ := strings.Cut(method, " ")
			for who, a := range actors {
				want := fault.Forbidden
				switch {
				case who == "nobody":
					want = fault.Unauthenticated
				case who == "other" && what == "read":
					want = fault.NotFound
				}
				err := call(a)
				if slices.Contains(strings.Fields(may[who]), what) {
					if err != nil {
						t.Errorf("%s by %s: %v", method, who, err)
					}
				} else if err == nil || fault.KindOf(err) != want {
					t.Errorf("%s by %s: %v, want %d", method, who, err, want)
				}
			}
		}
	})
}

func TestKindsOfGroupAreData(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		kinds, err := x.GroupKinds(t.Context())
		var keys []string
		for _, k := range kinds {
			keys = append(keys, k.Key)
		}
		if err != nil || !slices.Equal(keys, []string{"community", "family", "household", "programme_group"}) {
			t.Fatalf("kinds = %v, %v", keys, err)
		}
		crew := registry.GroupKind{Key: "crew", Label: label("Crew"), NeedsHead: true, MaxMembers: 3, MemberKinds: []string{"person", "family"},
			Roles: []registry.MemberRole{{Key: "head", Label: label("Skipper"), Unique: true}, {Key: "sailor", Label: label("Sailor")}}}
		made, err := x.DefineGroupKind(t.Context(), admin(), crew, "fishing")
		if err != nil || made.VersionNo != 1 {
			t.Fatalf("%+v, %v", made, err)
		}
		_, err = x.DefineGroupKind(t.Context(), admin(), crew, "")
		wantFault(t, err, fault.Conflict, "group_kind_exists")

		changed := made
		changed.MaxMembers, changed.Label = 4, label("Boat crew")
		changed.Roles = append(slices.Clone(made.Roles), registry.MemberRole{Key: "cook", Label: label("Cook")})
		if changed, err = x.EditGroupKind(t.Context(), admin(), changed, "more boats"); err != nil || changed.VersionNo != 2 {
			t.Fatalf("%+v, %v", changed, err)
		}
		_, err = x.EditGroupKind(t.Context(), admin(), made, "")
		wantFault(t, err, fault.Conflict, "version_conflict")
		broken := changed
		broken.NeedsHead, broken.Exclusive, broken.Roles = false, true, []registry.MemberRole{{Key: "head", Label: label("Skipper"), Unique: true}}
		_, err = x.EditGroupKind(t.Context(), admin(), broken, "")
		if got := fields(err); !slices.Equal(got, []string{"needs_head:never_changed", "exclusive:never_changed", "roles:never_changed"}) {
			t.Errorf("%v", err)
		}
		_, err = x.EditGroupKind(t.Context(), admin(), registry.GroupKind{Key: "a\x00"}, "")
		wantFault(t, err, fault.NotFound, "no_such_group_kind")
		log, err := x.AdminHistory(t.Context(), admin(), "group_kind:crew")
		if err != nil || len(log) != 2 || log[1].Reason != "more boats" || !strings.Contains(string(log[1].New), "Boat crew") {
			t.Errorf("log = %+v, %v", log, err)
		}
	})
}

func TestABadKindOfGroupIsRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for want, change := range map[string]func(k *registry.GroupKind){
			"key":            func(k *registry.GroupKind) { k.Key = "A b" },
			"key ":           func(k *registry.GroupKind) { k.Key = "person" },
			"key  ":          func(k *registry.GroupKind) { k.Key = "group" },
			"label":          func(k *registry.GroupKind) { k.Label = map[string]string{"ar": "حقل"} },
			"roles":          func(k *registry.GroupKind) { k.Roles = nil },
			"roles ":         func(k *registry.GroupKind) { k.Roles = append(k.Roles, k.Roles[0]) },
			"needs_head":     func(k *registry.GroupKind) { k.NeedsHead = true },
			"max_members":    func(k *registry.GroupKind) { k.MaxMembers = 0 },
			"max_members ":   func(k *registry.GroupKind) { k.MaxMembers = registry.MaxGroupSize + 1 },
			"member_kinds":   func(k *registry.GroupKind) { k.MemberKinds = []string{"person", "nothing"} },
			"member_kinds ":  func(k *registry.GroupKind) { k.MemberKinds = []string{"family", "family"} },
			"member_kinds  ": func(k *registry.GroupKind) { k.MemberKinds = []string{"a\x00"} },
		} {
			k := registry.GroupKind{Key: "crew", Label: label("Crew"), MaxMembers: 1, Roles: []registry.MemberRole{{Key: "sailor", Label: label("Sailor")}}}
			change(&k)
			_, err := x.DefineGroupKind(t.Context(), admin(), k, "")
			want = strings.TrimSpace(want)
			if got := fields(err); !slices.Equal(got, []string{want + ":invalid_" + want}) {
				t.Errorf("%s: %v", want, err)
			}
		}
		if n := x.count(t, "group_kind") + x.count(t, "admin_log"); n != 4 {
			t.Errorf("%d rows, want the 4 kinds that come with the program", n)
		}
	})
}

// Two who create a household for the same person at once: one does.
func TestOnePersonOneHouseholdAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina")[0]
		const writers = 6
		errs := make([]error, writers)
		var wg sync.WaitGroup
		for i := range writers {
			wg.Go(func() {
				_, errs[i] = x.CreateGroup(t.Context(), registrar(), "household", registry.Change{}, []registry.NewMember{as("head", p, "")})
			})
		}
		wg.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
				continue
			}
			wantFault(t, err, fault.Conflict, "member_elsewhere")
		}
		if made != 1 || x.count(t, "membership") != 1 || x.count(t, "registrant") != 2 {
			t.Errorf("%d made, %d memberships, %d registrants", made, x.count(t, "membership"), x.count(t, "registrant"))
		}
	})
}
