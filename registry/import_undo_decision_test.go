package registry_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/registry"
	"socialregistry/registry/attestation"
)

// undoes takes an import back as somebody, and gives its problems as "column code".
func (x *fixture) undoes(t *testing.T, a registry.Actor, id uuid.UUID) (registry.ImportResult, string) {
	t.Helper()
	undo, err := x.UndoImport(t.Context(), a, id, "the wrong file")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.CheckImport(t.Context(), a, undo, nil); err != nil {
		t.Fatal(err)
	}
	res, err := x.ApplyImport(t.Context(), a, undo, nil)
	if err != nil {
		t.Fatal(err)
	}
	problems, err := x.ImportProblems(t.Context(), a, undo, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, p := range problems {
		told = append(told, strings.TrimSpace(p.Column+" "+p.Code))
	}
	return res, strings.Join(told, ",")
}

// What an undo restores is shown as it was decided, evidence and all; the history
// says who took what back.
func TestUndoShowsTheDecisionOfBefore(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		scan := x.addDocument(t, registrar(), p.ID, aPDF, "region.pdf")
		x.Clock.Add(time.Hour)
		first := called("first", registry.RoleAttester)
		if err := x.Attest(t.Context(), first, p.ID, p.VersionNo, []registry.Decision{{Field: "region", State: registry.StateAttested, Comment: "seen", Evidence: []uuid.UUID{scan.ID}}}); err != nil {
			t.Fatal(err, fields(err))
		}
		before := x.states(t, p)["region"]
		x.Clock.Add(time.Hour)
		o := carrying(registry.CarriesAttestations)
		reject := "registration_number,region,region:attestation,region:comment,sex,sex:attestation\n" + p.Number + ",Nyanza,REJECTED,Which?,female,ATTESTED\n"
		one := x.send(t, called("second", registry.RoleAttester), reject, o, "0 1 0 0 / 1 1 0 0 0")
		x.Clock.Add(time.Hour)
		two := x.send(t, called("third", registry.RoleAttester), "registration_number,region,region:attestation\n"+p.Number+",Nyanza,NEW\n", o, "0 1 0 0 / 0 0 1 0 0")
		x.Clock.Add(time.Hour)
		for _, id := range []uuid.UUID{two.Batch, one.Batch} { // the last one first
			if res, problems := x.undoes(t, admin(), id); problems != "" || res.Updated != 1 {
				t.Errorf("undo: %+v, problems %s", res, problems)
			}
		}
		if got := x.states(t, p)["region"]; !reflect.DeepEqual(got, before) {
			t.Errorf("region = %+v, want %+v", got, before)
		}
		if got := x.states(t, p)["sex"]; got.State != registry.StateNew || got.By != "" || got.Changed {
			t.Errorf("sex = %+v", got)
		}
		past, err := x.AttestationHistory(t.Context(), admin(), p.ID, "region", "", 0)
		if err != nil || len(past.Decisions) != 5 {
			t.Fatalf("history = %+v (%v)", past.Decisions, err)
		}
		last := past.Decisions[4]
		if last.By != "admin-1" || last.Undoes != 2 || last.State != registry.StateAttested || last.Comment != "the wrong file" || !last.At.Equal(x.Clock.Now()) || past.Decisions[3].Undoes != 3 {
			t.Errorf("history = %+v", past.Decisions)
		}
		counts, err := x.QueueCounts(t.Context(), admin())
		if err != nil || counts[registry.QueueRejected] != 0 {
			t.Errorf("queues = %v (%v)", counts, err)
		}
		x.attest(t, p, registry.StateRejected, "no", "region") // the next decision follows
		if err := x.VerifyChain(t.Context(), p.ID); err != nil || x.states(t, p)["region"].Comment != "no" {
			t.Errorf("region = %+v (%v)", x.states(t, p)["region"], err)
		}
		x.noDrift(t)
	})
}

// The appeal against a rejection of an import is answered when somebody else takes
// that back; the one that an import had answered is open again. Nobody does either
// about the own rejection.
func TestUndoMovesAppeals(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		first, second, third := called("first", registry.RoleAdmin), called("second", registry.RoleAdmin), called("third", registry.RoleAdmin)
		o := carrying(registry.CarriesAttestations)
		appeal := func(field string) {
			t.Helper()
			if _, err := x.AppealDecision(t.Context(), self(p.ID), p.ID, field, "It stands on the second page."); err != nil {
				t.Fatal(err)
			}
		}
		// An import rejects, and the person appeals.
		rejected := x.send(t, first, "registration_number,sex,sex:attestation,sex:comment\n"+p.Number+",female,REJECTED,no\n", o, "0 1 0 0 / 0 1 0 0 0")
		appeal("sex")
		if res, problems := x.undoes(t, first, rejected.Batch); problems != "sex own_rejection" || res.Decisions.TakenBack != 0 || res.Decisions.Failed != 1 {
			t.Errorf("the own rejection: %+v, problems %s", res, problems)
		}
		if s := x.states(t, p)["sex"]; s.State != registry.StateRejected || s.Appeal.State != registry.AppealOpen {
			t.Errorf("sex = %+v", s)
		}
		// Somebody rejects, the person appeals, and an import answers.
		if got := x.decide(t, first, p, registry.Decision{Field: "region", State: registry.StateRejected, Comment: "no"}); len(got) > 0 {
			t.Fatal(got)
		}
		appeal("region")
		x.Clock.Add(time.Hour)
		file := "registration_number,region,region:attestation\n" + p.Number + ",Nyanza,ATTESTED\n"
		answered := []registry.ImportResult{x.send(t, second, file, o, "0 1 0 0 / 1 0 0 0 0")}
		if _, problems := x.undoes(t, first, answered[0].Batch); problems != "region own_rejection" {
			t.Errorf("the answer to the appeal against the own rejection: problems %s", problems)
		}
		if got := x.decide(t, second, p, registry.Decision{Field: "region", State: registry.StateRejected, Comment: "once more"}); len(got) > 0 {
			t.Fatal(got)
		}
		appeal("region")
		x.Clock.Add(time.Hour)
		answered = append(answered, x.send(t, third, file, o, "0 1 0 0 / 1 0 0 0 0"))
		if res, problems := x.undoes(t, third, answered[1].Batch); problems != "" || res.Decisions.TakenBack != 1 {
			t.Errorf("by somebody else: %+v, problems %s", res, problems)
		}
		if s := x.states(t, p)["region"]; s.State != registry.StateRejected || s.By != "second" || s.Comment != "once more" || s.Appeal.State != registry.AppealOpen {
			t.Errorf("region = %+v", s)
		}
		page, err := x.Appeals(t.Context(), third, "", 0)
		if err != nil || len(page.Appeals) != 2 || page.Appeals[1].Field != "region" || page.Appeals[1].RejectedBy != "second" {
			t.Errorf("appeals = %+v (%v)", page.Appeals, err)
		}
		if got := x.decide(t, second, p, registry.Decision{Field: "region", State: registry.StateAttested}); !slices.Equal(got, []string{"region:own_rejection"}) {
			t.Errorf("refused with %v", got)
		}
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
	})
}

// An undo that restores what an import took is held to the policies of the fields.
func TestUndoIsHeldToPolicies(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.policy(t, "region", attestation.Policy{Attesters: 2})
		x.policy(t, "sex", attestation.Policy{OwnEdit: attestation.OwnEditRefused})
		boss, other := called("registrar-1", registry.RoleAdmin), called("other", registry.RoleAdmin) // who registers is called so
		p := x.register(t, amina())
		first := called("first", registry.RoleAttester)
		for _, field := range []string{"region", "sex"} {
			if got := x.decide(t, first, p, registry.Decision{Field: field, State: registry.StateAttested, Comment: "seen"}); len(got) > 0 {
				t.Fatal(got)
			}
		}
		x.Clock.Add(time.Hour)
		// The second of two attesters, and a rejection; both by a file, with a value.
		file := "registration_number,region,region:attestation,sex,sex:attestation,sex:comment\n" + p.Number + ",Nyanza,ATTESTED,female,REJECTED,no\n"
		res := x.send(t, other, file, carrying(registry.CarriesAttestations), "0 1 0 0 / 1 1 0 0 0")
		x.Clock.Add(time.Hour)
		undo, err := x.UndoImport(t.Context(), boss, res.Batch, "")
		if err != nil {
			t.Fatal(err)
		}
		checked, err := x.CheckImport(t.Context(), boss, undo, nil)
		if got := strings.Join(problemsOf(checked), ","); err != nil || got != "0 sex own_edit" || checked.Decisions.TakenBack != 1 {
			t.Errorf("who entered the value: %s (%v)", got, err)
		}
		if _, err := x.ApplyImport(t.Context(), other, undo, nil); err != nil {
			t.Fatal(err)
		}
		states := x.states(t, p)
		if s := states["region"]; s.State != registry.StateNew || s.Proposal.By != "first" || s.Proposal.Comment != "seen" || s.By != "" {
			t.Errorf("region = %+v", s)
		}
		if s := states["sex"]; s.State != registry.StateAttested || s.By != "first" {
			t.Errorf("sex = %+v", s)
		}
		if got := x.decide(t, first, p, registry.Decision{Field: "region", State: registry.StateAttested}); !slices.Equal(got, []string{"region:same_attester"}) {
			t.Errorf("refused with %v", got)
		}
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
	})
}
