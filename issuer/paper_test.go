package issuer_test

import (
	"context"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/issuer"
	"socialregistry/issuer/claim169"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/verify"
	"socialregistry/registry"
)

// print makes a paper of a person and gives it as it is printed.
func (w *world) print(t testing.TB, a registry.Actor, id uuid.UUID, fields ...string) issuer.Paper {
	t.Helper()
	made, err := w.MakePaper(t.Context(), a, issuer.NewPaper{RegistrantID: id, ConfigID: sd, Fields: fields})
	must(t, err)
	p, err := w.Paper(t.Context(), a, made.ID)
	must(t, err)
	return p
}

// checked verifies a code as a verifier without network does, by the signed bundle of now.
func (w *world) checked(t testing.TB, code string) verify.Result {
	t.Helper()
	s := issuer.Alone(w.Issuer)
	_, err := s.PublishedNow(t.Context())
	must(t, err)
	return newVerifier(t, s).refresh(s, issuer.Form{}).Verify([]byte(code), w.clock.now())
}

// A paper says what is attested and was chosen, is checked without network, and ends when
// a detail on it changes.
func TestAPaperIsATwin(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		id := w.person(t, amina(), "given_name", "family_name", "birth_date", "sex", "region")
		me := registrant(id)
		p := w.print(t, me, id, "given_name", "family_name", "birth_date", "sex", "region")
		r := w.checked(t, p.Code)
		if r.Outcome != verify.Genuine {
			t.Fatalf("%s: %s", r.Outcome, r.Reason)
		}
		want := map[string]any{"first_name": "Amina", "last_name": "Diallo", "birth_date": "1990-04-05", "gender": "female", "address": "North"}
		if !maps.Equal(r.Claims, want) {
			t.Errorf("the paper says %v, want %v", r.Claims, want)
		}
		if days := p.ValidUntil.Sub(p.ValidFrom); days != 30*24*time.Hour || !r.ValidUntil.Equal(p.ValidUntil) {
			t.Errorf("it counts for %s, the code says until %s", days, r.ValidUntil)
		}
		if len(p.Code) > 419 {
			t.Errorf("the code has %d signs, more than version 12 holds", len(p.Code))
		}
		if again, err := w.Paper(t.Context(), me, p.ID); err != nil || again.Code != p.Code {
			t.Errorf("the same paper has another code: %v", err)
		}
		code, err := claim169.Parse(p.Code)
		must(t, err)
		content, err := code.Verify(w.public(t, "EdDSA"))
		must(t, err)
		if strings.ToUpper(hex.EncodeToString(content.ID)) != p.Reference() || len(p.Reference()) != 12 {
			t.Errorf("reference %q, in the code %x", p.Reference(), content.ID)
		}
		w.isListed(t, me, id, p)
		w.edit(t, id, map[string]string{"locality": "Wajir"}) // is not on the paper
		w.follow(t)
		if r := w.checked(t, p.Code); r.Outcome != verify.Genuine {
			t.Errorf("after a change of what is not on it: %s", r.Outcome)
		}
		w.edit(t, id, map[string]string{"family_name": "Kone"})
		if _, err := w.Paper(t.Context(), me, p.ID); fault.CodeOf(err) != "paper_over" {
			t.Errorf("printed before the follower came to the change: %v", err)
		}
		w.follow(t)
		if r := w.checked(t, p.Code); r.Outcome != verify.Withdrawn {
			t.Errorf("after a change: %s", r.Outcome)
		}
		ready, err := w.Readiness(t.Context(), me, id)
		must(t, err)
		for _, x := range ready {
			if x.ReissueDue {
				t.Errorf("%s: a paper that ended leaves a new credential due", x.Config.ID)
			}
		}
	})
}

// isListed looks for a paper where credentials are shown.
func (w *world) isListed(t *testing.T, me registry.Actor, id uuid.UUID, p issuer.Paper) {
	t.Helper()
	list, err := w.Issued(t.Context(), me, id)
	must(t, err)
	if len(list) != 1 || list[0].ID != p.ID || list[0].Format != issuer.FormatPaper || list[0].State != "issued" {
		t.Errorf("the log of the person: %+v", list)
	}
	life, err := w.Life(t.Context(), me, p.ID)
	must(t, err)
	if len(life.Steps) != 1 || life.Steps[0].Step != "issued" {
		t.Errorf("its life: %+v", life.Steps)
	}
	ready, err := w.Readiness(t.Context(), me, id)
	must(t, err)
	for _, x := range ready {
		if x.Live != nil {
			t.Errorf("%s: a paper passes for a credential in a wallet", x.Config.ID)
		}
	}
	if _, err := w.Reissue(t.Context(), me, p.ID, false); fault.CodeOf(err) != "is_paper" {
		t.Errorf("a wallet is offered the place of a paper: %v", err)
	}
}

func TestWhatIsNotPrinted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		id := w.person(t, amina(), "given_name", "family_name")
		me := registrant(id)
		try := func(a registry.Actor, config string, fields ...string) error {
			_, err := w.MakePaper(t.Context(), a, issuer.NewPaper{RegistrantID: id, ConfigID: config, Fields: fields})
			return err
		}
		wants := func(err error, code string) {
			t.Helper()
			if fault.CodeOf(err) != code {
				t.Errorf("%v, want %s", err, code)
			}
		}
		wants(try(me, sd, "given_name"), "not_attested") // birth_date must be in it
		w.decide(t, id, registry.StateAttested, "birth_date")
		wants(try(me, sd, "given_name", "region"), "paper_fields") // nobody attested the region
		wants(try(me, sd, "given_name", "no_such"), "paper_fields")
		wants(try(me, sd), "paper_fields")
		wants(try(me, "none", "given_name"), "unknown_configuration")
		wants(try(registrant(uuid.New()), sd, "given_name"), "not_found")
		wants(try(staff(registry.RoleAttester), sd, "given_name"), "not_allowed")
		wants(try(registry.Actor{}, sd, "given_name"), "sign_in_required")
		if err := try(w.admin, sd, "given_name"); err != nil { // the office prints for somebody
			t.Error(err)
		}
		p := w.print(t, me, id, "given_name")
		_, err := w.Paper(t.Context(), registrant(uuid.New()), p.ID)
		wants(err, "not_found")
		_, err = w.Paper(t.Context(), me, uuid.New())
		wants(err, "not_found")
		must(t, w.Suspend(t.Context(), w.admin, p.ID, "asked for"))
		wants(try(me, sd, "given_name"), "suspended")
		_, err = w.Paper(t.Context(), me, p.ID)
		wants(err, "paper_over")
		if r := w.checked(t, p.Code); r.Outcome != verify.Suspended {
			t.Errorf("suspended: %s", r.Outcome)
		}
		must(t, w.Restore(t.Context(), w.admin, p.ID, "all is well"))
		if r := w.checked(t, p.Code); r.Outcome != verify.Genuine {
			t.Errorf("restored: %s", r.Outcome)
		}
		must(t, w.Withdraw(t.Context(), me, p.ID, "paper_lost"))
		if r := w.checked(t, p.Code); r.Outcome != verify.Withdrawn {
			t.Errorf("withdrawn: %s", r.Outcome)
		}
		for range ledger.MaxPapersADay - 2 {
			must(t, try(me, sd, "given_name"))
		}
		wants(try(me, sd, "given_name"), "too_many_papers")
		w.clock.pass(25 * time.Hour)
		must(t, try(me, sd, "given_name"))
	})
}

// A code that is too dense is refused before anything is reserved, with the details that
// make it so; what the form suggests always fits.
func TestAPaperIsNeverTooDense(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		long := strings.Repeat("ሀለሐመሠረሰ ", 9)
		values := amina()
		maps.Copy(values, map[string]string{"locality": long, "birth_place": long, "local_script_name": "አሚና ዲያሎ"})
		fields := []string{"given_name", "family_name", "birth_date", "sex", "region", "local_script_name", "locality", "birth_place"}
		id := w.person(t, values, fields...)
		me := registrant(id)
		_, err := w.MakePaper(t.Context(), me, issuer.NewPaper{RegistrantID: id, ConfigID: sd, Fields: fields})
		if fault.CodeOf(err) != "paper_too_dense" {
			t.Fatalf("a code of everything: %v", err)
		}
		var out []string
		for _, f := range fault.FieldsOf(err) {
			out = append(out, f.Name)
		}
		if len(out) == 0 || slices.Contains(out, "given_name") {
			t.Errorf("leave out %v", out)
		}
		if live := w.live(t, id); len(live) > 0 {
			t.Errorf("%d reserved by what was refused", len(live))
		}
		less := slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return slices.Contains(out, f) })
		if r := w.checked(t, w.print(t, me, id, less...).Code); r.Outcome != verify.Genuine {
			t.Errorf("without them: %s", r.Outcome)
		}
		offered, err := w.PaperFields(t.Context(), me, id, sd)
		must(t, err)
		var suggested []string
		for _, f := range offered {
			if f.Suggested {
				suggested = append(suggested, f.Field)
			}
		}
		if len(offered) != len(fields) || len(suggested) < 5 {
			t.Errorf("%v can be printed, %v is suggested", offered, suggested)
		}
		if r := w.checked(t, w.print(t, me, id, suggested...).Code); r.Outcome != verify.Genuine {
			t.Errorf("what is suggested: %s", r.Outcome)
		}
		r := w.checked(t, w.print(t, me, id, "given_name", "local_script_name").Code)
		if r.Outcome != verify.Genuine || r.Claims["attribute local_script_name"] != "አሚና ዲያሎ" {
			t.Errorf("%s: %v", r.Outcome, r.Claims)
		}
		b, err := w.Bundle(t.Context())
		must(t, err)
		if label := b.Types[verify.FormatClaim169].Claims["attribute local_script_name"]["en"]; label == "" {
			t.Error("the bundle has no words for what has no label")
		}
	})
}

// What a crash leaves between reservation and signature never counts, and a record that
// changes there lets nothing out.
func TestAPaperAndACrash(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		id := w.person(t, amina(), mandatory()...)
		me, n := registrant(id), issuer.NewPaper{RegistrantID: id, ConfigID: sd, Fields: []string{"given_name"}}
		left := errors.New("the process ends here")
		_, err := w.MakePaperWith(t.Context(), me, n, func() error { return left })
		if !errors.Is(err, left) {
			t.Fatal(err)
		}
		rows := w.live(t, id)
		if len(rows) != 1 || rows[0].State != ledger.Reserved {
			t.Fatalf("what is left: %+v", rows)
		}
		if _, err := w.Paper(t.Context(), me, rows[0].ID); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a reservation is printed: %v", err)
		}
		w.clock.pass(10 * time.Minute)
		w.follow(t)
		if rows := w.live(t, id); len(rows) > 0 {
			t.Errorf("after the sweep: %+v", rows)
		}
		_, err = w.MakePaperWith(t.Context(), me, n, func() error {
			w.edit(t, id, map[string]string{"given_name": "Aminata"})
			w.follow(t)
			return nil
		})
		if fault.CodeOf(err) != "record_changed" || len(w.live(t, id)) > 0 {
			t.Errorf("made of a record that changed: %v", err)
		}
	})
}

// Somebody's guardian prints for the ward, and the paper ends with the guardianship.
func TestAGuardianPrints(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ward := w.person(t, map[string]string{"given_name": "Zola", "family_name": "Diallo", "birth_date": "2018-01-05"}, mandatory()...)
		guardian := w.person(t, amina(), mandatory()...)
		me, order := registrant(guardian), issuer.NewPaper{RegistrantID: ward, ConfigID: sd, Fields: []string{"given_name"}}
		if _, err := w.MakePaper(t.Context(), me, order); fault.KindOf(err) != fault.NotFound {
			t.Errorf("by a stranger: %v", err)
		}
		w.guardian(t, ward, guardian, "2026-11-22")
		p := w.print(t, me, ward, "given_name", "birth_date")
		if p.HeldBy != guardian || p.RegistrantID != ward {
			t.Errorf("held by %s, about %s", p.HeldBy, p.RegistrantID)
		}
		if r := w.checked(t, p.Code); r.Outcome != verify.Genuine || r.Claims["first_name"] != "Zola" {
			t.Errorf("%s: %v", r.Outcome, r.Claims)
		}
		w.clock.pass(24 * time.Hour)
		w.follow(t)
		if r := w.checked(t, p.Code); r.Outcome != verify.Withdrawn {
			t.Errorf("after the guardianship: %s", r.Outcome)
		}
		if _, err := w.Paper(t.Context(), me, p.ID); fault.KindOf(err) == fault.Internal || err == nil {
			t.Errorf("printed again after the guardianship: %v", err)
		}
	})
}

// A household's paper is printed by who stands for it and by the office, tells what is
// attested and counted, and ends when a member comes.
func TestAHouseholdsPaper(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		head, spouse, child := w.person(t, amina()), w.person(t, amina()), w.person(t, amina())
		home := w.household(t, head, spouse, child)
		order := issuer.NewPaper{RegistrantID: home, ConfigID: householdSD, Fields: []string{"group_address", "household_size"}}
		for who, a := range map[string]registry.Actor{"a child": registrant(child), "a stranger": registrant(w.person(t, amina()))} {
			if _, err := w.MakePaper(t.Context(), a, order); fault.KindOf(err) != fault.NotFound {
				t.Errorf("by %s: %v", who, err)
			}
			if _, err := w.PaperFields(t.Context(), a, home, householdSD); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s is told what can be printed: %v", who, err)
			}
		}
		unattested := order
		unattested.Fields = []string{"group_name"}
		if _, err := w.MakePaper(t.Context(), registrant(head), unattested); fault.CodeOf(err) != "paper_fields" {
			t.Errorf("of what nobody attested: %v", err)
		}
		asPerson := order
		asPerson.ConfigID = sd
		if _, err := w.MakePaper(t.Context(), registrant(head), asPerson); fault.CodeOf(err) != "unknown_configuration" {
			t.Errorf("of a household as a person: %v", err)
		}
		var codes []string
		for _, a := range []registry.Actor{registrant(head), registrant(spouse), w.admin} {
			made, err := w.MakePaper(t.Context(), a, order)
			must(t, err)
			if made.HeldBy != a.RegistrantID || made.RegistrantID != home {
				t.Errorf("held by %s, about %s", made.HeldBy, made.RegistrantID)
			}
			p, err := w.Paper(t.Context(), a, made.ID)
			must(t, err)
			codes = append(codes, p.Code)
			if r := w.checked(t, p.Code); r.Outcome != verify.Genuine || r.Claims["attribute household_size"] != "3" || len(r.Claims) != 2 {
				t.Errorf("%s: %v", r.Outcome, r.Claims)
			}
		}
		s := issuer.Alone(w.Issuer)
		page, err := s.Papers(t.Context(), registrant(head), home, "", 2)
		must(t, err)
		rest, err := s.Papers(t.Context(), registrant(head), home, page.Next, 2)
		if err != nil || len(page.Issued) != 2 || len(rest.Issued) != 1 || rest.Next != "" {
			t.Errorf("%d and %d are listed, %v", len(page.Issued), len(rest.Issued), err)
		}
		_, err = w.registry.AddMembers(t.Context(), w.admin, home, []registry.NewMember{{MemberID: w.person(t, amina()), Role: "child", Start: "2026-11-22"}}, "born")
		must(t, err)
		w.follow(t)
		for n, code := range codes {
			if r := w.checked(t, code); r.Outcome != verify.Withdrawn {
				t.Errorf("paper %d after a birth: %s", n, r.Outcome)
			}
		}
	})
}

// Who finds a paper by its number: staff in any role, the person, who stands for the
// person; to others it is not there.
func TestAPaperByItsNumber(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ward, guardian := w.person(t, amina(), mandatory()...), w.person(t, amina(), mandatory()...)
		w.guardian(t, ward, guardian, "")
		p, s := w.print(t, registrant(ward), ward, "given_name"), issuer.Alone(w.Issuer)
		find := func(a registry.Actor, number string) (int, error) {
			page, err := s.Find(t.Context(), a, issuer.IssuedQuery{Reference: number})
			return len(page.Issued), err
		}
		acting := registrant(guardian)
		for who, row := range map[string]struct {
			a    registry.Actor
			want int
		}{"attester": {staff(registry.RoleAttester), 1}, "auditor": {staff(registry.RoleAuditor), 1}, "the person": {registrant(ward), 1}, "the guardian": {acting, 1}, "a stranger": {registrant(uuid.New()), 0}} {
			if n, err := find(row.a, strings.ToLower(p.Reference())); err != nil || n != row.want {
				t.Errorf("%s finds %d, %v", who, n, err)
			}
		}
		if _, err := find(registry.Actor{}, p.Reference()); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("nobody: %v", err)
		}
		for _, bad := range []string{p.Reference() + "00", "x", " ", p.Reference()[1:]} {
			if _, err := find(w.admin, bad); fault.CodeOf(err) != "bad_reference" {
				t.Errorf("%q: %v", bad, err)
			}
		}
		for _, a := range []registry.Actor{registrant(uuid.New()), registrant(ward)} {
			if _, err := s.Papers(t.Context(), a, guardian, "", 0); fault.KindOf(err) != fault.NotFound {
				t.Errorf("papers of somebody else: %v", err)
			}
		}
		if _, err := s.Papers(t.Context(), w.admin, uuid.New(), "", 0); fault.KindOf(err) != fault.NotFound {
			t.Errorf("papers of nobody: %v", err)
		}
	})
}

// All standard details fit a code of version 12, in Latin and in Arabic letters. Where a
// letter takes three bytes the form leaves out of long names' papers what need not be there.
func TestAPaperOfTheStandardFields(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		fields := []string{"given_name", "family_name", "birth_date", "sex", "region"}
		for _, row := range []struct {
			script, given, family string
			least                 int // of the details
		}{{"Latin", "Naserian Nkatha", "Lekuton-Lenguris", 5}, {"Arabic", "أمينة محمد", "عبد الرحمن", 5}, {"Ethiopic", "ቅድስት መሠረት", "ገብረማርያም", 4}, {"Devanagari", "सावित्री देवी", "श्रीवास्तव", 3}} {
			id := w.person(t, map[string]string{"given_name": row.given, "family_name": row.family, "birth_date": "1990-04-05", "region": "North", "sex": "female"}, fields...)
			offered, err := w.PaperFields(t.Context(), registrant(id), id, sd)
			must(t, err)
			var suggested []string
			for _, f := range offered {
				if f.Suggested {
					suggested = append(suggested, f.Field)
				}
			}
			p := w.print(t, registrant(id), id, suggested...)
			t.Logf("%s: %d characters for %v", row.script, len(p.Code), suggested)
			if len(offered) != len(fields) || len(suggested) < row.least || !slices.Contains(suggested, "family_name") || len(p.Code) > 419 {
				t.Errorf("%s: %d details are offered, %v suggested, %d characters", row.script, len(offered), suggested, len(p.Code))
			}
		}
	})
}

// By configuration a paper is written as Inji Certify does, or not at all.
func TestPapersByConfiguration(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		id := w.person(t, amina(), mandatory()...)
		stored, err := w.StoredConfiguration(context.Background(), w.admin, sd)
		must(t, err)
		change := func(set func(*issuer.ConfigurationEdit)) error {
			now, err := w.StoredConfiguration(context.Background(), w.admin, sd)
			must(t, err)
			e := now.Edit()
			set(&e)
			return w.ChangeConfiguration(context.Background(), w.admin, sd, now.Digest, e, "papers")
		}
		if err := change(func(e *issuer.ConfigurationEdit) { e.PaperDays = stored.ValidityDays + 1 }); fault.CodeOf(err) != "bad_configuration" {
			t.Errorf("a paper that outlives its credential: %v", err)
		}
		must(t, change(func(e *issuer.ConfigurationEdit) { e.PaperDays, e.PaperProfile = 7, issuer.PaperInji }))
		w.Issuer = w.issuer(t, w.db)
		p := w.print(t, registrant(id), id, "given_name", "family_name")
		if r := w.checked(t, p.Code); r.Outcome != verify.Genuine || p.ValidUntil.Sub(p.ValidFrom) != 7*24*time.Hour {
			t.Errorf("%s until %s", r.Outcome, p.ValidUntil)
		}
		must(t, change(func(e *issuer.ConfigurationEdit) { e.PaperDays = 0 }))
		w.Issuer = w.issuer(t, w.db)
		if _, err := w.MakePaper(t.Context(), registrant(id), issuer.NewPaper{RegistrantID: id, ConfigID: sd, Fields: []string{"given_name"}}); fault.CodeOf(err) != "unknown_configuration" {
			t.Errorf("printed though none is: %v", err)
		}
		if _, err := w.Paper(t.Context(), registrant(id), p.ID); err != nil { // what was made counts to its end
			t.Error(err)
		}
	})
}
