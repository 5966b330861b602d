package ledger_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
)

// Two issuers on one database: what is known of one by its id is unknown to the other,
// and what one does leaves the other as it is.
func TestIssuersDoNotSeeEachOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, b := context.Background(), setup(t, d)
		h := b.history(t)
		other := b.Of("other")
		why := ledger.Closing{Reason: "r", By: "t"}
		for name, refused := range map[string]struct {
			err  error
			want error
		}{
			"offer":    {errOf(other.Offer(ctx, h.offer.ID)), ledger.ErrNotFound},
			"cancel":   {other.CancelOffer(ctx, h.offer.ID, "t"), ledger.ErrNotFound},
			"redeem":   {errOf(other.Redeem(ctx, ledger.Redemption{OfferID: h.offer.ID, GrantID: secret.RandomID(16), Life: time.Minute})), ledger.ErrNotFound},
			"present":  {other.Present(ctx, h.grant.ID, "", time.Time{}), ledger.ErrRevoked},
			"reserve":  {errOf(other.Reserve(ctx, b.reservation(h.grant, h.list.ID, 9))), ledger.ErrRevoked},
			"record":   {other.Record(ctx, h.reserved), ledger.ErrNotReserved},
			"defer":    {other.Defer(ctx, ledger.Deferral{ID: secret.RandomID(16), GrantID: h.grant.ID}, "", time.Time{}), ledger.ErrRevoked},
			"deferral": {errOf(other.Deferral(ctx, h.deferral)), ledger.ErrNotFound},
			"deliver":  {other.Deliver(ctx, h.deferral, h.reserved), ledger.ErrUsed},
			"deny":     {other.Deny(ctx, h.deferral), ledger.ErrUsed},
			"notify":   {other.Notify(ctx, h.response, ledger.Accepted), ledger.ErrNotFound},
			"issuance": {errOf(other.Issuance(ctx, h.issued)), ledger.ErrNotFound},
			"list":     {errOf(other.StatusList(ctx, ledger.TokenList, h.list.ID)), ledger.ErrNotFound},
			"pushed":   {errOf(other.Pushed(ctx, h.pushed)), ledger.ErrNotFound},
			"decide":   {other.Decide(ctx, h.pushed, nil, time.Hour), ledger.ErrUsed},
			"refresh":  {errOf(other.Renew(ctx, ledger.Renewal{Hash: "refresh", Life: time.Minute})), ledger.ErrNotFound},
			"family":   {errOf(other.RefreshFamily(ctx, "refresh")), ledger.ErrNotFound},
			"consent":  {other.WithdrawConsent(ctx, b.person, h.consent, "t", nil), ledger.ErrNotFound},
			"revoke":   {other.RevokeKey(ctx, "kid", ledger.Entry{Actor: "t", Reason: "r"}), ledger.ErrNotFound},
			"certify":  {other.CertifyKey(ctx, "kid", nil, ledger.Entry{Actor: "t", Reason: "r"}), ledger.ErrNotFound},
		} {
			if !errors.Is(refused.err, refused.want) {
				t.Errorf("%s of another issuer: %v, want %v", name, refused.err, refused.want)
			}
		}
		for name, count := range map[string]func() (int, error){
			"withdraw":       func() (int, error) { return other.Withdraw(ctx, []uuid.UUID{h.issued}, why, true) },
			"give up":        func() (int, error) { return other.GiveUp(ctx, []uuid.UUID{h.issued}, why) },
			"suspend":        func() (int, error) { return other.Suspend(ctx, []uuid.UUID{h.issued}, why) },
			"end replaced":   func() (int, error) { return other.EndReplaced(ctx, 10) },
			"tell":           func() (int, error) { return other.TellSteps(ctx, 10, ledger.Outgoing{}) },
			"issuances":      func() (int, error) { return number(other.Issuances(ctx, b.person)) },
			"live":           func() (int, error) { return number(other.Live(ctx, []uuid.UUID{b.person})) },
			"life":           func() (int, error) { return number(other.Life(ctx, h.issued)) },
			"consents":       func() (int, error) { return number(other.Consents(ctx, b.person)) },
			"reissues":       func() (int, error) { return number(other.Reissues(ctx, b.person)) },
			"configurations": func() (int, error) { return number(other.Configurations(ctx)) },
			"lists":          func() (int, error) { return number(other.StatusLists(ctx, b.clock.t)) },
			"entries":        func() (int, error) { return number(other.StatusEntries(ctx, h.list.ID)) },
			"states":         func() (int, error) { states, err := other.States(ctx, h.list.ID); return len(states), err },
			"keys":           func() (int, error) { keys, _, err := other.Keys(ctx); return len(keys), err },
		} {
			if n, err := count(); n != 0 || err != nil {
				t.Errorf("%s of another issuer: %d, %v, want none", name, n, err)
			}
		}
		if at, err := other.Follower(ctx, "f"); at.Position != "" || err != nil {
			t.Errorf("follower of another issuer: %+v, %v", at, err)
		}
		b.checkApart(t, other, h)
	})
}

// checkApart holds what two issuers do under one name against each other.
func (b *bundle) checkApart(t *testing.T, other *ledger.Ledger, h history) {
	t.Helper()
	ctx := context.Background()
	if err := other.UseOnce(ctx, ledger.OnceDPoP, "proof", b.clock.plus(time.Hour)); err != nil {
		t.Errorf("an id that another issuer has used: %v", err)
	}
	if err := other.Advance(ctx, "f", "", "7"); err != nil {
		t.Fatal(err)
	}
	if at, err := b.Follower(ctx, "f"); at.Position != "5" || err != nil {
		t.Errorf("follower after another issuer's moved: %+v, %v, want 5", at, err)
	}
	block, err := other.Lease(ctx, ledger.TokenList, quarter(), 1)
	if err != nil || block.List.ID == h.list.ID || block.Seq != 1 || block.First != 0 {
		t.Errorf("first lease of another issuer: %+v, %v, want a list of its own", block, err)
	}
	if vouched, err := other.Vouched(ctx); vouched || err != nil {
		t.Errorf("vouched for another issuer: %v, %v", vouched, err)
	}
	if _, err := other.Claim(ctx, "https://registry.example/issuers/other"); err != nil {
		t.Errorf("claim beside another issuer: %v", err)
	}
	if again, err := other.Recover(ctx, ledger.Recovery{Generation: 2}, ledger.Entry{Actor: "t", Reason: "r"}); again != 0 || err != nil {
		t.Errorf("recover: %d, %v", again, err)
	}
	b.clock.pass(time.Hour)
	if n, err := other.Sweep(ctx, time.Minute, 10); n != 0 || err != nil {
		t.Errorf("sweep of another issuer: %d, %v, want none", n, err)
	}
	if n, err := other.Purge(ctx, time.Second, 10); n != 0 || err != nil {
		t.Errorf("purge of another issuer: %d, %v, want none", n, err)
	}
	if s, err := b.Standing(ctx); err != nil || s.Generation != 1 || len(s.Lists) != 1 || s.Lists[0].Revision != h.list.Revision {
		t.Errorf("after another issuer recovered: %+v, %v, want it as it was", s, err)
	}
	if n, err := b.Sweep(ctx, time.Minute, 10); n != 1 || err != nil {
		t.Errorf("sweep: %d, %v, want the one reservation", n, err)
	}
}

// A client is registered with all issuers: who disables it ends what each of them
// granted.
func TestDisablingAClientEndsTheGrantsOfAllIssuers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, b := context.Background(), setup(t, d)
		if err := b.CreateClient(ctx, ledger.Client{ID: "wallet", Name: "Wallet", AuthMethod: "none", JWKS: map[string]any{}}, ledger.Entry{Actor: "t"}); err != nil {
			t.Fatal(err)
		}
		grants := map[*ledger.Ledger]string{b.Ledger: "", b.Of("one"): "", b.Of("two"): ""}
		for l := range grants {
			o, err := l.CreateOffer(ctx, ledger.Offer{ID: secret.RandomID(16), RegistrantID: b.person, GrantTypes: []ledger.GrantKind{ledger.PreAuthorizedCode}, ConfigIDs: []string{"c1"}}, time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			g, err := l.Redeem(ctx, ledger.Redemption{OfferID: o.ID, GrantID: secret.RandomID(16), ClientID: "wallet", Life: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			grants[l] = g.ID
		}
		disable := func(c ledger.Client) (ledger.Client, error) { c.DisabledAt = b.clock.t; return c, nil }
		if _, err := b.ChangeClient(ctx, "wallet", ledger.Entry{Actor: "t"}, disable); err != nil {
			t.Fatal(err)
		}
		for l, id := range grants {
			if err := l.Present(ctx, id, "", time.Time{}); !errors.Is(err, ledger.ErrRevoked) {
				t.Errorf("a grant of the disabled client: %v, want ErrRevoked", err)
			}
		}
	})
}

func errOf[T any](_ T, err error) error { return err }

func number[T any](list []T, err error) (int, error) { return len(list), err }

// history is what one issuer has of each kind, by its ids.
type history struct {
	offer                               ledger.Offer
	grant                               ledger.Grant
	list                                ledger.StatusList
	reserved, issued                    uuid.UUID
	response, deferral, pushed, consent string
}

// history makes one of each kind for the issuer at the root.
func (b *bundle) history(t *testing.T) history {
	t.Helper()
	ctx := context.Background()
	h := history{offer: b.offer(t, ""), list: b.list(t), deferral: secret.RandomID(16), pushed: secret.RandomID(16), consent: secret.RandomID(16)}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	h.grant, err = b.Redeem(ctx, ledger.Redemption{OfferID: b.offer(t, "").ID, GrantID: secret.RandomID(16), Life: time.Hour, Refresh: ledger.Refresh{Hash: "refresh", Life: time.Hour}})
	must(err)
	first, second := b.reservation(h.grant, h.list.ID, 1), b.reservation(h.grant, h.list.ID, 2)
	h.issued, h.response, h.reserved = one(first).ID, one(first).ResponseID, one(second).ID
	must(errOf(b.Reserve(ctx, first)))
	must(b.Record(ctx, h.issued))
	must(errOf(b.Reserve(ctx, second)))
	must(b.Defer(ctx, ledger.Deferral{ID: h.deferral, RegistrantID: b.person, ConfigID: "c1", GrantID: h.grant.ID, ExpiresAt: b.clock.plus(time.Hour)}, "", time.Time{}))
	decided := secret.RandomID(16)
	must(b.Push(ctx, ledger.PushedRequest{ID: h.pushed, ClientID: "w"}, time.Hour))
	must(b.Push(ctx, ledger.PushedRequest{ID: decided, ClientID: "w"}, time.Hour))
	must(b.Decide(ctx, decided, &ledger.Consent{ID: h.consent, RegistrantID: b.person}, time.Hour))
	must(b.AddKeys(ctx, []ledger.Key{{Use: "sig", KID: "kid", Alg: "ES256", Generation: 1, Wrapped: []byte("w"), NotBefore: b.clock.t, NotAfter: b.clock.plus(time.Hour)}}, ledger.Entry{Actor: "t"}))
	must(b.SeedConfigurations(ctx, []ledger.Configuration{{ID: "c1", Document: map[string]any{}}}))
	must(b.Advance(ctx, "f", "", "5"))
	must(b.UseOnce(ctx, ledger.OnceDPoP, "proof", b.clock.plus(time.Hour)))
	must(errOf(b.Claim(ctx, "https://registry.example")))
	must(b.Vouch(ctx, "process"))
	return h
}
