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
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

const (
	householdLDP = "SocialRegistryHousehold_ldp_vc"
	householdSD  = "SocialRegistryHousehold_dc_sd_jwt"
)

// tokenBy makes an offer about a record as an actor, and redeems it.
func (w *world) tokenBy(t testing.TB, a registry.Actor, record uuid.UUID, configs ...string) string {
	t.Helper()
	o, err := w.CreateOffer(context.Background(), a, record, configs, false)
	must(t, err)
	res, err := w.Token(context.Background(), tokenCall(), tokenForm(w.code(t, o.ID), ""))
	must(t, err)
	return res.AccessToken
}

// guardian makes somebody the guardian of a child from the first of the month.
func (w *world) guardian(t testing.TB, child, guardian uuid.UUID, to string) registry.GuardianChange {
	t.Helper()
	c := registry.GuardianChange{Guardian: guardian, From: "2026-11-01", To: to, Reason: "court order"}
	_, err := w.registry.AddGuardian(context.Background(), w.admin, child, c)
	must(t, err)
	return c
}

// Row 70: a guardian receives a ward's credential while the guardianship lasts, and
// not a moment longer, whatever token is left.
func TestRow70GuardianIssuance(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		child := w.person(t, map[string]string{"given_name": "Ibou", "family_name": "Diallo", "birth_date": "2019-04-05"}, mandatory()...)
		adult, other := w.person(t, amina(), mandatory()...), registrant(w.person(t, amina(), mandatory()...))
		me := registrant(adult)
		if _, err := w.CreateOffer(ctx, me, child, []string{sd}, false); fault.KindOf(err) != fault.NotFound {
			t.Errorf("before there was a guardianship: %v, want NotFound", err)
		}
		change := w.guardian(t, child, adult, "")
		token := w.tokenBy(t, me, child, sd)
		credential, err := w.ask(ctx, token, sd, newHolder(t))
		must(t, err)
		if got := claimsOf(t, credential)["given_name"]; got != "Ibou" {
			t.Errorf("given_name %v, want the ward's", got)
		}
		if _, err := w.CreateOffer(ctx, other, child, []string{sd}, false); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a stranger: %v, want NotFound", err)
		}
		if _, err := w.CreateOffer(ctx, me, child, []string{householdSD}, false); fault.CodeOf(err) != "unknown_configuration" {
			t.Errorf("of a person as a household: %v", err)
		}
		issued, err := w.Issued(ctx, me, child)
		if err != nil || len(issued) != 1 {
			t.Fatalf("the guardian sees %v, %v", issued, err)
		}
		k, err := w.registry.Kinship(ctx, w.admin, child)
		must(t, err)
		change.To, change.Expect, change.From = "2026-11-22", k.ChainNo, ""
		_, err = w.registry.EndGuardian(ctx, w.admin, child, change)
		must(t, err)
		if _, err := w.ask(ctx, token, sd, newHolder(t)); err != nil {
			t.Errorf("on the last day: %v", err)
		}
		w.clock.pass(24 * time.Hour)
		fresh := w.tokenBy(t, w.admin, child, sd) // the office may still issue to the child
		if _, err := w.ask(ctx, fresh, sd, newHolder(t)); err != nil {
			t.Errorf("by the office: %v", err)
		}
		if _, err := w.CreateOffer(ctx, me, child, []string{sd}, false); fault.KindOf(err) != fault.NotFound {
			t.Errorf("an offer after the end: %v, want NotFound", err)
		}
		if _, err := w.Issued(ctx, me, child); fault.KindOf(err) != fault.NotFound {
			t.Errorf("the list after the end: %v, want NotFound", err)
		}
	})
}

// Row 70, with a token that is still good: the guardianship is taken back, and the
// credential that was issued is withdrawn.
func TestRow70TokenOutlivesTheGuardianship(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		child, adult := w.person(t, amina(), mandatory()...), w.person(t, amina(), mandatory()...)
		change := w.guardian(t, child, adult, "")
		token := w.tokenBy(t, registrant(adult), child, sd)
		_, err := w.ask(ctx, token, sd, newHolder(t))
		must(t, err)
		office, err := w.ask(ctx, w.tokenBy(t, w.admin, child, sd), sd, newHolder(t))
		must(t, err)
		w.follow(t)
		if n := len(w.live(t, child)); n != 2 {
			t.Fatalf("%d live, want 2", n)
		}
		k, err := w.registry.Kinship(ctx, w.admin, child)
		must(t, err)
		change.Expect = k.ChainNo
		_, err = w.registry.RemoveGuardian(ctx, w.admin, child, change)
		must(t, err)
		if _, err := w.ask(ctx, token, sd, newHolder(t)); oauth.CodeOf(err) != "credential_request_denied" {
			t.Errorf("after the end: %v, want credential_request_denied", err)
		}
		if n := w.follow(t); n != 1 || len(w.live(t, child)) != 1 {
			t.Errorf("%d withdrawn, %d live; want the guardian's alone to go", n, len(w.live(t, child)))
		}
		kind, list, index := statusPlace(t, office)
		bits, _ := w.bits(t, kind, list)
		if v, _ := bits.Get(index); v != 0 {
			t.Error("the child's own was withdrawn")
		}
	})
}

// Row 70: a guardian takes no credential out of the ward's own wallet, and can have one
// beside it; what a change has ended is there for both to replace.
func TestRow70GuardianLeavesTheWardsOwn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		child, adult := w.person(t, amina(), mandatory()...), w.person(t, amina(), mandatory()...)
		w.guardian(t, child, adult, "")
		mine, hers := registrant(child), registrant(adult)
		_, err := w.ask(ctx, w.tokenBy(t, mine, child, sd), sd, newHolder(t))
		must(t, err)
		own := w.live(t, child)[0].ID
		if _, err := w.Reissue(ctx, hers, own, false); fault.KindOf(err) != fault.NotFound {
			t.Errorf("the ward's own: %v, want NotFound", err)
		}
		w.clock.pass(time.Minute)
		_, err = w.ask(ctx, w.tokenBy(t, hers, child, sd), sd, newHolder(t))
		must(t, err)
		if n := len(w.live(t, child)); n != 2 {
			t.Fatalf("%d live, want both", n)
		}
		issued, err := w.Issued(ctx, mine, child) // the newest first
		must(t, err)
		if _, err := w.Reissue(ctx, mine, issued[0].ID, false); fault.KindOf(err) != fault.NotFound {
			t.Errorf("the guardian's, by the ward: %v, want NotFound", err)
		}
		for who, a := range map[string]registry.Actor{"ward": mine, "guardian": hers} {
			for n, want := range []bool{who == "guardian", who == "ward"} {
				if got := issued[n].ReplaceableBy(a); got != want {
					t.Errorf("credential %d is the %s's to replace: %v, want %v", n, who, got, want)
				}
			}
		}
		w.decide(t, child, registry.StateRejected, "given_name")
		w.follow(t)
		if _, err := w.Reissue(ctx, hers, own, false); err != nil {
			t.Errorf("the ward's own that has ended: %v", err)
		}
	})
}

// household makes a household of a head, a spouse and a child, with an attested
// address.
func (w *world) household(t testing.TB, head, spouse, child uuid.UUID) uuid.UUID {
	t.Helper()
	ctx := context.Background()
	g, err := w.registry.CreateGroup(ctx, w.admin, registry.HouseholdKind, registry.Change{Set: map[string]string{"group_name": "Diallo", "group_address": "Street 5", "group_region": "North"}, Reason: "test"},
		[]registry.NewMember{{MemberID: head, Role: "head", Start: "2026-01-01"}, {MemberID: spouse, Role: "spouse", Start: "2026-01-01"}, {MemberID: child, Role: "child", Start: "2026-01-01"}})
	must(t, err)
	must(t, w.registry.Attest(ctx, w.admin, g.ID, g.VersionNo, []registry.Decision{{Field: "group_address", State: registry.StateAttested, Comment: "seen"}}))
	return g.ID
}

// A household's credential goes to who stands for it, says what is attested and
// counted, and is withdrawn when either changes.
func TestHouseholdCredential(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		head, spouse, child := w.person(t, amina()), w.person(t, amina()), w.person(t, amina())
		home := w.household(t, head, spouse, child)
		person, err := w.registry.Person(ctx, w.admin, head)
		must(t, err)
		for _, config := range []string{householdLDP, householdSD} {
			credential, err := w.ask(ctx, w.tokenBy(t, registrant(head), home, config), config, holderFor(t, config))
			must(t, err)
			claims := claimsOf(t, credential)
			size, number, name := claims["householdSize"], claims["householdHead"], claims["householdName"]
			if config == householdSD {
				size, number, name = claims["household_size"], claims["household_head"], claims["household_name"]
			}
			if size != "3" || number != person.Number || name != nil { // the name is not attested
				t.Errorf("%s: size %v, head %v, name %v", config, size, number, name)
			}
		}
		if _, err := w.CreateOffer(ctx, registrant(spouse), home, []string{householdSD}, false); err != nil {
			t.Errorf("the spouse: %v", err)
		}
		for who, actor := range map[string]registry.Actor{"a child": registrant(child), "a stranger": registrant(w.person(t, amina()))} {
			if _, err := w.CreateOffer(ctx, actor, home, []string{householdSD}, false); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s: %v, want NotFound", who, err)
			}
		}
		if _, err := w.CreateOffer(ctx, registrant(head), home, []string{sd}, false); fault.CodeOf(err) != "unknown_configuration" {
			t.Errorf("of a household as a person: %v", err)
		}
		w.follow(t)
		if n := len(w.live(t, home)); n != 2 {
			t.Fatalf("%d live, want 2", n)
		}
		_, err = w.registry.AddMembers(ctx, w.admin, home, []registry.NewMember{{MemberID: w.person(t, amina()), Role: "child", Start: "2026-11-22"}}, "born")
		must(t, err)
		if n := w.follow(t); n != 2 {
			t.Errorf("%d withdrawn after a birth, want both: they tell another size", n)
		}
		ready, err := w.Readiness(ctx, registrant(head), home)
		if err != nil || len(ready) != 2 || len(ready[0].Missing) != 0 || !ready[0].ReissueDue {
			t.Errorf("readiness %+v, %v, want two of a household, and a re-issue due", ready, err)
		}
	})
}

// Row 70: the attested death of a guardian ends what the guardian holds for a ward, and
// nothing new is issued; the ward's own stays.
func TestRow70DeathOfTheGuardian(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		_, err := w.registry.DefineField(ctx, w.admin, registry.Field{Key: "death_date", Section: "demography", Type: registry.TypeDate,
			Label: map[string]string{"en": "Date of death", "ar": "تاريخ الوفاة"}, Attestable: true}, "deaths are recorded")
		must(t, err)
		w.Issuer = w.issuer(t, d)
		child, adult := w.person(t, amina(), mandatory()...), w.person(t, amina(), mandatory()...)
		w.guardian(t, child, adult, "")
		token := w.tokenBy(t, registrant(adult), child, sd)
		_, err = w.ask(ctx, token, sd, newHolder(t))
		must(t, err)
		_, err = w.ask(ctx, w.tokenBy(t, w.admin, child, sd), sd, newHolder(t))
		must(t, err)
		w.edit(t, adult, map[string]string{"death_date": "2026-11-20"})
		w.follow(t)
		if n := len(w.live(t, child)); n != 2 {
			t.Fatalf("%d live before the death is attested, want 2", n)
		}
		w.decide(t, adult, registry.StateAttested, "death_date")
		if _, err := w.ask(ctx, token, sd, newHolder(t)); oauth.CodeOf(err) != "credential_request_denied" {
			t.Errorf("a new one: %v, want credential_request_denied", err)
		}
		if n := w.follow(t); n != 1 || len(w.live(t, child)) != 1 {
			t.Errorf("%d withdrawn, %d live; want the guardian's alone to go", n, len(w.live(t, child)))
		}
	})
}

// A guardian is told whether a step was the own hand or the office's; staff are told
// by which account.
func TestOnlyStaffAreToldNamesOfStaff(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		child, adult := w.person(t, amina(), mandatory()...), w.person(t, amina(), mandatory()...)
		w.guardian(t, child, adult, "")
		clerk, hers := staff(registry.RoleRegistrar), registrant(adult)
		for _, a := range []registry.Actor{clerk, hers} {
			must(t, d.Exec("INSERT INTO account (id, username, roles, registrant_id, password, created_by, created_at, password_at, open_secret) VALUES (?, ?, ?, ?, 'x', 'test', ?, ?, 1 = 0)",
				a.AccountID, "u"+a.AccountID.String(), string(a.Roles[0]), ownRecord(a), db.TimeOf(w.clock.now()), db.TimeOf(w.clock.now())).Error)
		}
		_, err := w.ask(ctx, w.tokenBy(t, hers, child, sd), sd, newHolder(t))
		must(t, err)
		row := w.live(t, child)[0].ID
		must(t, w.Suspend(ctx, clerk, row, "lost"))
		must(t, w.Restore(ctx, clerk, row, "found"))
		must(t, w.Withdraw(ctx, hers, row, "sold the phone"))
		for name, tc := range map[string]struct {
			who  registry.Actor
			want []string // by whom the last steps were, the last first; accounts of registrants have no name
		}{
			"guardian": {hers, []string{issuer.BySelf, issuer.ByOffice, issuer.ByOffice}},
			"ward":     {registrant(child), []string{issuer.ByOffice, issuer.ByOffice, issuer.ByOffice}},
			"auditor":  {staff(registry.RoleAuditor), []string{issuer.ByOffice, "u" + clerk.AccountID.String(), "u" + clerk.AccountID.String()}},
		} {
			life, err := w.Life(ctx, tc.who, row)
			must(t, err)
			var got []string
			for n := range tc.want {
				got = append(got, life.Steps[len(life.Steps)-1-n].By)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("the %s is told %v, want %v", name, got, tc.want)
			}
		}
	})
}

func ownRecord(a registry.Actor) *uuid.UUID {
	if a.RegistrantID == uuid.Nil {
		return nil
	}
	return &a.RegistrantID
}
