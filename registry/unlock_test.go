package registry_test

import (
	"strings"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func TestUnlock(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx := t.Context()
		person := x.register(t, map[string]string{"full_name": "Amina Yusuf"})
		x.staff(t, "worker", registry.RoleAuditor)
		for range registry.MaxFailures {
			for _, name := range []string{person.Number, "worker"} {
				if _, _, err := x.SignIn(ctx, name, "wrong password"); err == nil {
					t.Fatal("signed in")
				}
			}
		}
		until, err := x.Locked(ctx, registrar(), person.ID)
		if want := x.Clock.Now().Add(registry.LockFor); err != nil || !until.Equal(want) {
			t.Fatalf("locked until %v, %v, want %v", until, err, want)
		}
		if until, err := x.StaffLocked(ctx, admin(), "worker"); err != nil || until.IsZero() {
			t.Fatalf("staff: %v, %v", until, err)
		}
		_, err = x.Locked(ctx, attester(), person.ID)
		wantFault(t, err, fault.Forbidden, "not_allowed")
		wantFault(t, x.Unlock(ctx, attester(), person.ID, "asked"), fault.Forbidden, "not_allowed")
		wantFault(t, x.UnlockStaff(ctx, registrar(), "worker", "asked"), fault.Forbidden, "not_allowed")
		wantFault(t, x.Unlock(ctx, registrar(), person.ID, " "), fault.Invalid, "invalid_values")
		wantFault(t, x.UnlockStaff(ctx, admin(), "worker", ""), fault.Invalid, "invalid_values")
		wantFault(t, x.UnlockStaff(ctx, admin(), "nobody", "asked"), fault.NotFound, "no_such_account")
		if err := x.Unlock(ctx, registrar(), person.ID, "showed the card"); err != nil {
			t.Fatal(err)
		}
		if err := x.UnlockStaff(ctx, admin(), "worker", "called"); err != nil {
			t.Fatal(err)
		}
		if until, err := x.Locked(ctx, registrar(), person.ID); err != nil || !until.IsZero() {
			t.Errorf("still locked: %v, %v", until, err)
		}
		x.signIn(t, "worker", goodPassword)
		log, err := x.History(ctx, registry.System(), person.ID)
		if err != nil || !strings.HasSuffix(log[len(log)-1].Reason, "showed the card") {
			t.Errorf("log: %v, %v", log, err)
		}
	})
}
