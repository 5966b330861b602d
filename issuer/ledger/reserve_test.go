package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/issuer/ledger"
)

func TestReserveAndRecord(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		g, list := b.grant(t), b.list(t)
		r := b.reservation(g, list.ID, 7)
		reserved, err := b.Reserve(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		i := reserved[0]
		if i.State != ledger.Reserved || !i.Live() || !i.ReservedAt.Equal(b.clock.t) {
			t.Errorf("reserved %+v", i)
		}
		if err := b.Record(ctx, i.ID); err != nil {
			t.Fatal(err)
		}
		got, err := b.Issuance(ctx, i.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.State != ledger.Issued || !got.IssuedAt.Equal(b.clock.t) || got.ListIndex != 7 || got.ChainNo != 3 || got.VersionNo != 2 ||
			!bytes.Equal(got.Fields["given_name"], []byte{1, 2, 3}) || len(got.Fields) != 1 || !got.ValidUntil.Equal(one(r).ValidUntil) {
			t.Errorf("stored %+v", got)
		}
		if o, _ := b.Offer(ctx, g.OfferID); o.State != ledger.OfferRedeemed {
			t.Errorf("after one of two the offer is %s, want redeemed", o.State)
		}
		if o := b.issueTheOther(t, g, list.ID); o.State != ledger.OfferIssued {
			t.Errorf("after both the offer is %s, want issued", o.State)
		}
		if err := b.Record(ctx, i.ID); !errors.Is(err, ledger.ErrNotReserved) {
			t.Errorf("recorded twice: %v", err)
		}
	})
}

func TestReserveRefusals(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		list, g := b.list(t), b.grant(t)
		if _, err := b.Reserve(ctx, b.reservation(g, list.ID, 1)); err != nil {
			t.Fatal(err)
		}
		used := b.reservation(g, list.ID, 2)
		if _, err := b.Reserve(ctx, used); err != nil {
			t.Fatal(err)
		}
		for name, tc := range map[string]struct {
			change func(r *ledger.Reservation)
			want   error
		}{
			"record moved on":    {func(r *ledger.Reservation) { one(*r).ChainNo = 2 }, ledger.ErrMoved},
			"record behind":      {func(r *ledger.Reservation) { one(*r).ChainNo = 4 }, ledger.ErrMoved},
			"no such registrant": {func(r *ledger.Reservation) { one(*r).RegistrantID = uuid.New() }, ledger.ErrNotFound},
			"no such grant":      {func(r *ledger.Reservation) { one(*r).GrantID = "other" }, ledger.ErrRevoked},
			"nonce used":         {func(r *ledger.Reservation) { r.Nonce = used.Nonce }, ledger.ErrUsed},
		} {
			r := b.reservation(g, list.ID, 3)
			tc.change(&r)
			if _, err := b.Reserve(ctx, r); !errors.Is(err, tc.want) {
				t.Errorf("%s: %v, want %v", name, err, tc.want)
			}
		}
		r := b.reservation(g, list.ID, 1)
		if _, err := b.Reserve(ctx, r); !d.Dialect.IsDuplicate(err) {
			t.Errorf("a status index twice: %v, want a duplicate", err)
		}
		// Nothing of a refused reservation stays: its nonce is still good.
		one(r).ListIndex = 3
		if _, err := b.Reserve(ctx, r); err != nil {
			t.Errorf("the same nonce after a refusal: %v", err)
		}
		if n := b.count(t, "issuance"); n != 3 {
			t.Errorf("%d issuances, want 3", n)
		}
		b.clock.pass(5*time.Minute - time.Microsecond)
		if _, err := b.Reserve(ctx, b.reservation(g, list.ID, 4)); err != nil {
			t.Errorf("a microsecond before the grant ends: %v", err)
		}
		b.clock.pass(time.Microsecond)
		if _, err := b.Reserve(ctx, b.reservation(g, list.ID, 5)); !errors.Is(err, ledger.ErrExpired) {
			t.Errorf("at the grant's end: %v", err)
		}
	})
}

// The reservation holds the record's row until it commits: a writer waits.
func TestReserveLocksTheRecord(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "postgres")
	b, ctx := setup(t, d), context.Background()
	g, list := b.grant(t), b.list(t)
	locked, done := make(chan struct{}), make(chan error, 1)
	release := make(chan struct{})
	if err := d.Callback().Row().After("gorm:row").Register("test:pause", pauseAfterGate(locked, release)); err != nil {
		t.Fatal(err)
	}
	go func() { _, err := b.Reserve(ctx, b.reservation(g, list.ID, 1)); done <- err }()
	<-locked
	err := d.SQL.QueryRowContext(ctx, `SELECT chain_no FROM registrant WHERE id = $1 FOR NO KEY UPDATE NOWAIT`, b.person).Err()
	if err == nil {
		t.Error("another transaction could lock the record for writing while the reservation was open")
	}
	close(release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		list, g := b.list(t), b.grant(t)
		lost, kept := b.reservation(g, list.ID, 1), b.reservation(g, list.ID, 2)
		for _, r := range []ledger.Reservation{lost, kept} {
			if _, err := b.Reserve(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Record(ctx, one(kept).ID); err != nil {
			t.Fatal(err)
		}
		b.clock.pass(5*time.Minute - time.Microsecond)
		if n, err := b.Sweep(ctx, 5*time.Minute, 10); n != 0 || err != nil {
			t.Errorf("too early: %d, %v", n, err)
		}
		if n := b.count(t, "used_id"); n != 3 { // the code and two nonces
			t.Errorf("%d used ids, want 3", n)
		}
		b.clock.pass(time.Microsecond)
		if n, err := b.Sweep(ctx, 5*time.Minute, 10); n != 1 || err != nil {
			t.Errorf("sweep = %d, %v, want 1", n, err)
		}
		if n := b.count(t, "used_id"); n != 1 { // the nonces are over, the code is not
			t.Errorf("%d used ids, want 1", n)
		}
		got, err := b.Issuance(ctx, one(lost).ID)
		if err != nil || got.State != ledger.Failed || got.ClosedBy != ledger.BySweep || got.Live() {
			t.Errorf("lost one is %+v, %v", got, err)
		}
		if set, err := b.StatusEntries(ctx, list.ID); err != nil || len(set) != 1 || set[0].Index != 1 {
			t.Errorf("bits set: %v, %v, want [1]", set, err)
		}
		if err := b.Record(ctx, one(lost).ID); !errors.Is(err, ledger.ErrNotReserved) {
			t.Errorf("record a swept one: %v", err)
		}
	})
}

func TestWithdraw(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := setup(t, d), context.Background()
		list, g := b.list(t), b.grant(t)
		reserved, issued := b.reservation(g, list.ID, 1), b.reservation(g, list.ID, 2)
		for _, r := range []ledger.Reservation{reserved, issued} {
			if _, err := b.Reserve(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Record(ctx, one(issued).ID); err != nil {
			t.Fatal(err)
		}
		if live, err := b.Live(ctx, []uuid.UUID{b.person, uuid.New()}); err != nil || len(live) != 2 {
			t.Fatalf("live: %v, %v, want 2", live, err)
		}
		ids := []uuid.UUID{one(reserved).ID, one(issued).ID}
		if n, err := b.Withdraw(ctx, ids, ledger.Closing{Reason: "detail_changed", By: ledger.ByFollower}, true); n != 2 || err != nil {
			t.Fatalf("withdraw = %d, %v, want 2", n, err)
		}
		if n, err := b.Withdraw(ctx, ids, ledger.Closing{Reason: "again", By: "clerk"}, true); n != 0 || err != nil {
			t.Errorf("again = %d, %v, want 0", n, err)
		}
		if live, _ := b.Live(ctx, []uuid.UUID{b.person}); len(live) != 0 {
			t.Errorf("still live: %v", live)
		}
		after, err := b.StatusList(ctx, ledger.TokenList, list.ID)
		if err != nil || after.Revision != list.Revision+1 {
			t.Errorf("revision %d → %d, %v, want one more", list.Revision, after.Revision, err)
		}
		if set, _ := b.StatusEntries(ctx, list.ID); len(set) != 2 {
			t.Errorf("bits set: %v, want two", set)
		}
		if due, _ := b.Reissues(ctx, b.person); len(due) != 1 || due[0].ConfigID != "c1" {
			t.Errorf("standing re-issues: %+v, want one of c1", due)
		}
		if got, _ := b.Issuance(ctx, one(issued).ID); got.Reason != "detail_changed" || got.ClosedBy != ledger.ByFollower || !got.ClosedAt.Equal(b.clock.t) {
			t.Errorf("withdrawn: %+v", got)
		}
		next := b.reservation(g, list.ID, 3)
		if _, err := b.Reserve(ctx, next); err != nil {
			t.Fatal(err)
		}
		if err := b.Record(ctx, one(next).ID); err != nil {
			t.Fatal(err)
		}
		if due, _ := b.Reissues(ctx, b.person); len(due) != 0 {
			t.Errorf("after a new credential, still due: %+v", due)
		}
	})
}
