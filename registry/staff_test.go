package registry_test

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const otherPassword = "seven blue lanterns"

func TestStaffPasswordIsReplaced(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.staff(t, "amina", registry.RoleAuditor)
		token := x.signIn(t, "amina", goodPassword)
		if err := x.SetStaffPassword(t.Context(), admin(), "Amina", otherPassword); err != nil {
			t.Fatal(err)
		}
		_, err := x.Session(t.Context(), token)
		wantFault(t, err, fault.Unauthenticated, "session_ended")
		_, _, err = x.SignIn(t.Context(), "amina", goodPassword)
		wantFault(t, err, fault.Unauthenticated, "sign_in_refused")
		x.signIn(t, "amina", otherPassword)
	})
}

// Another password ends the lock and opens a disabled account.
func TestStaffPasswordOpensWhatWasShut(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.staff(t, "amina", registry.RoleAuditor)
		for range registry.MaxFailures {
			_, _, err := x.SignIn(t.Context(), "amina", "wrong password")
			wantFault(t, err, fault.Unauthenticated, "sign_in_refused")
		}
		if err := x.DisableStaff(t.Context(), admin(), "amina"); err != nil {
			t.Fatal(err)
		}
		if err := x.SetStaffPassword(t.Context(), admin(), "amina", otherPassword); err != nil {
			t.Fatal(err)
		}
		x.signIn(t, "amina", otherPassword)
	})
}

func TestDisabledStaffIsOut(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.staff(t, "amina", registry.RoleAuditor)
		token := x.signIn(t, "amina", goodPassword)
		for range 2 { // a second time changes nothing
			if err := x.DisableStaff(t.Context(), admin(), "amina"); err != nil {
				t.Fatal(err)
			}
		}
		_, err := x.Session(t.Context(), token)
		wantFault(t, err, fault.Unauthenticated, "session_ended")
		_, _, err = x.SignIn(t.Context(), "amina", goodPassword)
		wantFault(t, err, fault.Unauthenticated, "sign_in_refused")
		if n := x.count(t, "session"); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
	})
}

func TestStaffListShowsWhatIsOpen(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.staff(t, "berta", registry.RoleAuditor)
		if _, err := x.CreateTrialStaff(t.Context(), admin(), "anna", goodPassword, []registry.Role{registry.RoleAdmin}); err != nil {
			t.Fatal(err)
		}
		p := x.register(t, amina())
		if _, _, err := x.Activate(t.Context(), p.Number, x.code(t, p.ID), goodPassword); err != nil {
			t.Fatal(err)
		}
		if err := x.DisableStaff(t.Context(), admin(), "berta"); err != nil {
			t.Fatal(err)
		}
		page, err := x.Staff(t.Context(), admin(), registry.StaffQuery{})
		list := page.Accounts
		if err != nil || len(list) != 2 {
			t.Fatalf("%+v, %v, want anna and berta", list, err)
		}
		anna, berta := list[0], list[1]
		if anna.Username != "anna" || !anna.OpenSecret || !anna.DisabledAt.IsZero() || anna.Roles[0] != registry.RoleAdmin {
			t.Errorf("anna = %+v", anna)
		}
		if berta.Username != "berta" || berta.OpenSecret || !berta.DisabledAt.Equal(x.Clock.Now()) {
			t.Errorf("berta = %+v", berta)
		}
		if err := x.SetStaffPassword(t.Context(), admin(), "anna", otherPassword); err != nil {
			t.Fatal(err)
		}
		if page, err = x.Staff(t.Context(), admin(), registry.StaffQuery{}); err != nil || page.Accounts[0].OpenSecret {
			t.Errorf("anna has a password of her own now: %+v, %v", list, err)
		}
	})
}

func TestWhoMayKeepStaffAndWhom(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.staff(t, "amina", registry.RoleAuditor)
		for _, a := range []registry.Actor{registrar(), attester(), actor(registry.RoleAuditor), actor(registry.RoleRegistrant)} {
			_, err := x.Staff(t.Context(), a, registry.StaffQuery{})
			wantFault(t, err, fault.Forbidden, "not_allowed")
			wantFault(t, x.SetStaffPassword(t.Context(), a, "amina", otherPassword), fault.Forbidden, "not_allowed")
			wantFault(t, x.DisableStaff(t.Context(), a, "amina"), fault.Forbidden, "not_allowed")
		}
		p := x.register(t, amina())
		if _, _, err := x.Activate(t.Context(), p.Number, x.code(t, p.ID), goodPassword); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"nobody", p.Number, "", "a\x00b"} {
			wantFault(t, x.SetStaffPassword(t.Context(), admin(), name, otherPassword), fault.NotFound, "no_such_account")
			wantFault(t, x.DisableStaff(t.Context(), admin(), name), fault.NotFound, "no_such_account")
		}
		wantFault(t, x.SetStaffPassword(t.Context(), admin(), "amina", "short"), fault.Invalid, "password_refused")
		x.signIn(t, "amina", goodPassword)
		x.signIn(t, p.Number, goodPassword)
	})
}

// A password that is changed, or an account that is disabled, while a sign-in
// still looks at the old password, leaves no session behind.
func TestSignInSeesWhatChangedMeanwhile(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{
		"disabled": "UPDATE account SET disabled_at = created_at",
		"password": "UPDATE account SET password = 'another'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, x *fixture) {
				x.staff(t, "amina", registry.RoleAuditor)
				free := registry.HoldPasswords(x.Registry)
				result := make(chan error, 1)
				go func() {
					_, _, err := x.SignIn(context.WithoutCancel(t.Context()), "amina", goodPassword)
					result <- err
				}()
				for x.count(t, "sign_in_failure") == 0 { // it has read the account then
					runtime.Gosched()
				}
				x.exec(t, change)
				free()
				wantFault(t, <-result, fault.Unauthenticated, "sign_in_refused")
				if n := x.count(t, "session"); n != 0 {
					t.Errorf("%d sessions were started", n)
				}
			})
		})
	}
}

// Guessing codes costs the hashers nothing: while none is free, wrong codes and
// locked numbers are still answered.
func TestGuessedCodesAreNotWorthAHash(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		code := x.code(t, p.ID)
		free := registry.HoldPasswords(x.Registry)
		ctx := t.Context() // whoever waited for a hasher would wait for ever
		for range registry.MaxFailures {
			_, _, err := x.Activate(ctx, p.Number, "no code", goodPassword)
			wantFault(t, err, fault.Unauthenticated, "activation_refused")
		}
		_, _, err := x.Activate(ctx, p.Number, code, goodPassword)
		wantFault(t, err, fault.Limited, "sign_in_locked")
		free()
		x.Clock.Add(registry.LockFor)
		if _, _, err := x.Activate(t.Context(), p.Number, code, goodPassword); err != nil {
			t.Errorf("after the lock: %v", err)
		}
	})
}

// What PostgreSQL cannot store is nobody's name, and no error of ours.
func TestNamesThatNoTextMayHold(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		x.code(t, p.ID)
		x.staff(t, "amina", registry.RoleAuditor)
		for _, name := range []string{"amina\x00", "\x00", "a\xffb", p.Number + "\x00", strings.Repeat("\x00", 300)} {
			_, _, err := x.SignIn(t.Context(), name, goodPassword)
			wantFault(t, err, fault.Unauthenticated, "sign_in_refused")
			_, _, err = x.Activate(t.Context(), name, "1234\x005678", goodPassword)
			wantFault(t, err, fault.Unauthenticated, "activation_refused")
			x.exec(t, "DELETE FROM sign_in_failure")
			_, err = x.CreateStaff(t.Context(), admin(), name, goodPassword, []registry.Role{registry.RoleAuditor})
			wantFault(t, err, fault.Invalid, "bad_username")
		}
		x.signIn(t, " amina\n", goodPassword)
	})
}

// A name may end in a digit, and is looked at before somebody types a password.
func TestStaffNamesAreCheckedBeforehand(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for _, name := range []string{"clerk2", "sr-clerk-2", "a1b"} {
			wantFault(t, x.CheckStaff(t.Context(), admin(), name), fault.NotFound, "no_such_account")
			if err := x.CheckNewStaff(t.Context(), admin(), name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			x.staff(t, name, registry.RoleAuditor)
			wantFault(t, x.CheckNewStaff(t.Context(), admin(), strings.ToUpper(name)), fault.Conflict, "username_taken")
			if err := x.CheckStaff(t.Context(), admin(), " "+name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		wantFault(t, x.CheckNewStaff(t.Context(), admin(), "SR-1"), fault.Invalid, "bad_username")
		clerk := registry.Actor{Name: "clerk", Roles: []registry.Role{registry.RoleRegistrar}, Channel: registry.ChannelStaff}
		wantFault(t, x.CheckNewStaff(t.Context(), clerk, "clerk3"), fault.Forbidden, "not_allowed")
		wantFault(t, x.CheckStaff(t.Context(), clerk, "clerk2"), fault.Forbidden, "not_allowed")
	})
}
