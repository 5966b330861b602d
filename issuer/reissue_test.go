package issuer_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/verify"
	"socialregistry/registry"
)

// redeemed gives the access token that an offer leads to.
func (w *world) redeemed(t *testing.T, o issuer.Offer) string {
	t.Helper()
	res, err := w.Token(context.Background(), tokenCall(), tokenForm(w.code(t, o.ID), ""))
	must(t, err)
	return res.AccessToken
}

func steps(l issuer.Life) []string {
	var out []string
	for _, s := range l.Steps {
		out = append(out, s.Step+" by "+s.By)
	}
	return out
}

// A registrant gets a new credential in the place of the old one by one action, and
// the life of each tells so (OID4VCI 1.0 §14.5).
func TestReissueAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.person(t, amina(), mandatory()...)
		me := registrant(id)
		first, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
		must(t, err)
		old := w.live(t, id)[0].ID
		o, err := w.Reissue(ctx, me, old, false)
		must(t, err)
		if got := w.check(t, first.(string)); got.Outcome != verify.Genuine {
			t.Errorf("an offer alone: the old one is %s", got.Outcome)
		}
		second, err := w.ask(ctx, w.redeemed(t, o), sd, newHolder(t))
		must(t, err)
		if a, b := w.check(t, first.(string)), w.check(t, second.(string)); a.Outcome != verify.Withdrawn || b.Outcome != verify.Genuine {
			t.Errorf("old %s, new %s", a.Outcome, b.Outcome)
		}
		fresh := w.live(t, id)[0].ID
		life, err := w.Life(ctx, w.admin, old)
		if want := []string{"offered by " + issuer.ByOffice, "issued by wallet", "withdrawn by reissue"}; err != nil || !slices.Equal(steps(life), want) || life.ReplacedBy != fresh {
			t.Errorf("the old one's life: %v, %v, replaced by %s", steps(life), err, life.ReplacedBy)
		}
		if life, err = w.Life(ctx, me, fresh); err != nil || life.Supersedes != old || life.State != "issued" {
			t.Errorf("the new one's life: %+v, %v", life, err)
		}
		w.clock.pass(life.ValidUntil.Sub(w.clock.now()))
		if life, _ = w.Life(ctx, me, fresh); life.Steps[len(life.Steps)-1].Step != issuer.StepExpired {
			t.Errorf("at its end: %v", steps(life))
		}
		for name, tc := range map[string]struct {
			who  registry.Actor
			id   uuid.UUID
			want fault.Kind
			code string
		}{
			"replaced before":   {me, old, fault.Conflict, "replaced"},
			"somebody else's":   {registrant(uuid.New()), fresh, fault.NotFound, "not_found"},
			"by an attester":    {staff(registry.RoleAttester), fresh, fault.Forbidden, "not_allowed"},
			"by nobody":         {registry.Actor{}, fresh, fault.Unauthenticated, "sign_in_required"},
			"one that is none":  {w.admin, uuid.New(), fault.NotFound, "not_found"},
			"by a field worker": {staff(registry.RoleFieldWorker), fresh, fault.Forbidden, "not_allowed"},
		} {
			if _, err := w.Reissue(ctx, tc.who, tc.id, false); fault.KindOf(err) != tc.want || fault.CodeOf(err) != tc.code {
				t.Errorf("%s: %v, want %v %s", name, err, tc.want, tc.code)
			}
		}
	})
}

// Where the configuration waits for the wallet's word, the old one stays valid for so
// many days, and tells verifiers that there is a newer one.
func TestReissueOnAcceptance(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		w.configure(t, sd, "refresh", "accepted")
		w.configure(t, sd, "refresh_days", 3)
		id := w.person(t, amina(), mandatory()...)
		first, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
		must(t, err)
		o, err := w.Reissue(ctx, w.admin, w.live(t, id)[0].ID, false)
		must(t, err)
		_, err = w.ask(ctx, w.redeemed(t, o), sd, newHolder(t))
		must(t, err)
		w.clock.pass(3*24*time.Hour - time.Second)
		w.follow(t)
		if got := w.check(t, first.(string)); got.Outcome != verify.Genuine {
			t.Errorf("before three days: %s", got.Outcome)
		}
		w.clock.pass(time.Minute)
		w.follow(t)
		if got := w.check(t, first.(string)); got.Outcome != verify.Withdrawn {
			t.Errorf("after three days: %s", got.Outcome)
		}
	})
}

// Staff suspend and restore within their bounds; a registrant only withdraws, and
// nobody restores what was withdrawn.
func TestWhoSuspendsAndRestores(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		id := w.person(t, amina(), mandatory()...)
		_, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
		must(t, err)
		row := w.live(t, id)[0].ID
		type step = func(context.Context, registry.Actor, uuid.UUID, string) error
		for _, tc := range []struct {
			name   string
			do     step
			who    registry.Actor
			reason string
			want   fault.Kind
			code   string
		}{
			{"restore what is valid", w.Restore, w.admin, "x", fault.Conflict, "not_suspended"},
			{"suspend by an auditor", w.Suspend, staff(registry.RoleAuditor), "x", fault.Forbidden, "not_allowed"},
			{"suspend the own", w.Suspend, registrant(id), "x", fault.Forbidden, "not_allowed"},
			{"suspend somebody else's", w.Suspend, registrant(uuid.New()), "x", fault.NotFound, "not_found"},
			{"suspend by nobody", w.Suspend, registry.Actor{}, "x", fault.Unauthenticated, "sign_in_required"},
			{"suspend without reason", w.Suspend, w.admin, "", fault.Invalid, "reason_required"},
			{"suspend", w.Suspend, staff(registry.RoleRegistrar), "lost", 0, ""},
			{"suspend again", w.Suspend, w.admin, "lost", fault.Conflict, "not_issued"},
			{"withdraw the own that is suspended", w.Withdraw, registrant(id), "x", fault.Conflict, "suspended"},
			{"restore the own", w.Restore, registrant(id), "x", fault.Forbidden, "not_allowed"},
			{"restore", w.Restore, w.admin, "found", 0, ""},
			{"withdraw the own", w.Withdraw, registrant(id), "sold the phone", 0, ""},
			{"restore what is withdrawn", w.Restore, w.admin, "x", fault.Conflict, "not_suspended"},
			{"suspend what is withdrawn", w.Suspend, w.admin, "x", fault.Conflict, "not_issued"},
			{"withdraw again", w.Withdraw, w.admin, "x", fault.Conflict, "not_live"},
		} {
			err := tc.do(ctx, tc.who, row, tc.reason)
			if tc.code == "" && err != nil || tc.code != "" && (fault.KindOf(err) != tc.want || fault.CodeOf(err) != tc.code) {
				t.Errorf("%s: %v, want %v %s", tc.name, err, tc.want, tc.code)
			}
		}
	})
}

// Row 67: whatever becomes of a person, what was issued ends and nothing new is
// issued, and the reason is told.
func TestRow67WhatBecomesOfAPersonEndsTheCredentials(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		_, err := w.registry.DefineField(ctx, w.admin, registry.Field{Key: "death_date", Section: "demography", Type: registry.TypeDate,
			Label: map[string]string{"en": "Date of death", "ar": "تاريخ الوفاة"}, Attestable: true}, "deaths are recorded")
		must(t, err)
		w.Issuer = w.issuer(t, d)
		for reason, happen := range map[string]func(id uuid.UUID){
			"person_deceased": func(id uuid.UUID) {
				w.edit(t, id, map[string]string{"death_date": "2026-11-20"})
				w.decide(t, id, registry.StateAttested, "death_date")
			},
			"record_inactive": func(id uuid.UUID) {
				must(t, d.Exec("UPDATE registrant SET status = 'INACTIVE' WHERE id = ?", id).Error)
			},
			"record_gone": func(id uuid.UUID) { must(t, d.Exec("DELETE FROM record_key WHERE registrant_id = ?", id).Error) },
		} {
			id := w.person(t, amina(), mandatory()...)
			_, err := w.ask(ctx, w.token(t, id, sd), sd, newHolder(t))
			must(t, err)
			must(t, w.Suspend(ctx, w.admin, w.live(t, id)[0].ID, "lost")) // suspended ones end too
			token := w.token(t, id, ldp)
			w.edit(t, id, map[string]string{"region": "South"}) // as what happens does, it moves the change log
			happen(id)
			w.follow(t)
			w.closed(t, id, reason, ledger.ByFollower)
			if _, err := w.ask(ctx, token, ldp, newDIDHolder(t)); oauth.CodeOf(err) != "credential_request_denied" {
				t.Errorf("%s: a new one: %v", reason, err)
			}
		}
	})
}
