package registry_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/attestation"
)

// stands expects where an import stands.
func (x *fixture) stands(t *testing.T, id uuid.UUID, want registry.ImportState) {
	t.Helper()
	if b, err := x.ImportBatch(t.Context(), admin(), id); err != nil || b.State != want {
		t.Errorf("the import is %s (%v), want %s", b.State, err, want)
	}
}

// What one account was refused, another takes back: until nothing is left, the
// import stays applied.
func TestASecondPersonFinishesAnUndo(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		first, second := called("first", registry.RoleAdmin), called("second", registry.RoleAdmin)
		file := "registration_number,region,region:attestation,sex,sex:attestation,sex:comment\n" + p.Number + ",Nyanza,ATTESTED,female,REJECTED,no\n"
		one := x.send(t, first, file, carrying(registry.CarriesAttestations), "0 1 0 0 / 1 1 0 0 0")
		if _, err := x.AppealDecision(t.Context(), self(p.ID), p.ID, "sex", "It stands on the second page."); err != nil {
			t.Fatal(err)
		}
		if res, problems := x.undoes(t, first, one.Batch); problems != "sex own_rejection" || res.Decisions.TakenBack != 1 || res.Decisions.Failed != 1 {
			t.Errorf("who rejected: %+v, problems %s", res, problems)
		}
		x.stands(t, one.Batch, registry.ImportApplied)
		if res, problems := x.undoes(t, second, one.Batch); problems != "" || res.Decisions.TakenBack != 1 || res.Updated != 1 || res.Decisions.Failed != 0 {
			t.Errorf("somebody else: %+v, problems %s", res, problems)
		}
		x.stands(t, one.Batch, registry.ImportUndone)
		states := x.states(t, p)
		if states["sex"].State != registry.StateNew || states["region"].State != registry.StateNew {
			t.Errorf("states = %+v", states)
		}
		_, err := x.UndoImport(t.Context(), second, one.Batch, "")
		wantFault(t, err, fault.Conflict, "import_undone")
		x.verify(t, p.ID)
		x.noDrift(t)
	})
}

// Of two imports about a field the older one can be taken back after the newer,
// though somebody has tried it before.
func TestTheOlderOfTwoImportsIsUndoneAfterTheNewer(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		var sent []registry.ImportResult
		for _, region := range []string{"Coast", "Rift"} {
			x.Clock.Add(time.Hour)
			sent = append(sent, x.send(t, registrar(), "registration_number,region\n"+p.Number+","+region+"\n", update(), "0 1 0 0 / 0 0 0 0 0"))
		}
		older, newer := sent[0].Batch, sent[1].Batch
		for _, step := range []struct {
			id              uuid.UUID
			problems, value string
			stands          registry.ImportState
		}{
			{older, "region changed_since", "Rift", registry.ImportApplied},
			{newer, "", "Coast", registry.ImportUndone},
			{older, "", "Nyanza", registry.ImportUndone},
		} {
			x.Clock.Add(time.Hour)
			if _, problems := x.undoes(t, registrar(), step.id); problems != step.problems {
				t.Errorf("problems %q, want %q", problems, step.problems)
			}
			x.stands(t, step.id, step.stands)
			if got := x.value(t, p.ID, "region"); got != step.value {
				t.Errorf("region = %s, want %s", got, step.value)
			}
		}
		x.verify(t, p.ID)
		x.noDrift(t)
	})
}

// A unique field that was retired since keeps nobody from becoming inactive, and
// gives its values up.
func TestUndoOfNewPeopleFreesARetiredField(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		res := x.load(t, three, create(), "3 0 0 0")
		one := x.find(t, "ID-0001")
		held := "identifier WHERE scheme = 'national_id'"
		if n := x.count(t, held); n != 3 {
			t.Fatalf("%d values are held", n)
		}
		x.retireAll(t, []string{"national_id"})
		if got, problems := x.undoes(t, registrar(), res.Batch); got.Deactivated != 3 || problems != "" {
			t.Errorf("undo: %+v, problems %s", got, problems)
		}
		if n := x.count(t, held); n != 0 {
			t.Errorf("%d values are held still", n)
		}
		x.stands(t, res.Batch, registry.ImportUndone)
		x.verify(t, one.ID)
		x.noDrift(t)
	})
}

// A decision that has expired since is taken back all the same, though the sweep
// has written so. What somebody decided after that stands.
func TestUndoOfADecisionThatHasExpired(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.policy(t, "region", attestation.Policy{ValidDays: 30})
		p, q := x.register(t, amina()), x.register(t, map[string]string{"full_name": "Berta", "region": "Nyanza"})
		o := carrying(registry.CarriesAttestations)
		one := x.send(t, admin(), "registration_number,region,region:attestation\n"+p.Number+",Nyanza,ATTESTED\n"+q.Number+",Nyanza,ATTESTED\n", o, "0 2 0 0 / 2 0 0 0 0")
		x.Clock.Add(time.Hour)
		two := x.send(t, admin(), "registration_number,region,region:attestation,region:comment\n"+p.Number+",Nyanza,REJECTED,no\n", o, "0 1 0 0 / 0 1 0 0 0")
		if _, problems := x.undoes(t, admin(), two.Batch); problems != "" {
			t.Errorf("problems %s", problems)
		}
		x.Clock.Add(30 * 24 * time.Hour)
		if n, err := x.ExpireAttestations(t.Context(), registry.System()); err != nil || n != 2 {
			t.Fatalf("%d expired (%v)", n, err)
		}
		x.attest(t, q, registry.StateRejected, "moved", "region")
		x.Clock.Add(time.Hour)
		if res, problems := x.undoes(t, admin(), one.Batch); problems != "region changed_since" || res.Decisions.TakenBack != 1 || res.Decisions.Failed != 1 {
			t.Errorf("undo: %+v, problems %s", res, problems)
		}
		if s := x.states(t, p)["region"]; s.State != registry.StateNew || s.By != "" {
			t.Errorf("region = %+v", s)
		}
		if s := x.states(t, q)["region"]; s.State != registry.StateRejected || s.Comment != "moved" {
			t.Errorf("region = %+v", s)
		}
		x.verify(t, p.ID)
		x.noDrift(t)
	})
}

// A record that cannot be put back as a whole keeps its decisions too, and they are
// counted so.
func TestUndoCountsTheDecisionsOfASkippedRecord(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		file := x.numbered(t, "national_id,sex,sex:attestation", "ID-0001,ID-0009,female,ATTESTED")
		res := x.send(t, admin(), file, carrying(registry.CarriesBoth), "0 1 0 0 / 1 0 0 0 0")
		x.Clock.Add(time.Hour)
		x.edit(t, x.find(t, "ID-0002"), map[string]string{"national_id": "ID-0001"}) // free, until now
		got, problems := x.undoes(t, admin(), res.Batch)
		if undoCounts(got) != [6]int{0, 0, 1, 0, 0, 1} || problems != "identifier_taken" {
			t.Errorf("undo: %v, problems %s", undoCounts(got), problems)
		}
		one := x.find(t, "ID-0009")
		if s := x.stateOf(t, one, "sex"); s != "ATTESTED" {
			t.Errorf("sex = %s", s)
		}
		x.stands(t, res.Batch, registry.ImportApplied)
		x.verify(t, one.ID)
	})
}
