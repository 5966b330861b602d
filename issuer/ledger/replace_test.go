package ledger_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/issuer/ledger"
)

// issued reserves and records the copies of one response.
func (b *bundle) issued(t *testing.T, g ledger.Grant, grace time.Duration, indices ...int64) []ledger.Issuance {
	t.Helper()
	r := b.reservation(g, b.list(t).ID, indices[0])
	r.Issuances[0].Grace = grace
	for _, index := range indices[1:] {
		copied := r.Issuances[0]
		copied.ID, copied.ListIndex = uuid.New(), index
		r.Issuances = append(r.Issuances, copied)
	}
	out, err := b.Reserve(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	var ids []uuid.UUID
	for _, i := range out {
		ids = append(ids, i.ID)
	}
	if err := b.Record(context.Background(), ids...); err != nil {
		t.Fatal(err)
	}
	return out
}

// reissue redeems an offer that names what it replaces.
func (b *bundle) reissue(t *testing.T, of uuid.UUID) ledger.Grant {
	t.Helper()
	o, err := b.CreateOffer(context.Background(), ledger.Offer{ID: secret.RandomID(16), RegistrantID: b.person, ConfigIDs: []string{"c1"},
		GrantTypes: []ledger.GrantKind{ledger.PreAuthorizedCode}, Replaces: of, CreatedBy: "clerk"}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	g, err := b.Redeem(context.Background(), ledger.Redemption{OfferID: o.ID, GrantID: secret.RandomID(16), Life: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// refreshed makes the grant that a refresh token of the family leads to.
func (b *bundle) refreshed(t *testing.T, g ledger.Grant) ledger.Grant {
	t.Helper()
	id := secret.RandomID(16)
	err := b.db.Exec("INSERT INTO issue_grant (issuer, id, family, kind, offer_id, registrant_id, config_ids, client_id, jkt, consent_id, identifiers, created_at, expires_at)"+
		" SELECT issuer, ?, family, 'refresh_token', '', registrant_id, config_ids, client_id, jkt, consent_id, identifiers, created_at, ? FROM issue_grant WHERE id = ?",
		id, db.TimeOf(b.clock.plus(time.Minute)), g.ID).Error
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Grant{ID: id}
}

func (b *bundle) states(t *testing.T, list []ledger.Issuance) []ledger.State {
	t.Helper()
	var out []ledger.State
	for _, i := range list {
		got, err := b.Issuance(context.Background(), i.ID)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, got.State)
	}
	return out
}

// Row 72: a re-issue takes fresh indices, and the old ones, of every copy, are
// withdrawn; by a refresh token that is what the same authorization led to, and by an
// offer what the offer names.
func TestRow72AReissueReplacesEveryCopy(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		other, mine := b.grant(t), b.grant(t)
		elsewhere := b.issued(t, other, 0, 1)
		first := b.issued(t, mine, 0, 2, 3, 4)
		second := b.issued(t, b.refreshed(t, mine), 0, 5, 6)
		want := func(name string, list []ledger.Issuance, state ledger.State) {
			t.Helper()
			if got := b.states(t, list); slices.ContainsFunc(got, func(s ledger.State) bool { return s != state }) {
				t.Errorf("%s: %v, want %s", name, got, state)
			}
		}
		want("the old copies", first, ledger.Withdrawn)
		want("the new copies", second, ledger.Issued)
		want("another authorization's", elsewhere, ledger.Issued)
		third := b.issued(t, b.reissue(t, second[1].ID), 0, 7)
		want("replaced by an offer", second, ledger.Withdrawn)
		want("another authorization's", elsewhere, ledger.Issued)
		got, err := b.Issuance(context.Background(), second[0].ID)
		fresh, _ := b.Issuance(context.Background(), third[0].ID)
		if err != nil || got.Reason != ledger.ReasonReplaced || got.ClosedBy != ledger.ByReissue || got.ReplacedBy != fresh.ID || fresh.Supersedes == uuid.Nil {
			t.Errorf("old %+v, new %+v, %v", got, fresh, err)
		}
		// A plain offer is for one more credential and replaces nothing.
		b.issued(t, b.grant(t), 0, 8)
		want("beside one more", third, ledger.Issued)
	})
}

// With grace the old one stays valid until it is over, and its list says meanwhile
// that there is a newer one.
func TestReplacedOnesEndWithTheirGrace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		old := b.issued(t, b.grant(t), 0, 1, 2)
		before, _ := b.StatusList(ctx, ledger.TokenList, b.list(t).ID)
		fresh := b.issued(t, b.reissue(t, old[0].ID), time.Hour, 3)
		after, _ := b.StatusList(ctx, ledger.TokenList, before.ID)
		entries, err := b.StatusEntries(ctx, before.ID)
		if err != nil || len(entries) != 2 || !entries[0].Replaced || entries[0].State != ledger.Issued || after.Revision == before.Revision {
			t.Errorf("entries %+v, %v; revision %d, then %d", entries, err, before.Revision, after.Revision)
		}
		b.clock.pass(time.Hour - time.Microsecond)
		if n, err := b.EndReplaced(ctx, 10); n != 0 || err != nil {
			t.Errorf("too early: %d, %v", n, err)
		}
		b.clock.pass(time.Microsecond)
		if n, err := b.EndReplaced(ctx, 10); n != 2 || err != nil {
			t.Errorf("ended %d, %v, want both copies", n, err)
		}
		if n, err := b.EndReplaced(ctx, 10); n != 0 || err != nil {
			t.Errorf("again: %d, %v", n, err)
		}
		if got := append(b.states(t, old), b.states(t, fresh)...); !slices.Equal(got, []ledger.State{ledger.Withdrawn, ledger.Withdrawn, ledger.Issued}) {
			t.Errorf("states %v", got)
		}
		life, err := b.Life(ctx, old[0].ID)
		var steps []ledger.Step
		for _, e := range life {
			steps = append(steps, e.Step)
		}
		if want := []ledger.Step{ledger.StepOffered, ledger.StepIssued, ledger.StepReplaced, ledger.StepWithdrawn}; err != nil || !slices.Equal(steps, want) {
			t.Errorf("life %v, %v, want %v", steps, err, want)
		}
	})
}

// Withdrawing one copy withdraws what went out with it, and nothing else; and nobody
// gets a new credential while one of its kind is suspended.
func TestCopiesGoTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		batch, alone := b.issued(t, b.grant(t), 0, 1, 2, 3), b.issued(t, b.grant(t), 0, 4)
		why := ledger.Closing{Reason: "lost", By: "clerk"}
		if n, err := b.Suspend(ctx, []uuid.UUID{batch[1].ID}, why); n != 3 || err != nil {
			t.Errorf("suspended %d, %v, want 3", n, err)
		}
		if _, err := b.Reserve(ctx, b.reservation(b.grant(t), b.list(t).ID, 5)); !errors.Is(err, ledger.ErrSuspended) {
			t.Errorf("a new one beside a suspended one: %v", err)
		}
		if n, err := b.Withdraw(ctx, []uuid.UUID{batch[2].ID}, why, false); n != 3 || err != nil {
			t.Errorf("withdrew %d, %v, want 3", n, err)
		}
		if got := b.states(t, alone); got[0] != ledger.Issued {
			t.Errorf("another response's: %v", got)
		}
		b.issued(t, b.grant(t), 0, 6)
	})
}

// The wallet's word decides between the old one and the new one (OID4VCI 1.0 §11).
func TestTheWalletsWordEndsOneOfThem(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		index := int64(0)
		for told, want := range map[ledger.Outcome][2]ledger.State{
			ledger.Accepted: {ledger.Withdrawn, ledger.Issued},
			ledger.Refused:  {ledger.Issued, ledger.Withdrawn},
			ledger.Deleted:  {ledger.Issued, ledger.Withdrawn},
		} {
			old := b.issued(t, b.grant(t), 0, index, index+1)
			fresh := b.issued(t, b.reissue(t, old[0].ID), time.Hour, index+2, index+3)
			index += 4
			for range 2 { // told again, it changes nothing
				if err := b.Notify(ctx, fresh[0].ResponseID, told); err != nil {
					t.Fatal(err)
				}
				if got := append(b.states(t, old), b.states(t, fresh)...); !slices.Equal(got, []ledger.State{want[0], want[0], want[1], want[1]}) {
					t.Errorf("%s: %v, want %v", told, got, want)
				}
			}
			if n, err := b.EndReplaced(ctx, 10); n != 0 || err != nil {
				t.Errorf("%s: %d are still to be replaced, %v", told, n, err)
			}
			if got, _ := b.Issuance(ctx, old[0].ID); (got.ReplacedBy == uuid.Nil) != (want[0] == ledger.Issued) {
				t.Errorf("%s: the old one is replaced by %s", told, got.ReplacedBy)
			}
		}
	})
}

// Who holds a credential does not end its suspension: neither by a withdrawal nor by
// the wallet's word, which is kept, nor does a newer one.
func TestTheHolderEndsNoSuspension(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		old := b.issued(t, b.grant(t), 0, 1, 2)
		fresh := b.issued(t, b.reissue(t, old[0].ID), time.Hour, 3)
		why := ledger.Closing{Reason: "lost", By: "clerk"}
		if n, err := b.Suspend(ctx, []uuid.UUID{old[0].ID, fresh[0].ID}, why); n != 3 || err != nil {
			t.Fatalf("suspended %d, %v", n, err)
		}
		if n, err := b.GiveUp(ctx, []uuid.UUID{old[1].ID}, why); n != 0 || !errors.Is(err, ledger.ErrSuspended) {
			t.Errorf("given up: %d, %v, want ErrSuspended", n, err)
		}
		for _, told := range []ledger.Outcome{ledger.Accepted, ledger.Refused, ledger.Deleted} {
			if err := b.Notify(ctx, fresh[0].ResponseID, told); err != nil {
				t.Fatal(err)
			}
		}
		b.clock.pass(2 * time.Hour)
		if n, err := b.EndReplaced(ctx, 10); n != 0 || err != nil {
			t.Errorf("ended %d, %v", n, err)
		}
		all := append(slices.Clone(old), fresh...)
		if got := b.states(t, all); !slices.Equal(got, []ledger.State{ledger.Suspended, ledger.Suspended, ledger.Suspended}) {
			t.Errorf("states %v, want all suspended", got)
		}
		if got, _ := b.Issuance(ctx, fresh[0].ID); got.DeletedAt.IsZero() {
			t.Error("the wallet's word is not kept")
		}
		if n, err := b.Restore(ctx, []uuid.UUID{old[0].ID, fresh[0].ID}, why, nil); n != 3 || err != nil {
			t.Errorf("restored %d, %v", n, err)
		}
		if n, err := b.EndReplaced(ctx, 10); n != 2 || err != nil { // now it may
			t.Errorf("ended %d, %v, want the old copies", n, err)
		}
		if n, err := b.GiveUp(ctx, []uuid.UUID{fresh[0].ID}, why); n != 1 || err != nil {
			t.Errorf("given up after it: %d, %v", n, err)
		}
	})
}

// What is shown of a person's credentials is bounded: one of each response, the newest
// first; and the newest valid one of a configuration is found behind any number of others.
func TestShownIsBounded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		var made [][]ledger.Issuance
		for n := range int64(3) {
			made = append(made, b.issued(t, b.grant(t), 0, 2*n, 2*n+1))
			b.clock.pass(time.Minute)
		}
		shown := func(limit int) (out []string) {
			rows, err := b.Shown(ctx, b.person, limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				out = append(out, r.ResponseID)
			}
			return out
		}
		if got, want := shown(5), []string{made[2][0].ResponseID, made[1][0].ResponseID, made[0][0].ResponseID}; !slices.Equal(got, want) {
			t.Errorf("shown %v, want %v", got, want)
		}
		if got, want := shown(1), []string{made[2][0].ResponseID}; !slices.Equal(got, want) {
			t.Errorf("of one: %v, want %v", got, want)
		}
		newest := func() string {
			rows, err := b.NewestValid(ctx, b.person)
			if err != nil || len(rows) > 1 {
				t.Fatal(rows, err)
			}
			if len(rows) == 0 {
				return ""
			}
			return rows[0].ResponseID
		}
		if got := newest(); got != made[2][0].ResponseID {
			t.Errorf("the newest valid one is of %s", got)
		}
		if n, err := b.Withdraw(ctx, []uuid.UUID{made[2][0].ID, made[2][1].ID}, ledger.Closing{Reason: "test", By: "test"}, false); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		if got := newest(); got != made[1][0].ResponseID {
			t.Errorf("after it is withdrawn: of %s", got)
		}
		b.clock.pass(made[1][0].ValidUntil.Sub(b.clock.now()) - time.Microsecond)
		if got := newest(); got != made[1][0].ResponseID {
			t.Errorf("in its last moment: of %q", got)
		}
		b.clock.pass(time.Microsecond)
		if got := newest(); got != "" {
			t.Errorf("when all are over: %s", got)
		}
	})
}
