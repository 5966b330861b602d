package registry_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// once registers somebody under an idempotency key, as the REST interface does.
func (x *fixture) once(ctx context.Context, a registry.Actor, key, name string) (answer string, ran bool, err error) {
	claim, kept, err := x.ClaimKey(ctx, a, key, []byte("POST /people"), []byte(name))
	if err != nil || kept != nil {
		return string(kept), false, err
	}
	p, err := x.Register(claim.Context(ctx), a, registry.Change{Set: map[string]string{"full_name": name}})
	if err != nil {
		return "", true, errors.Join(err, x.FreeKey(ctx, claim))
	}
	return p.Number, true, x.KeepAnswer(ctx, claim, []byte(p.Number))
}

// TestARepeatGetsTheFirstAnswer: for a day, to the same account with the same
// rights; another request with the key is refused.
func TestARepeatGetsTheFirstAnswer(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		a, b := x.signedIn(t, "berta", registry.RoleRegistrar), x.signedIn(t, "carol", registry.RoleRegistrar)
		first, ran, err := x.once(t.Context(), a, "key-1", "Amina Odhiambo")
		if err != nil || !ran {
			t.Fatal(err)
		}
		again, ran, err := x.once(t.Context(), a, "key-1", "Amina Odhiambo")
		if err != nil || ran || again != first || x.count(t, "registrant") != 1 {
			t.Errorf("the repeat: %q after %q, %v; %d people", again, first, err, x.count(t, "registrant"))
		}
		_, _, err = x.once(t.Context(), a, "key-1", "Brian Otieno")
		wantFault(t, err, fault.Invalid, "idempotency_key_reused")
		fewer := a
		fewer.Roles = append([]registry.Role{registry.RoleAuditor}, a.Roles...)
		_, _, err = x.once(t.Context(), fewer, "key-1", "Amina Odhiambo") // its rights have changed
		wantFault(t, err, fault.Invalid, "idempotency_key_reused")
		if other, ran, err := x.once(t.Context(), b, "key-1", "Amina Odhiambo"); err != nil || !ran || other == first {
			t.Errorf("another account's key of that name: %q, %v", other, err)
		}
		_, _, err = x.once(t.Context(), registry.Actor{}, "key-1", "Amina Odhiambo")
		wantFault(t, err, fault.Unauthenticated, "sign_in_required")

		x.Clock.Add(24*time.Hour - time.Microsecond)
		if again, ran, err := x.once(t.Context(), a, "key-1", "Amina Odhiambo"); err != nil || ran || again != first {
			t.Errorf("at the end of the day: %q, ran %v, %v", again, ran, err)
		}
		x.Clock.Add(time.Microsecond)
		if again, ran, err := x.once(t.Context(), a, "key-1", "Brian Otieno"); err != nil || !ran || again == first {
			t.Errorf("a day later: %q, ran %v, %v", again, ran, err)
		}
	})
}

// TestKeptAnswersAreForgotten: after a day, also when nobody sends a key.
func TestKeptAnswersAreForgotten(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		a := x.signedIn(t, "berta", registry.RoleRegistrar)
		if _, _, err := x.once(t.Context(), a, "key-1", "Amina Odhiambo"); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			after time.Duration
			want  int64
		}{{24*time.Hour - time.Microsecond, 0}, {time.Microsecond, 1}, {0, 0}} {
			x.Clock.Add(c.after)
			if n, err := x.SweepAnswers(t.Context()); err != nil || n != c.want {
				t.Errorf("%d forgotten, want %d, %v", n, c.want, err)
			}
		}
		if n := x.count(t, "idempotency_key"); n != 0 {
			t.Errorf("%d left", n)
		}
	})
}

// TestManyAtOnceWithOneKeyAreOne: one is carried out, the others are told to wait
// or get its answer.
func TestManyAtOnceWithOneKeyAreOne(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		a := x.signedIn(t, "berta", registry.RoleRegistrar)
		var all sync.WaitGroup
		var mu sync.Mutex
		runs := 0
		for range 8 {
			all.Go(func() {
				_, ran, err := x.once(t.Context(), a, "key-1", "Amina Odhiambo")
				if err != nil && fault.CodeOf(err) != "idempotency_key_in_use" {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if ran {
					runs++
				}
			})
		}
		all.Wait()
		if n := x.count(t, "registrant"); n != 1 || runs != 1 {
			t.Errorf("%d people by %d runs", n, runs)
		}
	})
}

// TestAFailedRequestFreesItsKey: where nothing was written, the key is as new.
func TestAFailedRequestFreesItsKey(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		a := x.signedIn(t, "berta", registry.RoleRegistrar)
		_, _, err := x.once(t.Context(), a, "key-1", "") // nobody has no name
		wantFault(t, err, fault.Invalid, "invalid_values")
		if _, ran, err := x.once(t.Context(), a, "key-1", "Amina Odhiambo"); err != nil || !ran {
			t.Errorf("after a refusal: ran %v, %v", ran, err)
		}
	})
}

// TestAProcessThatDiesNeitherDoublesNorBlocks: it dies before it has written, and
// the next try takes over; it dies after, and nobody does it again; it was only
// slow, and cannot write any more.
func TestAProcessThatDiesNeitherDoublesNorBlocks(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		a := x.signedIn(t, "berta", registry.RoleRegistrar)
		change := registry.Change{Set: map[string]string{"full_name": "Amina Odhiambo"}}
		claim := func(key string) registry.Claim {
			t.Helper()
			c, _, err := x.ClaimKey(t.Context(), a, key, []byte("POST /people"), []byte("Amina Odhiambo"))
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		slow, dead := claim("slow"), claim("dead")
		if _, err := x.Register(dead.Context(t.Context()), a, change); err != nil { // and no answer is kept
			t.Fatal(err)
		}
		x.Clock.Add(2*time.Minute - time.Microsecond)
		for _, key := range []string{"slow", "dead"} {
			_, _, err := x.once(t.Context(), a, key, "Amina Odhiambo")
			wantFault(t, err, fault.Conflict, "idempotency_key_in_use")
		}
		x.Clock.Add(time.Microsecond)
		_, _, err := x.once(t.Context(), a, "dead", "Amina Odhiambo")
		wantFault(t, err, fault.Conflict, "idempotency_answer_lost")
		if _, ran, err := x.once(t.Context(), a, "slow", "Amina Odhiambo"); err != nil || !ran {
			t.Errorf("nobody took over: %v", err)
		}
		_, err = x.Register(slow.Context(t.Context()), a, change)
		wantFault(t, err, fault.Conflict, "idempotency_key_in_use")
		if err := errors.Join(x.KeepAnswer(t.Context(), slow, []byte("mine")), x.FreeKey(t.Context(), slow)); err != nil {
			t.Error(err)
		}
		if answer, ran, err := x.once(t.Context(), a, "slow", "Amina Odhiambo"); err != nil || ran || answer == "mine" {
			t.Errorf("answer %q, ran %v, %v", answer, ran, err)
		}
		if n := x.count(t, "registrant"); n != 2 {
			t.Errorf("%d people, want 2", n)
		}
	})
}

// TestAKeptAnswerIsSealed: whoever reads the table learns neither keys nor answers.
func TestAKeptAnswerIsSealed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		a := x.signedIn(t, "berta", registry.RoleRegistrar)
		number, _, err := x.once(t.Context(), a, "key-of-amina", "Amina Odhiambo")
		if err != nil {
			t.Fatal(err)
		}
		var row struct{ KeyHash, Request, Answer []byte }
		if err := x.DB.WithContext(t.Context()).Raw("SELECT key_hash, request, answer FROM idempotency_key").Scan(&row).Error; err != nil {
			t.Fatal(err)
		}
		stored := bytes.Join([][]byte{row.KeyHash, row.Request, row.Answer}, nil)
		for _, secret := range []string{number, "key-of-amina", "Amina"} {
			if len(row.Answer) == 0 || bytes.Contains(stored, []byte(secret)) {
				t.Errorf("the row holds %q", secret)
			}
		}
	})
}
