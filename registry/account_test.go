package registry_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const goodPassword = "six green kettles"

func (x *fixture) staff(t *testing.T, name string, roles ...registry.Role) registry.Account {
	t.Helper()
	a, err := x.CreateStaff(t.Context(), registry.System(), name, goodPassword, roles)
	if err != nil {
		t.Fatal(err, fields(err))
	}
	return a
}

func (x *fixture) signIn(t *testing.T, name, password string) string {
	t.Helper()
	token, _, err := x.SignIn(t.Context(), name, password)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// refusal is what a page may tell of a refused try.
func refusal(t *testing.T, err error) registry.Refusal {
	t.Helper()
	var r *registry.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("error = %v, want a Refusal inside", err)
	}
	return *r
}

func TestStaffSignInGivesTheirRoles(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		want := x.staff(t, "Amina.K", registry.RoleRegistrar, registry.RoleAttester, registry.RoleAttester)
		token, got, err := x.SignIn(t.Context(), "  AMINA.k ", goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		if got.ID != want.ID || got.Username != "amina.k" || len(got.Roles) != 2 {
			t.Errorf("account = %+v", got)
		}
		a, err := x.Session(t.Context(), token)
		if err != nil || a.Name != "amina.k" || !a.Has(registry.RoleAttester) || a.Has(registry.RoleAdmin) || a.Channel != registry.ChannelStaff {
			t.Errorf("actor = %+v, %v", a, err)
		}
	})
}

func TestWhoMayCreateStaff(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		roles := []registry.Role{registry.RoleAuditor}
		for _, a := range []registry.Actor{registrar(), attester(), actor(registry.RoleAuditor), actor(registry.RoleRegistrant)} {
			_, err := x.CreateStaff(t.Context(), a, "somebody", goodPassword, roles)
			wantFault(t, err, fault.Forbidden, "not_allowed")
		}
		_, err := x.CreateStaff(t.Context(), registry.Actor{}, "somebody", goodPassword, roles)
		wantFault(t, err, fault.Unauthenticated, "sign_in_required")
		if _, err := x.CreateStaff(t.Context(), admin(), "somebody", goodPassword, roles); err != nil {
			t.Error(err)
		}
		_, err = x.CreateStaff(t.Context(), admin(), "SOMEBODY", goodPassword, roles)
		wantFault(t, err, fault.Conflict, "username_taken")
	})
}

func TestStaffAccountsThatAreRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		auditor := []registry.Role{registry.RoleAuditor}
		for name, c := range map[string]struct {
			user, password, code string
			roles                []registry.Role
		}{
			"name too short":          {"ab", goodPassword, "bad_username", auditor},
			"name too long":           {strings.Repeat("a", 41), goodPassword, "bad_username", auditor},
			"like a number":           {"SR-00000000012", goodPassword, "bad_username", auditor},
			"like a wrong number":     {"sr_1", goodPassword, "bad_username", auditor},
			"like half a number":      {"sr0000000001", goodPassword, "bad_username", auditor},
			"begins with a digit":     {"2amina", goodPassword, "bad_username", auditor},
			"ends with a dash":        {"amina-", goodPassword, "bad_username", auditor},
			"no role":                 {"anna", goodPassword, "bad_role", nil},
			"role of a registrant":    {"anna", goodPassword, "bad_role", []registry.Role{registry.RoleRegistrant}},
			"role of the service":     {"anna", goodPassword, "bad_role", []registry.Role{registry.RoleSystem}},
			"password of 9":           {"anna", "abcdefghi", "password_refused", auditor},
			"password of 201":         {"anna", strings.Repeat("abcdefghij", 20) + "k", "password_refused", auditor},
			"one character":           {"anna", strings.Repeat("a", 20), "password_refused", auditor},
			"four different":          {"anna", "abcdabcdabcd", "password_refused", auditor},
			"name in it":              {"anna", "my name is Anna!", "password_refused", auditor},
			"password that is broken": {"anna", "abcdefghij\xff", "password_refused", auditor},
		} {
			_, err := x.CreateStaff(t.Context(), admin(), c.user, c.password, c.roles)
			if fault.KindOf(err) != fault.Invalid || fault.CodeOf(err) != c.code {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
		}
		for _, password := range []string{"abcdefghij", strings.Repeat("abcdefghij", 19) + "jihgfedcba", "عشرة أحرف على"} {
			if _, err := x.CreateStaff(t.Context(), admin(), "name"+strings.Repeat("x", len(password)%20), password, auditor); err != nil {
				t.Errorf("password of %d bytes: %v", len(password), err)
			}
		}
	})
}

// An unknown name is told the same as a wrong password, and costs the same: the
// decoy is checked at the cost of a real hash.
func TestUnknownNameTakesTheSamePath(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.staff(t, "amina", registry.RoleAuditor)
		_, _, known := x.SignIn(t.Context(), "amina", "wrong password")
		_, _, unknown := x.SignIn(t.Context(), "nobody", "wrong password")
		wantFault(t, known, fault.Unauthenticated, "sign_in_refused")
		wantFault(t, unknown, fault.Unauthenticated, "sign_in_refused")
		if known.Error() != unknown.Error() || refusal(t, known) != refusal(t, unknown) {
			t.Errorf("known: %v, unknown: %v", known, unknown)
		}
		cost := func(phc string) string { return strings.Join(strings.Split(phc, "$")[:4], "$") }
		if got, want := cost(registry.DecoyHash(x.Registry)), cost(registry.HashPassword("x")); got != want {
			t.Errorf("decoy costs %s, a password %s", got, want)
		}
		registry.SetDecoyHash(x.Registry, "broken")
		if _, _, err := x.SignIn(t.Context(), "nobody", "wrong password"); fault.KindOf(err) != fault.Internal {
			t.Errorf("the decoy is not looked at for an unknown name: %v", err)
		}
		_, _, err := x.SignIn(t.Context(), "amina", "wrong password")
		wantFault(t, err, fault.Unauthenticated, "sign_in_refused")
	})
}

func TestLockOutBoundaries(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.staff(t, "amina", registry.RoleAuditor)
		for _, name := range []string{"amina", "nobody"} { // the same for both
			for try := 1; try <= registry.MaxFailures; try++ {
				_, _, err := x.SignIn(t.Context(), name, "wrong password")
				wantFault(t, err, fault.Unauthenticated, "sign_in_refused")
				got, want := refusal(t, err), registry.Refusal{TriesLeft: registry.MaxFailures - try}
				if want.TriesLeft == 0 { // this one locks, and says until when
					want.Until = x.Clock.Now().Add(registry.LockFor)
				}
				if got.TriesLeft != want.TriesLeft || !got.Until.Equal(want.Until) {
					t.Errorf("%s, try %d: %v, want %v", name, try, &got, &want)
				}
			}
			_, _, err := x.SignIn(t.Context(), name, goodPassword)
			wantFault(t, err, fault.Limited, "sign_in_locked")
			if got, want := refusal(t, err).Until, x.Clock.Now().Add(registry.LockFor); !got.Equal(want) {
				t.Errorf("%s: locked until %v, want %v", name, got, want)
			}
		}
		x.Clock.Add(registry.LockFor - time.Microsecond)
		_, _, err := x.SignIn(t.Context(), "amina", goodPassword)
		wantFault(t, err, fault.Limited, "sign_in_locked")
		x.Clock.Add(time.Microsecond)
		x.signIn(t, "amina", goodPassword)
		_, _, err = x.SignIn(t.Context(), "amina", "wrong password")
		if got, want := refusal(t, err).TriesLeft, registry.MaxFailures-1; got != want {
			t.Errorf("after the lock and a good sign-in: %d left, want %d", got, want)
		}
	})
}

func TestRightPasswordBeforeTheLockClearsTheTries(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.staff(t, "amina", registry.RoleAuditor)
		for range 3 {
			for range registry.MaxFailures - 1 {
				if _, _, err := x.SignIn(t.Context(), "amina", "wrong password"); err == nil {
					t.Fatal("a wrong password signed in")
				}
			}
			x.signIn(t, "amina", goodPassword)
		}
		if n := x.count(t, "sign_in_failure"); n != 0 {
			t.Errorf("%d names have tries, want none", n)
		}
	})
}

// Guessing in parallel gives no more tries than guessing in turn.
func TestParallelGuessesAreCounted(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.staff(t, "amina", registry.RoleAuditor)
		var checked, locked atomic.Int32
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				_, _, err := x.SignIn(t.Context(), "amina", "wrong password")
				switch fault.CodeOf(err) {
				case "sign_in_refused":
					checked.Add(1)
				case "sign_in_locked":
					locked.Add(1)
				default:
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		if checked.Load() != registry.MaxFailures || locked.Load() != 20-registry.MaxFailures {
			t.Errorf("%d passwords were checked and %d tries refused, want %d and %d", checked.Load(), locked.Load(), registry.MaxFailures, 20-registry.MaxFailures)
		}
	})
}

func TestGuessedNamesAreForgotten(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for _, name := range []string{"anna", "berta", "carla"} {
			if _, _, err := x.SignIn(t.Context(), name, "wrong password"); err == nil {
				t.Fatal("signed in")
			}
		}
		x.Clock.Add(24 * time.Hour)
		if _, _, err := x.SignIn(t.Context(), "dora", "wrong password"); err == nil {
			t.Fatal("signed in")
		}
		if n := x.count(t, "sign_in_failure"); n != 1 {
			t.Errorf("%d names are kept, want the one of today", n)
		}
	})
}
