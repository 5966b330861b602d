package registry_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// named is the fixture on a server that can have passkeys.
func (x *fixture) named(t *testing.T, more ...func(*registry.Config)) *fixture {
	t.Helper()
	c := registry.Config{DB: x.DB, Master: x.Master, Now: x.Clock.Now, PublicURL: passkeyOrigin}
	for _, f := range more {
		f(&c)
	}
	r, err := registry.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{Registry: r, DB: x.DB, Clock: x.Clock, Master: x.Master}
}

// enters gives the actor of a new session.
func (x *fixture) enters(t *testing.T, name string) registry.Actor {
	t.Helper()
	a, err := x.Session(t.Context(), x.signIn(t, name, goodPassword))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (x *fixture) addPasskey(t *testing.T, a registry.Actor, k *softKey, name string) registry.Passkey {
	t.Helper()
	c, err := x.BeginPasskey(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x.AddPasskey(t.Context(), a, name, c.Ticket, k.make(t, c))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (x *fixture) askPasskey(t *testing.T) registry.Ceremony {
	t.Helper()
	c, err := x.BeginPasskeySignIn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPasskeySignsInWithoutAName(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x = x.named(t)
		x.staff(t, "amina", registry.RoleAuditor)
		a, k := x.enters(t, "amina"), newSoftKey(t)
		made := x.addPasskey(t, a, k, "  My phone ")
		for range 2 {
			x.Clock.Add(time.Minute)
			c := x.askPasskey(t)
			token, account, err := x.SignInWithPasskey(t.Context(), c.Ticket, k.use(t, c))
			if err != nil || account.Username != "amina" {
				t.Fatalf("%+v, %v", account, err)
			}
			b, err := x.Session(t.Context(), token)
			if err != nil || b.Name != "amina" || b.Session.Method != registry.ByPasskey {
				t.Fatalf("%+v, %v", b, err)
			}
		}
		list, err := x.Passkeys(t.Context(), a)
		if err != nil || len(list) != 1 || list[0].ID != made.ID || list[0].Name != "My phone" || !list[0].UsedAt.Equal(x.Clock.Now()) {
			t.Errorf("%+v, %v", list, err)
		}
		if page, err := x.StaffSignIns(t.Context(), actor(registry.RoleAuditor), registry.SignInQuery{Outcome: registry.SignInDone}); err != nil || page.SignIns[0].Method != registry.ByPasskey {
			t.Errorf("%+v, %v", page, err)
		}
		if page, err := x.StaffSignIns(t.Context(), actor(registry.RoleAuditor), registry.SignInQuery{Outcome: registry.SignInRefused}); err != nil || len(page.SignIns) != 0 {
			t.Errorf("a try that was right is told as refused: %+v, %v", page, err)
		}
		if err := x.RenamePasskey(t.Context(), a, made.ID, "Old phone"); err != nil {
			t.Error(err)
		}
		if err := x.RemovePasskey(t.Context(), a, made.ID); err != nil {
			t.Error(err)
		}
		c := x.askPasskey(t)
		_, _, err = x.SignInWithPasskey(t.Context(), c.Ticket, k.use(t, c))
		wantFault(t, err, fault.Unauthenticated, "passkey_refused")
	})
}

func TestPasskeyOfARegistrant(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x = x.named(t)
		p := x.register(t, amina())
		code, _, err := x.NewActivationCode(t.Context(), registrar(), p.ID)
		if err != nil {
			t.Fatal(err)
		}
		token, _, err := x.Activate(t.Context(), p.Number, code, goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		a, err := x.Session(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		k := newSoftKey(t)
		x.addPasskey(t, a, k, "phone")
		c := x.askPasskey(t)
		if _, account, err := x.SignInWithPasskey(t.Context(), c.Ticket, k.use(t, c)); err != nil || account.RegistrantID != p.ID {
			t.Errorf("%+v, %v", account, err)
		}
		// A new code of the office shuts out whoever added a passkey.
		if code, _, err = x.NewActivationCode(t.Context(), registrar(), p.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err = x.Activate(t.Context(), p.Number, code, "another "+goodPassword); err != nil {
			t.Fatal(err)
		}
		c = x.askPasskey(t)
		_, _, err = x.SignInWithPasskey(t.Context(), c.Ticket, k.use(t, c))
		wantFault(t, err, fault.Unauthenticated, "passkey_refused")
	})
}

// A challenge does once, for a few minutes, for what and whom it was made.
func TestPasskeyChallenges(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x = x.named(t)
		x.staff(t, "amina", registry.RoleAuditor)
		x.staff(t, "berta", registry.RoleAuditor)
		a, b, k := x.enters(t, "amina"), x.enters(t, "berta"), newSoftKey(t)
		x.addPasskey(t, a, k, "phone")
		in := func(ticket, answer string) error {
			_, _, err := x.SignInWithPasskey(t.Context(), ticket, answer)
			return err
		}
		c := x.askPasskey(t)
		if err := in(c.Ticket, k.use(t, c)); err != nil {
			t.Fatal(err)
		}
		wantFault(t, in(c.Ticket, k.use(t, c)), fault.Invalid, "passkey_late")
		c = x.askPasskey(t)
		x.Clock.Add(5 * time.Minute)
		wantFault(t, in(c.Ticket, k.use(t, c)), fault.Invalid, "passkey_late")
		c, other := x.askPasskey(t), x.askPasskey(t)
		wantFault(t, in(other.Ticket, k.use(t, c)), fault.Unauthenticated, "passkey_refused")
		mine, err := x.BeginPasskeyProof(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		wantFault(t, x.ProveByPasskey(t.Context(), b, mine.Ticket, k.use(t, mine)), fault.Invalid, "passkey_late")
		theirs, err := x.BeginPasskeyProof(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		wantFault(t, x.ProveByPasskey(t.Context(), b, theirs.Ticket, k.use(t, theirs)), fault.Unauthenticated, "passkey_refused")
		made, err := x.BeginPasskey(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		_, err = x.AddPasskey(t.Context(), b, "phone", made.Ticket, newSoftKey(t).make(t, made))
		wantFault(t, err, fault.Invalid, "passkey_late")
		wantFault(t, in("", "{}"), fault.Invalid, "passkey_late")
	})
}

// Another site, a device that asked nobody, and what is no answer at all are refused;
// wrong tries lock the passkey.
func TestPasskeyRefusals(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x = x.named(t)
		x.staff(t, "amina", registry.RoleAuditor)
		a, k := x.enters(t, "amina"), newSoftKey(t)
		evil := newSoftKey(t)
		evil.origin = "https://evil.example"
		c, err := x.BeginPasskey(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		_, err = x.AddPasskey(t.Context(), a, "phone", c.Ticket, evil.make(t, c))
		wantFault(t, err, fault.Invalid, "passkey_not_made")
		x.addPasskey(t, a, k, "phone")
		try := func(change func()) error {
			change()
			c := x.askPasskey(t)
			_, _, err := x.SignInWithPasskey(t.Context(), c.Ticket, k.use(t, c))
			return err
		}
		for i := range registry.MaxFailures {
			err := try(func() { k.verified, k.origin = i%2 == 0, "https://evil.example" })
			wantFault(t, err, fault.Unauthenticated, "passkey_refused")
			if i == 0 && refusal(t, err).TriesLeft != registry.MaxFailures-1 {
				t.Errorf("refusal = %+v", refusal(t, err))
			}
		}
		wantFault(t, try(func() { k.verified, k.origin = true, passkeyOrigin }), fault.Limited, "sign_in_locked")
		x.Clock.Add(registry.LockFor)
		if err := try(func() {}); err != nil {
			t.Error(err)
		}
		wantFault(t, try(func() { k.verified = false }), fault.Unauthenticated, "passkey_refused")
		c = x.askPasskey(t)
		_, _, err = x.SignInWithPasskey(t.Context(), c.Ticket, "<html>")
		wantFault(t, err, fault.Unauthenticated, "passkey_refused")
	})
}

// A counter that does not grow closes the passkey and is told.
func TestPasskeyCopies(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x = x.named(t)
		x.staff(t, "amina", registry.RoleAuditor)
		a, k := x.enters(t, "amina"), newSoftKey(t)
		x.addPasskey(t, a, k, "phone")
		in := func() error {
			c := x.askPasskey(t)
			_, _, err := x.SignInWithPasskey(t.Context(), c.Ticket, k.use(t, c))
			return err
		}
		if err := in(); err != nil {
			t.Fatal(err)
		}
		k.count = 0 // the copy is behind
		wantFault(t, in(), fault.Unauthenticated, "passkey_cloned")
		k.count = 10
		wantFault(t, in(), fault.Unauthenticated, "passkey_cloned")
		if list, err := x.Passkeys(t.Context(), a); err != nil || list[0].ClonedAt.IsZero() {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

func TestPasskeyNamesAndOwners(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		plain := x
		x = x.named(t)
		x.staff(t, "amina", registry.RoleAuditor)
		x.staff(t, "berta", registry.RoleAuditor)
		a, b := x.enters(t, "amina"), x.enters(t, "berta")
		made := x.addPasskey(t, a, newSoftKey(t), strings.Repeat("ن", registry.MaxPasskeyName))
		for _, name := range []string{"", " ", strings.Repeat("n", registry.MaxPasskeyName+1), "a\x00b"} {
			wantFault(t, x.RenamePasskey(t.Context(), a, made.ID, name), fault.Invalid, "bad_passkey_name")
		}
		wantFault(t, x.RenamePasskey(t.Context(), b, made.ID, "mine"), fault.NotFound, "no_such_passkey")
		wantFault(t, x.RemovePasskey(t.Context(), b, made.ID), fault.NotFound, "no_such_passkey")
		wantFault(t, x.RemovePasskey(t.Context(), a, uuid.New()), fault.NotFound, "no_such_passkey")
		byToken := a
		byToken.Session = registry.Session{}
		_, err := x.BeginPasskey(t.Context(), byToken)
		wantFault(t, err, fault.Forbidden, "session_needed")
		_, err = x.Passkeys(t.Context(), registry.Actor{})
		wantFault(t, err, fault.Unauthenticated, "sign_in_required")
		_, err = plain.BeginPasskeySignIn(t.Context())
		wantFault(t, err, fault.Invalid, "no_passkeys_here")
		if plain.PasskeysWork() || !x.PasskeysWork() {
			t.Error("a server without a name has passkeys, or one with a name has none")
		}
	})
}
