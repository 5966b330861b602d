package registry_test

import (
	"encoding/base32"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/totp"
)

// app is an authenticator app with one secret.
type app struct {
	secret []byte
	x      *fixture
}

func (a app) code(t *testing.T) string {
	t.Helper()
	c, err := totp.Code(a.secret, a.x.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (x *fixture) app(t *testing.T, o registry.AppOffer) app {
	t.Helper()
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(o.Text)
	if err != nil || !strings.Contains(o.URI, "secret="+o.Text) {
		t.Fatal(o, err)
	}
	return app{secret, x}
}

// addApp gives an actor's account an authenticator app.
func (x *fixture) addApp(t *testing.T, a registry.Actor) (app, []string) {
	t.Helper()
	o, err := x.OfferTOTP(a, "Social Registry")
	if err != nil {
		t.Fatal(err)
	}
	phone := x.app(t, o)
	codes, err := x.ConfirmTOTP(t.Context(), a, o.Offer, phone.code(t))
	if err != nil || len(codes) != registry.RecoveryCodes {
		t.Fatal(codes, err)
	}
	x.Clock.Add(30 * time.Second)
	return phone, codes
}

func TestSecondFactorAfterThePassword(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.staff(t, "amina", registry.RoleAuditor)
		phone, codes := x.addApp(t, x.enters(t, "amina"))
		half, account, err := x.SignIn(t.Context(), "amina", goodPassword)
		if err != nil || account.Needs != registry.NeedsTOTP {
			t.Fatalf("%+v, %v", account, err)
		}
		_, err = x.Session(t.Context(), half)
		wantFault(t, err, fault.Unauthenticated, "session_halfway")
		if a, err := x.Halfway(t.Context(), half); err != nil || a.Needs != registry.NeedsTOTP || a.Username != "amina" {
			t.Errorf("%+v, %v", a, err)
		}
		_, _, err = x.FinishSignIn(t.Context(), half, "000000")
		wantFault(t, err, fault.Unauthenticated, "code_refused")
		if r := refusal(t, err); r.TriesLeft != registry.MaxFailures-1 {
			t.Errorf("%+v", r)
		}
		code := phone.code(t)
		token, _, err := x.FinishSignIn(t.Context(), half, code[:3]+" "+code[3:])
		if err != nil || token == half {
			t.Fatal(err, "the token is the same")
		}
		if a, err := x.Session(t.Context(), token); err != nil || a.Session.Method != registry.ByPassphrase {
			t.Errorf("%+v, %v", a, err)
		}
		_, err = x.Halfway(t.Context(), half)
		wantFault(t, err, fault.Unauthenticated, "session_ended")

		// The same code does not do again; a recovery code does, once.
		again := x.signIn(t, "amina", goodPassword)
		_, _, err = x.FinishSignIn(t.Context(), again, code)
		wantFault(t, err, fault.Unauthenticated, "code_refused")
		if _, _, err = x.FinishSignIn(t.Context(), again, strings.ToLower(codes[3])); err != nil {
			t.Fatal(err)
		}
		page, err := x.StaffSignIns(t.Context(), actor(registry.RoleAuditor), registry.SignInQuery{Username: "amina", Limit: 5})
		if err != nil || page.Next == "" || len(page.SignIns) != 5 {
			t.Fatalf("%+v, %v", page, err)
		}
		var came []string
		for _, s := range page.SignIns {
			came = append(came, string(s.Method)+" "+string(s.Outcome))
		}
		if got := strings.Join(came, ", "); got != "app in, app refused, passphrase half, app in, app refused" {
			t.Error(got)
		}
		if rest, err := x.StaffSignIns(t.Context(), actor(registry.RoleAuditor), registry.SignInQuery{Username: "amina", Limit: 5, After: page.Next}); err != nil || rest.Next != "" || len(rest.SignIns) == 0 {
			t.Errorf("%+v, %v", rest, err)
		}
		again = x.signIn(t, "amina", goodPassword)
		_, _, err = x.FinishSignIn(t.Context(), again, codes[3])
		wantFault(t, err, fault.Unauthenticated, "code_refused")
		x.Clock.Add(10 * time.Minute)
		_, _, err = x.FinishSignIn(t.Context(), again, phone.code(t))
		wantFault(t, err, fault.Unauthenticated, "session_ended")
	})
}

func TestSecondFactorLocks(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.staff(t, "amina", registry.RoleAuditor)
		phone, codes := x.addApp(t, x.enters(t, "amina"))
		half := x.signIn(t, "amina", goodPassword)
		for range registry.MaxFailures {
			_, _, err := x.FinishSignIn(t.Context(), half, "12345")
			wantFault(t, err, fault.Unauthenticated, "code_refused")
		}
		for _, typed := range []string{phone.code(t), codes[0]} {
			_, _, err := x.FinishSignIn(t.Context(), half, typed)
			wantFault(t, err, fault.Limited, "sign_in_locked")
		}
		x.Clock.Add(registry.LockFor)
		half = x.signIn(t, "amina", goodPassword)
		if _, _, err := x.FinishSignIn(t.Context(), half, phone.code(t)); err != nil {
			t.Error(err)
		}
	})
}

func TestStaffHaveToEnrol(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x = x.named(t, func(c *registry.Config) { c.NeedTOTP = true })
		x.staff(t, "amina", registry.RoleAuditor)
		half, account, err := x.SignIn(t.Context(), "amina", goodPassword)
		if err != nil || account.Needs != registry.NeedsEnrol {
			t.Fatalf("%+v, %v", account, err)
		}
		_, _, err = x.FinishSignIn(t.Context(), half, "123456")
		wantFault(t, err, fault.Unauthenticated, "session_ended")
		o, err := x.OfferTOTPTo(account, "Social Registry")
		if err != nil {
			t.Fatal(err)
		}
		if again, err := x.SameOffer(account, o.Offer, "Social Registry"); err != nil || again.Text != o.Text {
			t.Errorf("%+v, %v", again, err)
		}
		_, _, err = x.FinishEnrol(t.Context(), half, o.Offer, "000000")
		wantFault(t, err, fault.Unauthenticated, "code_refused")
		_, _, err = x.FinishEnrol(t.Context(), half, "nonsense", "000000")
		wantFault(t, err, fault.Invalid, "form_expired")
		token, codes, err := x.FinishEnrol(t.Context(), half, o.Offer, x.app(t, o).code(t))
		if err != nil || len(codes) != registry.RecoveryCodes {
			t.Fatal(err)
		}
		a, err := x.Session(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		if app, err := x.Authenticator(t.Context(), a); err != nil || app.Since.IsZero() || app.Codes != registry.RecoveryCodes || !app.Needed {
			t.Errorf("%+v, %v", app, err)
		}
		// A passkey is two factors in one.
		k := newSoftKey(t)
		x.addPasskey(t, a, k, "key")
		c := x.askPasskey(t)
		if _, account, err := x.SignInWithPasskey(t.Context(), c.Ticket, k.use(t, c)); err != nil || account.Needs != registry.NeedsNothing {
			t.Errorf("%+v, %v", account, err)
		}
	})
}

func TestAuthenticatorIsKeptByItsOwner(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.staff(t, "amina", registry.RoleAuditor)
		x.staff(t, "berta", registry.RoleAdmin)
		a, b := x.enters(t, "amina"), x.enters(t, "berta")
		o, err := x.OfferTOTP(a, "Social Registry")
		if err != nil {
			t.Fatal(err)
		}
		_, err = x.ConfirmTOTP(t.Context(), b, o.Offer, x.app(t, o).code(t))
		wantFault(t, err, fault.Invalid, "form_expired")
		_, err = x.NewRecoveryCodes(t.Context(), a)
		wantFault(t, err, fault.NotFound, "no_totp")
		wantFault(t, x.RemoveTOTP(t.Context(), a), fault.NotFound, "no_totp")
		phone, codes := x.addApp(t, a)
		var stored []byte
		if err := x.DB.WithContext(t.Context()).Raw("SELECT secret FROM totp").Row().Scan(&stored); err != nil || strings.Contains(string(stored), string(phone.secret)) {
			t.Errorf("the secret is kept in the clear, or not at all: %v", err)
		}
		o, err = x.OfferTOTP(a, "Social Registry")
		if err != nil {
			t.Fatal(err)
		}
		_, err = x.ConfirmTOTP(t.Context(), a, o.Offer, x.app(t, o).code(t))
		wantFault(t, err, fault.Conflict, "totp_there")
		fresh, err := x.NewRecoveryCodes(t.Context(), a)
		if err != nil || len(fresh) != registry.RecoveryCodes {
			t.Fatal(err)
		}
		wantFault(t, x.ProveByCode(t.Context(), a, codes[0]), fault.Unauthenticated, "code_refused")
		if err := x.ProveByCode(t.Context(), a, fresh[0]); err != nil {
			t.Error(err)
		}
		wantFault(t, x.ResetStaffTOTP(t.Context(), registrar(), "amina", "lost"), fault.Forbidden, "not_allowed")
		if ways, err := x.StaffWays(t.Context(), admin(), "amina"); err != nil || !ways.App || ways.Claim != "" {
			t.Errorf("%+v, %v", ways, err)
		}
		_, err = x.StaffWays(t.Context(), registrar(), "amina")
		wantFault(t, err, fault.Forbidden, "not_allowed")
		if err := x.ResetStaffTOTP(t.Context(), admin(), "amina", "lost the telephone"); err != nil {
			t.Fatal(err)
		}
		if _, account, err := x.SignIn(t.Context(), "amina", goodPassword); err != nil || account.Needs != registry.NeedsNothing {
			t.Errorf("%+v, %v", account, err)
		}
	})
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.staff(t, "amina", registry.RoleAuditor)
		x.staff(t, "berta", registry.RoleAuditor)
		one := x.enters(t, "amina")
		x.Clock.Add(time.Minute)
		two, three, other := x.enters(t, "amina"), x.enters(t, "amina"), x.enters(t, "berta")
		list, err := x.Sessions(t.Context(), one)
		if err != nil || len(list) != 3 || list[2].ID != one.Session.ID {
			t.Fatalf("%+v, %v", list, err)
		}
		wantFault(t, x.EndOneSession(t.Context(), one, other.Session.ID), fault.NotFound, "no_such_session")
		wantFault(t, x.EndOneSession(t.Context(), one, uuid.New()), fault.NotFound, "no_such_session")
		if err := x.EndOneSession(t.Context(), one, two.Session.ID); err != nil {
			t.Fatal(err)
		}
		if list, err = x.Sessions(t.Context(), one); err != nil || len(list) != 2 {
			t.Errorf("%+v, %v", list, err)
		}
		if err := x.EndOtherSessions(t.Context(), one); err != nil {
			t.Fatal(err)
		}
		if list, err = x.Sessions(t.Context(), one); err != nil || len(list) != 1 || list[0].ID != one.Session.ID {
			t.Errorf("%+v, %v", list, err)
		}
		_ = three
		if list, err = x.Sessions(t.Context(), other); err != nil || len(list) != 1 {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

func TestOwnPasswordIsChanged(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		const fresh = "seven blue kettles"
		x.staff(t, "amina", registry.RoleAuditor)
		a, other := x.enters(t, "amina"), x.signIn(t, "amina", goodPassword)
		wantFault(t, x.ChangePassword(t.Context(), a, "wrong", fresh), fault.Unauthenticated, "old_password_refused")
		wantFault(t, x.ChangePassword(t.Context(), a, goodPassword, "short"), fault.Invalid, "password_refused")
		if err := x.ChangePassword(t.Context(), a, goodPassword, fresh); err != nil {
			t.Fatal(err)
		}
		_, err := x.Session(t.Context(), other)
		wantFault(t, err, fault.Unauthenticated, "session_ended")
		if list, err := x.Sessions(t.Context(), a); err != nil || len(list) != 1 {
			t.Errorf("%+v, %v", list, err)
		}
		_, _, err = x.SignIn(t.Context(), "amina", goodPassword)
		wantFault(t, err, fault.Unauthenticated, "sign_in_refused")
		x.signIn(t, "amina", fresh)
		for range registry.MaxFailures {
			wantFault(t, x.ProveByPassword(t.Context(), a, "wrong"), fault.Unauthenticated, "old_password_refused")
		}
		wantFault(t, x.ChangePassword(t.Context(), a, fresh, goodPassword), fault.Limited, "sign_in_locked")
		x.signIn(t, "amina", fresh) // the lock is on what is done within, not on signing in
	})
}

func TestAProofGrowsOld(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x = x.named(t)
		x.staff(t, "amina", registry.RoleAuditor)
		token := x.signIn(t, "amina", goodPassword)
		now := func() registry.Actor {
			a, err := x.Session(t.Context(), token)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		phone, _ := x.addApp(t, now())
		k := newSoftKey(t)
		x.addPasskey(t, now(), k, "key")
		if w, err := x.ProofWays(t.Context(), now()); err != nil || w != (registry.ProofWays{Passkey: true, App: true}) {
			t.Errorf("%+v, %v", w, err)
		}
		x.Clock.Add(registry.DefaultStepUp)
		wantFault(t, x.ProveByPassword(t.Context(), now(), goodPassword), fault.Unauthenticated, "app_needed")
		if x.Fresh(now()) {
			t.Error("a password proves for an account with an app")
		}
		for name, prove := range map[string]func(registry.Actor) error{
			"code": func(a registry.Actor) error { return x.ProveByCode(t.Context(), a, phone.code(t)) },
			"passkey": func(a registry.Actor) error {
				c, err := x.BeginPasskeyProof(t.Context(), a)
				if err != nil {
					return err
				}
				return x.ProveByPasskey(t.Context(), a, c.Ticket, k.use(t, c))
			},
		} {
			if err := prove(now()); err != nil || !x.Fresh(now()) {
				t.Errorf("%s: %v", name, err)
			}
			x.Clock.Add(registry.DefaultStepUp - time.Second)
			if !x.Fresh(now()) {
				t.Errorf("%s: old before its time", name)
			}
			x.Clock.Add(time.Second)
			if x.Fresh(now()) {
				t.Errorf("%s: still fresh", name)
			}
		}
		if !x.Fresh(admin()) {
			t.Error("who came by a token is asked")
		}
	})
}
