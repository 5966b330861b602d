package issuer_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/issuer"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

// The numbers are those of the list of negative tests in docs/compliance. Rows
// 81 and 82 are in issuer_test.go, row 73 in status_test.go, those that need
// HTTP in api/vci.

// Row 68: somebody else's record, credential or offer is NotFound, as one that
// does not exist.
func TestRow68SomebodyElsesRecord(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		me, other := registrant(w.person(t, amina())), w.person(t, amina(), mandatory()...)
		offer, err := w.CreateOffer(ctx, w.admin, other, []string{sd}, false)
		must(t, err)
		_, err = w.ask(ctx, w.token(t, other, sd), sd, newHolder(t))
		must(t, err)
		issued, err := w.Issued(ctx, w.admin, other)
		must(t, err)
		tries := map[string]func(record uuid.UUID, offer string, credential uuid.UUID) error{
			"read": func(r uuid.UUID, _ string, _ uuid.UUID) error { _, err := w.registry.Person(ctx, me, r); return err },
			"attestations": func(r uuid.UUID, _ string, _ uuid.UUID) error {
				_, err := w.registry.FieldStates(ctx, me, r)
				return err
			},
			"versions": func(r uuid.UUID, _ string, _ uuid.UUID) error { _, err := w.registry.Versions(ctx, me, r); return err },
			"history":  func(r uuid.UUID, _ string, _ uuid.UUID) error { _, err := w.registry.History(ctx, me, r); return err },
			"edit": func(r uuid.UUID, _ string, _ uuid.UUID) error {
				_, err := w.registry.Edit(ctx, me, r, registry.Change{Set: map[string]string{"region": "x"}, ExpectVersion: 1})
				return err
			},
			"readiness":   func(r uuid.UUID, _ string, _ uuid.UUID) error { _, err := w.Readiness(ctx, me, r); return err },
			"credentials": func(r uuid.UUID, _ string, _ uuid.UUID) error { _, err := w.Issued(ctx, me, r); return err },
			"offer to": func(r uuid.UUID, _ string, _ uuid.UUID) error {
				_, err := w.CreateOffer(ctx, me, r, []string{sd}, false)
				return err
			},
			"see offer": func(_ uuid.UUID, o string, _ uuid.UUID) error { _, err := w.Offer(ctx, me, o); return err },
			"cancel":    func(_ uuid.UUID, o string, _ uuid.UUID) error { return w.CancelOffer(ctx, me, o) },
			"withdraw":  func(_ uuid.UUID, _ string, c uuid.UUID) error { return w.Withdraw(ctx, me, c, "mine?") },
		}
		for name, try := range tries {
			real, made := try(other, offer.ID, issued[0].ID), try(uuid.New(), "nope", uuid.New())
			if fault.KindOf(real) != fault.NotFound || fault.CodeOf(real) != fault.CodeOf(made) || fault.KindOf(made) != fault.NotFound {
				t.Errorf("%s: %v for a real one, %v for one that is not there, want one NotFound", name, real, made)
			}
		}
	})
}

// Row 69: nobody attests themselves, by no way.
func TestRow69SelfAttest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.person(t, amina())
		me := registrant(id)
		attest := []registry.Decision{{Field: "given_name", State: registry.StateAttested}}
		for _, actor := range []registry.Actor{me, staff(registry.RoleRegistrar), {}} {
			if err := w.registry.Attest(ctx, actor, id, 1, attest); fault.KindOf(err) != fault.Forbidden && fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("%v attests: %v", actor.Roles, err)
			}
		}
		for _, member := range []string{"attested_by", "state", "chain_no", "status", "given_name"} {
			_, err := w.registry.Edit(ctx, me, id, registry.Change{Set: map[string]string{member: "ATTESTED"}, ExpectVersion: 1})
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.Forbidden {
				t.Errorf("a registrant sets %s: %v", member, err)
			}
		}
		now, err := w.registry.Attested(ctx, id)
		if err != nil || len(now.Values) != 0 || now.VersionNo != 1 {
			t.Errorf("something changed: %+v, %v", now, err)
		}
		if _, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t)); oauth.CodeOf(err) != "credential_request_denied" {
			t.Errorf("issued all the same: %v", err)
		}
	})
}

// Row 72: no index is used twice, by two issuers at once, nor after a refusal or
// a re-issue; the index of a replaced credential is set.
func TestRow72StatusIndices(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		issuers := []*issuer.Issuer{w.Issuer, w.issuer(t, d)}
		type place struct {
			list  string
			index int64
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		seen := map[place]bool{}
		for n := range 20 {
			wg.Go(func() {
				for range 500 {
					list, index, err := issuers[n%2].TakeIndex(ctx, issuer.TokenList)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					if seen[place{list, index}] || index < 0 || index >= 131072 {
						t.Errorf("index %d of %s comes twice or is out of the list", index, list)
					}
					seen[place{list, index}] = true
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if len(seen) != 10_000 {
			t.Errorf("%d indices, want 10000", len(seen))
		}
		id := w.person(t, amina(), mandatory()...)
		token, h := w.token(t, id, sd), newHolder(t)
		nonce, err := w.Nonce(ctx)
		must(t, err)
		first := w.credential(t, token, nonce.CNonce, h)
		if _, err := w.Credential(ctx, bearer(token), jsonMedia, request(sd, h.proof(nonce.CNonce, w.clock.now()))); oauth.CodeOf(err) != "invalid_nonce" {
			t.Errorf("a refusal was expected: %v", err)
		}
		w.edit(t, id, map[string]string{"given_name": "Aminata"})
		w.follow(t)
		w.decide(t, id, registry.StateAttested, "given_name")
		nonce, err = w.Nonce(ctx)
		must(t, err)
		second := w.credential(t, token, nonce.CNonce, h)
		kind, list, old := statusPlace(t, first)
		_, _, fresh := statusPlace(t, second)
		bits, _ := w.bits(t, kind, list)
		if v, _ := bits.Get(old); v != 1 || old == fresh {
			t.Errorf("the index of the replaced one is %d with bit %d, the new one's %d", old, v, fresh)
		}
		if v, _ := bits.Get(fresh); v != 0 {
			t.Error("the new one is withdrawn")
		}
	})
}

func (w *world) credential(t *testing.T, token, nonce string, h holder) any {
	t.Helper()
	res, err := w.Credential(context.Background(), bearer(token), jsonMedia, request(sd, h.proof(nonce, w.clock.now())))
	must(t, err)
	return res.Credentials[0].Credential
}

// Refused requests give their index back: they cannot use up a list.
func TestRefusedRequestsUseNoIndex(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t, dbtest.New(t, "sqlite")), context.Background()
	token, h := w.token(t, w.person(t, amina()), sd), newHolder(t)
	for range 300 { // more than one leased block
		if _, err := w.ask(ctx, token, sd, h); oauth.CodeOf(err) != "credential_request_denied" {
			t.Fatal(err)
		}
	}
	var used int64
	must(t, w.db.Raw("SELECT sum(next_index) FROM status_list").Scan(&used).Error)
	if used != 256 {
		t.Errorf("%d positions leased, want one block of 256", used)
	}
}
