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

// The lock of an authenticator app, of the own password and of a passkey are seen and
// ended like the others.
func TestUnlockOfTheSecondFactor(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx, x := t.Context(), x.named(t)
		x.staff(t, "worker", registry.RoleAuditor)
		worker := x.enters(t, "worker")
		key := newSoftKey(t)
		x.addPasskey(t, worker, key, "key")
		phone, _ := x.addApp(t, worker)
		key.verified = false // held by somebody whom it does not know
		lock := map[string]func() error{
			"app":          func() error { return x.ProveByCode(ctx, worker, "123") },
			"own password": func() error { return x.ChangePassword(ctx, worker, "wrong password", "another good one") },
			"passkey": func() error {
				c, err := x.BeginPasskeyProof(ctx, worker)
				if err != nil {
					t.Fatal(err)
				}
				return x.ProveByPasskey(ctx, worker, c.Ticket, key.use(t, c))
			},
		}
		for what, try := range lock {
			for range registry.MaxFailures {
				if err := try(); fault.KindOf(err) != fault.Unauthenticated {
					t.Errorf("%s: %v", what, err)
				}
			}
			wantFault(t, try(), fault.Limited, "sign_in_locked")
			if until, err := x.StaffLocked(ctx, admin(), "worker"); err != nil || until.IsZero() {
				t.Errorf("%s: the office sees no lock: %v", what, err)
			}
			if err := x.UnlockStaff(ctx, admin(), "worker", "called"); err != nil {
				t.Fatal(err)
			}
			if until, err := x.StaffLocked(ctx, admin(), "worker"); err != nil || !until.IsZero() {
				t.Errorf("%s: still locked: %v, %v", what, until, err)
			}
			if err := try(); fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := x.ProveByCode(ctx, worker, phone.code(t)); err != nil {
			t.Error(err)
		}
	})
}
