package registry_test

import (
	"fmt"
	"testing"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// dayFrom is a day so many days from now.
func (x *fixture) dayFrom(days int) string {
	return x.Clock.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly)
}

// A role holds to the end of its last day, at every request anew; with the last of
// them goes the session, and the way in.
func TestARoleEndsByTheClock(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx := t.Context()
		last := x.dayFrom(1)
		if _, err := x.OpenStaff(ctx, registry.System(), "ines", goodPassword, []registry.Grant{{Role: registry.RoleAuditor, Until: x.dayFrom(2)}, {Role: registry.RoleAttester, Until: last}}, "for the summer"); err != nil {
			t.Fatal(err, fields(err))
		}
		token := x.signIn(t, "ines", goodPassword)
		roles := func() string {
			t.Helper()
			a, err := x.Session(ctx, token)
			if err != nil {
				return fault.CodeOf(err)
			}
			return fmt.Sprint(a.Roles)
		}
		if got := roles(); got != "[auditor attester]" && got != "[attester auditor]" {
			t.Errorf("at first: %s", got)
		}
		x.Clock.Add(24 * time.Hour) // the last day itself
		token = x.signIn(t, "ines", goodPassword)
		if got := roles(); got != "[auditor attester]" && got != "[attester auditor]" {
			t.Errorf("on the last day: %s", got)
		}
		x.Clock.Add(12 * time.Hour) // the fixture begins at noon
		token = x.signIn(t, "ines", goodPassword)
		if got := roles(); got != "[auditor]" {
			t.Errorf("after the last day: %s", got)
		}
		x.Clock.Add(23*time.Hour + 45*time.Minute)
		token = x.signIn(t, "ines", goodPassword)
		x.Clock.Add(20 * time.Minute)
		if got := roles(); got != "session_ended" {
			t.Errorf("with no role left: %s", got)
		}
		_, _, err := x.SignIn(ctx, "ines", goodPassword)
		wantFault(t, err, fault.Unauthenticated, "roles_over")

		x.grant(t, "ines", registry.Grant{Role: registry.RoleAuditor, Until: x.dayFrom(0)})
		held := x.assignments(t, "ines")
		if len(held) != 2 {
			t.Errorf("the same role with another last day stands twice: %+v", held)
		}
		token = x.signIn(t, "ines", goodPassword)
		if got := roles(); got != "[auditor]" {
			t.Errorf("given anew: %s", got)
		}
	})
}

func TestLastDaysThatCannotBe(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx := t.Context()
		x.staff(t, "ines", registry.RoleAuditor)
		give := func(a registry.Actor, name string, g registry.Grant) error {
			_, err := x.GrantRole(ctx, a, name, g, "needed")
			return err
		}
		for _, bad := range []string{x.dayFrom(-1), "2026-13-01", "soon", "\x00"} {
			wantFault(t, give(admin(), "ines", registry.Grant{Role: registry.RoleAttester, Until: bad}), fault.Invalid, "invalid_grant")
		}
		wantFault(t, give(admin(), "ines", registry.Grant{Role: registry.RoleAuditor}), fault.Conflict, "already_granted")

		// Nobody gives a role that outlasts the own one, to themselves least of all.
		temporary := within(registry.Grant{Role: registry.RoleAdmin, Until: x.dayFrom(7)})
		for _, until := range []string{"", x.dayFrom(8)} {
			wantFault(t, give(temporary, "ines", registry.Grant{Role: registry.RoleAttester, Until: until}), fault.Forbidden, "grant_exceeds")
		}
		if err := give(temporary, "ines", registry.Grant{Role: registry.RoleAttester, Until: x.dayFrom(7)}); err != nil {
			t.Error(err, fields(err))
		}
		if _, err := x.Programmes(ctx); err != nil {
			t.Error(err)
		}
		if _, err := x.DefineProgramme(ctx, temporary, cash(), "a role with an end holds everywhere"); err != nil {
			t.Error(err, fields(err))
		}
		// The last administrator for good is not one for a time.
		x.staff(t, "boss", registry.RoleAdmin)
		boss, err := x.Session(ctx, x.signIn(t, "boss", goodPassword))
		if err != nil {
			t.Fatal(err)
		}
		wantFault(t, give(boss, "boss", registry.Grant{Role: registry.RoleAdmin, Until: x.dayFrom(3)}), fault.Conflict, "last_admin")
		x.grant(t, "ines", registry.Grant{Role: registry.RoleAdmin, Until: x.dayFrom(3)})
		wantFault(t, x.DisableStaff(ctx, boss, "boss"), fault.Conflict, "last_admin")
	})
}

// Accounts of staff come in pages, by name, and by what a name begins with.
func TestStaffComesInPages(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for _, name := range []string{"anna", "berta", "bruno", "carla", "dora"} {
			x.staff(t, name, registry.RoleAuditor)
		}
		x.grant(t, "carla", registry.Grant{Role: registry.RoleAttester})
		read := func(a registry.Actor, q registry.StaffQuery) (names []string) {
			t.Helper()
			for range 10 {
				page, err := x.Staff(t.Context(), a, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range page.Accounts {
					names = append(names, fmt.Sprintf("%s%d", s.Username, len(s.Assignments)))
				}
				if q.After = page.Next; q.After == "" {
					return names
				}
			}
			t.Fatal("the pages do not end")
			return nil
		}
		for _, limit := range []int{1, 2, 5, 50} {
			if got := fmt.Sprint(read(admin(), registry.StaffQuery{Limit: limit})); got != "[anna1 berta1 bruno1 carla2 dora1]" {
				t.Errorf("limit %d: %s", limit, got)
			}
		}
		if got := fmt.Sprint(read(admin(), registry.StaffQuery{Text: " B", Limit: 1})); got != "[berta1 bruno1]" {
			t.Errorf("with b: %s", got)
		}
		if got := read(within(registry.Grant{Role: registry.RoleAdmin, Kind: registry.AnyGroup}), registry.StaffQuery{Limit: 2}); len(got) != 0 {
			t.Errorf("outside of the bounds: %s", got)
		}
		_, err := x.Staff(t.Context(), admin(), registry.StaffQuery{Text: "\x00"})
		wantFault(t, err, fault.Invalid, "bad_query")
	})
}

// The page of somebody's own asks once whether there are wards, and names them by the
// fields that are names.
func TestWardsAreReadAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		own, _, ward := x.inCare(t)
		for range 3 {
			other := x.register(t, map[string]string{"full_name": "Kofi Mensah", "birth_date": "2020-04-05"})
			if _, err := x.AddGuardian(t.Context(), admin(), other.ID, registry.GuardianChange{Guardian: own.RegistrantID, From: "2026-01-01", Reason: "court order"}); err != nil {
				t.Fatal(err)
			}
		}
		var has bool
		statements := capture(t, x.DB, func() {
			var err error
			if has, err = x.HasWards(t.Context(), own); err != nil {
				t.Error(err)
			}
		})
		if !has || len(statements) != 1 {
			t.Errorf("%t by %d statements", has, len(statements))
		}
		var wards []registry.Ward
		all := capture(t, x.DB, func() {
			var err error
			if wards, err = x.Wards(t.Context(), own); err != nil {
				t.Error(err)
			}
		})
		if len(wards) != 4 || wards[0].ID != ward.ID || wards[0].Name != "Ibou Okonjo" || len(all) > 5 {
			t.Errorf("%+v by %d statements", wards, len(all))
		}
		stranger := x.register(t, map[string]string{"full_name": "Fatoumata Diop"})
		if has, err := x.HasWards(t.Context(), self(stranger.ID)); err != nil || has {
			t.Errorf("of nobody: %t, %v", has, err)
		}
	})
}
