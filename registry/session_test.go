package registry_test

import (
	"bytes"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func TestSessionEndsIdleAtItsBoundary(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.staff(t, "amina", registry.RoleAuditor)
		token := x.signIn(t, "amina", goodPassword)
		for range 3 { // each look keeps it alive
			x.Clock.Add(registry.SessionIdle - time.Microsecond)
			if _, err := x.Session(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
		x.Clock.Add(registry.SessionIdle)
		_, err := x.Session(t.Context(), token)
		wantFault(t, err, fault.Unauthenticated, "session_ended")
	})
}

func TestSessionEndsAtItsMaximum(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.staff(t, "amina", registry.RoleAuditor)
		token := x.signIn(t, "amina", goodPassword)
		end := x.Clock.Now().Add(registry.SessionMax)
		for step := registry.SessionIdle / 2; x.Clock.Now().Add(step).Before(end); {
			x.Clock.Add(step)
			if _, err := x.Session(t.Context(), token); err != nil {
				t.Fatalf("%v before the end: %v", end.Sub(x.Clock.Now()), err)
			}
		}
		x.Clock.Add(end.Sub(x.Clock.Now()) - time.Microsecond)
		if _, err := x.Session(t.Context(), token); err != nil {
			t.Errorf("a moment before the end: %v", err)
		}
		x.Clock.Add(time.Microsecond)
		_, err := x.Session(t.Context(), token)
		wantFault(t, err, fault.Unauthenticated, "session_ended")
		x.signIn(t, "amina", goodPassword)
		if n := x.count(t, "session"); n != 1 {
			t.Errorf("%d sessions are kept, want the new one alone", n)
		}
	})
}

func TestSignOutEndsThatSessionOnly(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.staff(t, "amina", registry.RoleAuditor)
		one, two := x.signIn(t, "amina", goodPassword), x.signIn(t, "amina", goodPassword)
		if one == two {
			t.Fatal("two sign-ins share a token")
		}
		if err := x.EndSession(t.Context(), one); err != nil {
			t.Fatal(err)
		}
		_, err := x.Session(t.Context(), one)
		wantFault(t, err, fault.Unauthenticated, "session_ended")
		if _, err := x.Session(t.Context(), two); err != nil {
			t.Error(err)
		}
		if err := x.EndSession(t.Context(), "no such token"); err != nil {
			t.Error(err)
		}
	})
}

// A token that somebody planted in a browser is never a session, before or after
// its owner signs in; and the database does not hold what a cookie holds.
func TestSessionCannotBePlantedOrReadBack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.staff(t, "amina", registry.RoleAuditor)
		const planted = "planted-by-somebody-else"
		_, err := x.Session(t.Context(), planted)
		wantFault(t, err, fault.Unauthenticated, "session_ended")
		token := x.signIn(t, "amina", goodPassword)
		if token == planted || len(token) < 43 {
			t.Fatalf("token = %q, want 256 random bits", token)
		}
		_, err = x.Session(t.Context(), planted)
		wantFault(t, err, fault.Unauthenticated, "session_ended")
		var stored []byte
		if err := x.DB.WithContext(t.Context()).Raw("SELECT id_hash FROM session").Row().Scan(&stored); err != nil {
			t.Fatal(err)
		}
		if want := sha256.Sum256([]byte(token)); !bytes.Equal(stored, want[:]) || bytes.Contains(stored, []byte(token)) {
			t.Errorf("stored = %x", stored)
		}
		_, err = x.Session(t.Context(), string(stored))
		wantFault(t, err, fault.Unauthenticated, "session_ended")
	})
}

func TestClosedAccountIsSignedOut(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		a := x.staff(t, "amina", registry.RoleAuditor)
		token := x.signIn(t, "amina", goodPassword)
		x.exec(t, "UPDATE account SET disabled_at = created_at WHERE id = ?", a.ID)
		_, err := x.Session(t.Context(), token)
		wantFault(t, err, fault.Unauthenticated, "session_ended")
		_, _, err = x.SignIn(t.Context(), "amina", goodPassword)
		wantFault(t, err, fault.Unauthenticated, "sign_in_refused")
	})
}

// An actor knows how and where its session began, and when it last proved itself.
func TestActorKnowsItsSession(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.staff(t, "amina", registry.RoleAuditor)
		ctx := registry.WithDevice(t.Context(), "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0")
		token, _, err := x.SignIn(ctx, "amina", goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		a, err := x.Session(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		now := x.Clock.Now()
		if s := a.Session; s.Method != registry.ByPassphrase || s.Device != (registry.Device{Browser: "Firefox", System: "Android"}) ||
			!s.BegunAt.Equal(now) || !s.ProvedAt.Equal(now) || s.ID == uuid.Nil {
			t.Errorf("session = %+v", s)
		}
	})
}
