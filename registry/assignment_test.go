package registry_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func (x *fixture) grant(t *testing.T, name string, g registry.Grant) registry.Assignment {
	t.Helper()
	a, err := x.GrantRole(t.Context(), registry.System(), name, g, "needed there")
	if err != nil {
		t.Fatal(err, fields(err))
	}
	return a
}

func (x *fixture) assignments(t *testing.T, name string) []registry.Assignment {
	t.Helper()
	s, err := x.StaffAccount(t.Context(), admin(), name)
	if err != nil {
		t.Fatal(err)
	}
	return s.Assignments
}

// A session that is open sees what was given and taken meanwhile.
func TestARoleHoldsFromTheNextRequest(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		in := x.register(t, map[string]string{"full_name": "Amina", "region": "NL-W"})
		out := x.register(t, map[string]string{"full_name": "Berta", "region": "NL-E"})
		x.staff(t, "amina", registry.RoleAuditor)
		token := x.signIn(t, "amina", goodPassword)
		edit := func(p registry.Person) error {
			a, err := x.Session(t.Context(), token)
			if err != nil {
				t.Fatal(err)
			}
			_, err = x.Edit(t.Context(), a, p.ID, registry.Change{Set: map[string]string{"locality": "A"}, ExpectVersion: 1})
			return err
		}
		wantFault(t, edit(in), fault.Forbidden, "not_allowed")
		given := x.grant(t, "amina", registry.Grant{Role: registry.RoleRegistrar, Area: "NL-W"})
		if err := edit(in); err != nil {
			t.Error(err)
		}
		wantFault(t, edit(out), fault.NotFound, "no_such_person")
		a, err := x.Session(t.Context(), token)
		if err != nil || !a.Has(registry.RoleRegistrar) || !a.Has(registry.RoleAuditor) || len(a.Grants) != 1 {
			t.Errorf("actor = %+v, %v", a, err)
		}
		// The same role everywhere lifts the bounds; without it they are back.
		wide := x.grant(t, "amina", registry.Grant{Role: registry.RoleRegistrar})
		if err := edit(out); err != nil {
			t.Error(err)
		}
		for _, id := range []uuid.UUID{wide.ID, given.ID} {
			if err := x.RevokeRole(t.Context(), admin(), "Amina", id, "moved on"); err != nil {
				t.Fatal(err)
			}
		}
		wantFault(t, edit(in), fault.Forbidden, "not_allowed")
		wantFault(t, x.RevokeRole(t.Context(), admin(), "amina", given.ID, ""), fault.NotFound, "no_such_assignment")
		last := x.assignments(t, "amina")
		if len(last) != 1 || last[0].Role != registry.RoleAuditor {
			t.Fatalf("assignments = %+v", last)
		}
		wantFault(t, x.RevokeRole(t.Context(), admin(), "amina", last[0].ID, ""), fault.Conflict, "last_role")
		_, acc, err := x.SignIn(t.Context(), "amina", goodPassword)
		if err != nil || !slices.Equal(acc.Roles, []registry.Role{registry.RoleAuditor}) {
			t.Errorf("roles = %v, %v", acc.Roles, err)
		}
		log, err := x.AdminHistory(t.Context(), admin(), "account:amina")
		if err != nil || len(log) != 5 || log[1].Reason != "needed there" || !strings.Contains(string(log[1].New), `{"role":"registrar","area":"NL-W"}`) || log[4].Reason != "moved on" {
			t.Errorf("history = %d entries, %v: %s", len(log), err, log[1].New)
		}
	})
}

func TestGrantsThatAreRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		x.staff(t, "amina", registry.RoleAuditor)
		for name, c := range map[string]struct {
			g    registry.Grant
			want []string
		}{
			"no role":             {registry.Grant{}, []string{"role:bad_role"}},
			"role of a person":    {registry.Grant{Role: registry.RoleRegistrant}, []string{"role:bad_role"}},
			"role of the service": {registry.Grant{Role: registry.RoleSystem}, []string{"role:bad_role"}},
			"unknown area":        {registry.Grant{Role: registry.RoleAuditor, Area: "XX"}, []string{"area:unknown_area"}},
			"bad everything": {registry.Grant{Role: "root", Area: "a/b\x00", Kind: "A B", Section: "none"},
				[]string{"role:bad_role", "area:unknown_area", "kind:bad_kind", "section:unknown_section"}},
		} {
			_, err := x.GrantRole(t.Context(), admin(), "amina", c.g, "")
			wantFault(t, err, fault.Invalid, "invalid_grant")
			if got := fields(err); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
		good := registry.Grant{Role: registry.RoleAttester, Area: "NL-W", Kind: registry.PersonKind, Section: "contact"}
		_, err := x.GrantRole(t.Context(), admin(), "nobody", good, "")
		wantFault(t, err, fault.NotFound, "no_such_account")
		for _, a := range []registry.Actor{registrar(), attester(), actor(registry.RoleAuditor), actor(registry.RoleFieldWorker), actor(registry.RoleRegistrant)} {
			_, err := x.GrantRole(t.Context(), a, "amina", good, "")
			wantFault(t, err, fault.Forbidden, "not_allowed")
			wantFault(t, x.RevokeRole(t.Context(), a, "amina", uuid.New(), ""), fault.Forbidden, "not_allowed")
		}
		var wg sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			wg.Go(func() { _, errs[i] = x.GrantRole(t.Context(), admin(), "amina", good, "") })
		}
		wg.Wait()
		given := 0
		for _, err := range errs {
			if err == nil {
				given++
				continue
			}
			wantFault(t, err, fault.Conflict, "already_granted")
		}
		if given != 1 {
			t.Errorf("given %d times", given)
		}
	})
}

func TestTheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		for _, name := range []string{"anna", "berta"} {
			x.staff(t, name, registry.RoleAdmin, registry.RoleAuditor)
		}
		x.grant(t, "anna", registry.Grant{Role: registry.RoleAdmin, Area: "NL"}) // does not keep the whole
		adminOf := func(name string) uuid.UUID {
			all := x.assignments(t, name)
			return all[slices.IndexFunc(all, func(a registry.Assignment) bool {
				return a.Grant == registry.Grant{Role: registry.RoleAdmin}
			})].ID
		}
		ids := map[string]uuid.UUID{"anna": adminOf("anna"), "berta": adminOf("berta")}
		// Each takes the role from the other at once: one of them keeps it.
		var wg sync.WaitGroup
		errs := map[string]*error{"anna": new(error), "berta": new(error)}
		for name, err := range errs {
			wg.Go(func() { *err = x.RevokeRole(t.Context(), admin(), name, ids[name], "") })
		}
		wg.Wait()
		left := ""
		for name, err := range errs {
			if *err != nil {
				left = name
				wantFault(t, *err, fault.Conflict, "last_admin")
			}
		}
		if left == "" || *errs["anna"] != nil && *errs["berta"] != nil {
			t.Fatalf("anna: %v, berta: %v", *errs["anna"], *errs["berta"])
		}
		wantFault(t, x.DisableStaff(t.Context(), admin(), left), fault.Conflict, "last_admin")
		if err := x.DisableStaff(t.Context(), registry.System(), left); err != nil {
			t.Errorf("whoever has the keys: %v", err)
		}
	})
}

func TestAKeeperWithBounds(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		keeper := inArea(registry.RoleAdmin, "NL-W")
		open := func(name string, grants ...registry.Grant) error {
			_, err := x.OpenStaff(t.Context(), keeper, name, goodPassword, grants, "new here")
			return err
		}
		bay := registry.Grant{Role: registry.RoleAttester, Area: "NL-W-BAY", Section: "contact"}
		if err := open("ines", bay, registry.Grant{Role: registry.RoleAdmin, Area: "NL-W"}); err != nil {
			t.Fatal(err, fields(err))
		}
		for name, g := range map[string]registry.Grant{
			"everywhere": {Role: registry.RoleAuditor}, "above": {Role: registry.RoleAuditor, Area: "NL"}, "beside": {Role: registry.RoleAuditor, Area: "NL-E-BAY"},
		} {
			wantFault(t, open("otto", bay, g), fault.Forbidden, "grant_exceeds")
			_, err := x.GrantRole(t.Context(), keeper, "ines", g, "")
			if fault.CodeOf(err) != "grant_exceeds" {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err := x.CreateStaff(t.Context(), keeper, "otto", goodPassword, []registry.Role{registry.RoleAuditor})
		wantFault(t, err, fault.Forbidden, "grant_exceeds")
		kinds := within(registry.Grant{Role: registry.RoleAdmin, Kind: registry.AnyGroup, Section: "contact"})
		_, err = x.GrantRole(t.Context(), kinds, "ines", registry.Grant{Role: registry.RoleAuditor}, "")
		wantFault(t, err, fault.NotFound, "no_such_account")

		// Of accounts that reach further, the keeper knows nothing.
		x.staff(t, "nina", registry.RoleAuditor)
		x.grant(t, "nina", bay)
		page, err := x.Staff(t.Context(), keeper, registry.StaffQuery{})
		list := page.Accounts
		if err != nil || len(list) != 1 || list[0].Username != "ines" || len(list[0].Assignments) != 2 {
			t.Errorf("%+v, %v", list, err)
		}
		for _, name := range []string{"nina", "nobody"} {
			wantFault(t, x.SetStaffPassword(t.Context(), keeper, name, otherPassword), fault.NotFound, "no_such_account")
			wantFault(t, x.DisableStaff(t.Context(), keeper, name), fault.NotFound, "no_such_account")
			_, err := x.StaffAccount(t.Context(), keeper, name)
			wantFault(t, err, fault.NotFound, "no_such_account")
		}
		if err := x.SetStaffPassword(t.Context(), keeper, "ines", otherPassword); err != nil {
			t.Error(err)
		}
		if n := x.count(t, "account"); n != 2 {
			t.Errorf("%d accounts, want ines and nina: one that is refused is not half opened", n)
		}
	})
}
