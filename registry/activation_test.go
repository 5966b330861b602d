package registry_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func (x *fixture) code(t *testing.T, id uuid.UUID) string {
	t.Helper()
	code, _, err := x.NewActivationCode(t.Context(), registrar(), id)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestActivationOpensTheOwnRecordAndNoOther(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, other := x.register(t, amina()), x.register(t, map[string]string{"given_name": "Otieno"})
		if there, err := x.Activated(t.Context(), registrar(), p.ID); there || err != nil {
			t.Errorf("activated before: %v, %v", there, err)
		}
		code, expires, err := x.NewActivationCode(t.Context(), registrar(), p.ID)
		if err != nil || len(code) != 9 || !expires.Equal(x.Clock.Now().Add(registry.ActivationLife)) {
			t.Fatalf("code of %d characters until %v, %v", len(code), expires, err)
		}
		token, a, err := x.Activate(t.Context(), p.Number, code, goodPassword)
		if err != nil || a.Username != p.Number || a.RegistrantID != p.ID {
			t.Fatalf("%+v, %v", a, err)
		}
		if there, err := x.Activated(t.Context(), registrar(), p.ID); !there || err != nil {
			t.Errorf("activated after: %v, %v", there, err)
		}
		actor, err := x.Session(t.Context(), token)
		if err != nil || !actor.Has(registry.RoleRegistrant) || actor.RegistrantID != p.ID || actor.Channel != registry.ChannelSelf {
			t.Fatalf("actor = %+v, %v", actor, err)
		}
		if _, err := x.Person(t.Context(), actor, p.ID); err != nil {
			t.Error(err)
		}
		_, err = x.Person(t.Context(), actor, other.ID)
		wantFault(t, err, fault.NotFound, "no_such_person")
		x.signIn(t, strings.ToLower(p.Number), goodPassword)
	})
}

// Numbers and codes are typed as people type them.
func TestActivationReadsWhatPeopleType(t *testing.T) {
	t.Parallel()
	arabic := strings.NewReplacer("0", "٠", "1", "١", "2", "٢", "3", "٣", "4", "٤", "5", "٥", "6", "٦", "7", "٧", "8", "٨", "9", "٩")
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		for number, write := range map[string]func(code string) string{
			arabic.Replace(p.Number):            arabic.Replace,
			strings.TrimPrefix(p.Number, "SR-"): func(code string) string { return strings.ReplaceAll(code, " ", "-") },
			"  " + strings.ToLower(p.Number):    func(code string) string { return " " + strings.ReplaceAll(code, " ", "") },
		} {
			if _, _, err := x.Activate(t.Context(), number, write(x.code(t, p.ID)), goodPassword); err != nil {
				t.Errorf("number %q: %v", number, err)
			}
			x.signIn(t, number, goodPassword)
		}
	})
}

func TestActivationCodeWorksOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		code := x.code(t, p.ID)
		var opened atomic.Int32
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				_, _, err := x.Activate(t.Context(), p.Number, code, goodPassword)
				if err == nil {
					opened.Add(1)
				} else if c := fault.CodeOf(err); c != "activation_code_used" {
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		if opened.Load() != 1 {
			t.Errorf("the code opened the account %d times", opened.Load())
		}
		_, _, err := x.Activate(t.Context(), p.Number, code, "another passphrase")
		wantFault(t, err, fault.Gone, "activation_code_used")
		x.signIn(t, p.Number, goodPassword)
	})
}

func TestActivationCodeExpiresAtItsBoundary(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p, q := x.register(t, amina()), x.register(t, map[string]string{"given_name": "Otieno"})
		a, b := x.code(t, p.ID), x.code(t, q.ID)
		x.Clock.Add(registry.ActivationLife - time.Microsecond)
		if _, _, err := x.Activate(t.Context(), p.Number, a, goodPassword); err != nil {
			t.Errorf("a moment before: %v", err)
		}
		x.Clock.Add(time.Microsecond)
		_, _, err := x.Activate(t.Context(), q.Number, b, goodPassword)
		wantFault(t, err, fault.Gone, "activation_code_expired")
	})
}

// Wrong codes lock the number for a while and leave the code as it was; an
// unknown number is told the same.
func TestWrongCodesAreLimited(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		code := x.code(t, p.ID)
		wrong := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return '0' + (r-'0'+1)%10
			}
			return r
		}, code)
		for try := 1; try <= registry.MaxFailures; try++ {
			_, _, known := x.Activate(t.Context(), p.Number, wrong, goodPassword)
			_, _, unknown := x.Activate(t.Context(), "SR-12345678901", wrong, goodPassword)
			wantFault(t, known, fault.Unauthenticated, "activation_refused")
			if known.Error() != unknown.Error() || refusal(t, known).TriesLeft != registry.MaxFailures-try {
				t.Errorf("try %d: known %v, unknown %v", try, known, unknown)
			}
		}
		_, _, err := x.Activate(t.Context(), p.Number, code, goodPassword)
		wantFault(t, err, fault.Limited, "sign_in_locked")
		x.Clock.Add(registry.LockFor)
		if _, _, err := x.Activate(t.Context(), p.Number, code, goodPassword); err != nil {
			t.Errorf("after the lock: %v", err)
		}
	})
}

func TestFourWrongCodesLeaveOneTry(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		code := x.code(t, p.ID)
		for range registry.MaxFailures - 1 {
			if _, _, err := x.Activate(t.Context(), p.Number, "no code", goodPassword); err == nil {
				t.Fatal("opened")
			}
		}
		if _, _, err := x.Activate(t.Context(), p.Number, code, goodPassword); err != nil {
			t.Errorf("the last try: %v", err)
		}
	})
}

// A new code ends the older one; using it gives a new passphrase and ends what
// was open with the old one.
func TestNewCodeReplacesCodeAndPassphrase(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		first := x.code(t, p.ID)
		second := x.code(t, p.ID)
		_, _, err := x.Activate(t.Context(), p.Number, first, goodPassword)
		wantFault(t, err, fault.Unauthenticated, "activation_refused")
		token, account, err := x.Activate(t.Context(), p.Number, second, goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		_, again, err := x.Activate(t.Context(), p.Number, x.code(t, p.ID), "quite another phrase")
		if err != nil || again.ID != account.ID {
			t.Fatalf("account %v, want %v: %v", again.ID, account.ID, err)
		}
		_, err = x.Session(t.Context(), token)
		wantFault(t, err, fault.Unauthenticated, "session_ended")
		_, _, err = x.SignIn(t.Context(), p.Number, goodPassword)
		wantFault(t, err, fault.Unauthenticated, "sign_in_refused")
		x.signIn(t, p.Number, "quite another phrase")
	})
}

func TestBadPassphraseCostsNoTry(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		code := x.code(t, p.ID)
		for _, bad := range []string{"too short", "my code " + strings.ReplaceAll(code, " ", ""), "it is " + p.Number} {
			_, _, err := x.Activate(t.Context(), p.Number, code, bad)
			wantFault(t, err, fault.Invalid, "password_refused")
		}
		if n := x.count(t, "sign_in_failure"); n != 0 {
			t.Errorf("%d names have tries", n)
		}
		if _, _, err := x.Activate(t.Context(), p.Number, code, goodPassword); err != nil {
			t.Error(err)
		}
	})
}

func TestHandingOutStandsInTheChangeLog(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		code := x.code(t, p.ID)
		log, err := x.History(t.Context(), registrar(), p.ID)
		if err != nil || len(log) != 2 {
			t.Fatalf("%d entries, %v", len(log), err)
		}
		if e := log[1]; e.Reason != registry.ActivationReason || e.Actor != registrar().Name || len(e.Changes) != 0 {
			t.Errorf("entry = %+v", e)
		}
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
		var stored []byte
		if err := x.DB.WithContext(t.Context()).Raw("SELECT code_hash FROM activation").Row().Scan(&stored); err != nil {
			t.Fatal(err)
		}
		if len(stored) != 32 || strings.Contains(string(stored), strings.ReplaceAll(code, " ", "")) {
			t.Errorf("stored = %x", stored)
		}
	})
}

func TestWhoMayHandOutCodes(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		for _, a := range []registry.Actor{attester(), actor(registry.RoleAuditor), self(p.ID), registry.System()} {
			_, _, err := x.NewActivationCode(t.Context(), a, p.ID)
			wantFault(t, err, fault.Forbidden, "not_allowed")
		}
		_, _, err := x.NewActivationCode(t.Context(), registry.Actor{}, p.ID)
		wantFault(t, err, fault.Unauthenticated, "sign_in_required")
		_, _, err = x.NewActivationCode(t.Context(), admin(), uuid.New())
		wantFault(t, err, fault.NotFound, "no_such_person")
		if n := x.count(t, "activation"); n != 0 {
			t.Errorf("%d codes were made", n)
		}
	})
}

func TestFormIsSentOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		a, b := registrar(), registrar()
		token, err := x.NewForm(a)
		if err != nil {
			t.Fatal(err)
		}
		_, err = x.UseForm(t.Context(), b, token)
		wantFault(t, err, fault.Invalid, "form_expired")
		_, err = x.UseForm(t.Context(), a, "made up")
		wantFault(t, err, fault.Invalid, "form_expired")
		if again, err := x.UseForm(t.Context(), a, token); err != nil || again != "" {
			t.Fatalf("first: %q, %v", again, err)
		}
		_, err = x.UseForm(t.Context(), a, token)
		wantFault(t, err, fault.Conflict, "form_already_sent")
		if err := errors.Join(x.FormDone(t.Context(), token, "")); err != nil { // refused: it may be sent again
			t.Fatal(err)
		}
		if again, err := x.UseForm(t.Context(), a, token); err != nil || again != "" {
			t.Fatalf("after a refusal: %q, %v", again, err)
		}
		if err := x.FormDone(t.Context(), token, "/admin/people"); err != nil {
			t.Fatal(err)
		}
		if again, err := x.UseForm(t.Context(), a, token); err != nil || again != "/admin/people" {
			t.Errorf("second: %q, %v", again, err)
		}
		x.Clock.Add(registry.SessionMax)
		_, err = x.UseForm(t.Context(), a, token)
		wantFault(t, err, fault.Invalid, "form_expired")
	})
}
