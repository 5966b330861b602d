package registry_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// undo prepares and checks the undo of an import, and expects what it would do:
// "updated unchanged failed deactivated / decisions taken back, kept".
func (x *fixture) undo(t *testing.T, a registry.Actor, id uuid.UUID, want [6]int) uuid.UUID {
	t.Helper()
	undo, err := x.UndoImport(t.Context(), a, id, "the wrong file")
	if err != nil {
		t.Fatal(err)
	}
	_, err = x.ApplyImport(t.Context(), a, undo, nil)
	if b, _ := x.ImportBatch(t.Context(), a, undo); b.State == registry.ImportUploaded {
		wantFault(t, err, fault.Conflict, "import_not_checked")
	}
	logged := x.count(t, "change_log")
	res, err := x.CheckImport(t.Context(), a, undo, nil)
	if err != nil || undoCounts(res) != want || !res.DryRun {
		t.Fatalf("check = %v (%v), want %v; %v", undoCounts(res), err, want, res.Problems)
	}
	if n := x.count(t, "change_log"); n != logged {
		t.Errorf("a check wrote %d entries", n-logged)
	}
	return undo
}

func undoCounts(r registry.ImportResult) [6]int {
	return [6]int{r.Updated, r.Unchanged, r.Failed, r.Deactivated, r.Decisions.TakenBack, r.Decisions.Failed}
}

func (x *fixture) applyUndo(t *testing.T, a registry.Actor, undo uuid.UUID, want [6]int) {
	t.Helper()
	res, err := x.ApplyImport(t.Context(), a, undo, nil)
	if err != nil || undoCounts(res) != want || res.AlreadyApplied {
		t.Fatalf("apply = %v (%v), want %v; %v", undoCounts(res), err, want, res.Problems)
	}
}

// An upload of both is taken back: values and decisions are as before, the history
// has both change sets, and what was changed since stays and is told.
func TestUndoOfAnUploadIsAReversingChangeSet(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.load(t, three, create(), "3 0 0 0")
		one, two := x.find(t, "ID-0001"), x.find(t, "ID-0002")
		x.attest(t, one, registry.StateRejected, "Which region?", "region")
		x.attest(t, one, registry.StateAttested, "", "sex")
		before := map[string]string{"sex": x.stateOf(t, one, "sex"), "region": x.stateOf(t, one, "region")}
		x.Clock.Add(time.Hour)
		file := x.numbered(t, "sex,sex:attestation,region,region:attestation,birth_date",
			"ID-0001,female,NEW,ET-SO,ATTESTED,1974-07-02", "ID-0002,male,ATTESTED,ET-SO,,", "ID-0003,female,,,,")
		res := x.send(t, admin(), file, carrying(registry.CarriesBoth), "0 3 0 0 / 2 0 1 0 0")
		x.Clock.Add(time.Hour)
		x.edit(t, x.find(t, "ID-0001"), map[string]string{"birth_date": "1974-07-03"}) // changed since
		x.attest(t, x.find(t, "ID-0002"), registry.StateNew, "", "sex")                // decided since
		x.Clock.Add(time.Hour)

		want := [6]int{3, 0, 0, 0, 2, 1}
		undo := x.undo(t, admin(), res.Batch, want)
		x.applyUndo(t, admin(), undo, want)
		problems, err := x.ImportProblems(t.Context(), admin(), undo, 0, 10)
		var told []string
		for _, p := range problems {
			told = append(told, p.Column+" "+p.Code+" "+p.Words[:strings.IndexByte(p.Words, ':')])
		}
		slices.Sort(told)
		if err != nil || !slices.Equal(told, []string{"birth_date changed_since " + one.Number, "sex changed_since " + two.Number}) {
			t.Errorf("problems = %v (%v)", told, err)
		}
		one, two = x.find(t, "ID-0001"), x.find(t, "ID-0002")
		if a, b := texts(one), texts(two); a["region"] != "ET-OR" || a["birth_date"] != "1974-07-03" || b["region"] != "ET-AM" || texts(x.find(t, "ID-0003"))["sex"] != "" {
			t.Errorf("values = %v and %v", a, b)
		}
		if got := (map[string]string{"sex": x.stateOf(t, one, "sex"), "region": x.stateOf(t, one, "region")}); !maps.Equal(got, before) {
			t.Errorf("states = %v, want %v", got, before)
		}
		log, err := x.History(t.Context(), admin(), one.ID)
		if last := log[len(log)-1]; err != nil || last.Reason != "the wrong file" || last.Channel != registry.ChannelCSV || len(last.Changes) != 3 {
			t.Errorf("the last entry is %+v (%v)", last, err)
		}
		for _, p := range []registry.Person{one, two} {
			if err := x.VerifyChain(t.Context(), p.ID); err != nil {
				t.Error(err)
			}
		}
		if found := x.drift(t); len(found) > 0 {
			t.Errorf("drift = %v", found)
		}
		if b, err := x.ImportBatch(t.Context(), admin(), res.Batch); err != nil || b.State != registry.ImportApplied { // in part
			t.Errorf("the import is %s (%v)", b.State, err)
		}
		// Once is enough: another undo finds nothing but what stays.
		again, err := x.ApplyImport(t.Context(), admin(), undo, nil)
		if err != nil || !again.AlreadyApplied {
			t.Errorf("again = %+v (%v)", again, err)
		}
		want = [6]int{0, 1, 2, 0, 0, 1}
		x.applyUndo(t, admin(), x.undo(t, admin(), res.Batch, want), want)
		wantFault(t, x.DiscardImport(t.Context(), admin(), res.Batch), fault.Conflict, "import_ended") // that it was applied is not forgotten
		_, err = x.UndoImport(t.Context(), admin(), undo, "")
		wantFault(t, err, fault.Conflict, "undo_of_undo")
	})
}

// People whom an import registered become inactive, unless something was done with
// them, and the same file can be imported again.
func TestUndoOfNewPeopleMakesThemInactive(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		res := x.load(t, three, create(), "3 0 0 0")
		one, two := x.find(t, "ID-0001"), x.find(t, "ID-0002")
		x.attest(t, two, registry.StateAttested, "", "sex")
		want := [6]int{0, 0, 1, 2, 0, 0}
		undo := x.undo(t, registrar(), res.Batch, want)
		if same, err := x.UndoImport(t.Context(), registrar(), res.Batch, ""); err != nil || same != undo {
			t.Errorf("asked again: %s (%v)", same, err)
		}
		x.applyUndo(t, registrar(), undo, want)
		one, err := x.Person(t.Context(), admin(), one.ID)
		if err != nil || one.Status != "INACTIVE" || texts(one)["given_name"] != "Amina" || texts(one)["national_id"] != "" {
			t.Errorf("one = %+v (%v)", one, err)
		}
		if two = x.find(t, "ID-0002"); two.Status != "ACTIVE" || x.attested(t, two)["sex"] != "male" {
			t.Errorf("two = %+v", two)
		}
		if err := x.VerifyChain(t.Context(), one.ID); err != nil {
			t.Error(err)
		}
		want = [6]int{0, 2, 1, 0, 0, 0} // once more: who is inactive stays so
		x.applyUndo(t, admin(), x.undo(t, admin(), res.Batch, want), want)
		if found := x.drift(t); len(found) > 0 {
			t.Errorf("drift = %v", found)
		}
		x.load(t, three, create(), "2 0 1 0")
	})
}

// Who may take back what, and what there is to take back.
func TestUndoRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		res := x.load(t, three, create(), "3 0 0 0")
		waits, err := x.UploadImport(t.Context(), registrar(), strings.NewReader(three), create())
		if err != nil {
			t.Fatal(err)
		}
		decided := x.send(t, attester(), x.numbered(t, "sex,sex:attestation", "ID-0001,female,ATTESTED"), carrying(registry.CarriesAttestations), "0 1 0 0 / 1 0 0 0 0")
		for name, tc := range map[string]struct {
			who  registry.Actor
			id   uuid.UUID
			kind fault.Kind
			code string
		}{
			"an auditor":                          {actor(registry.RoleAuditor), res.Batch, fault.Forbidden, "not_allowed"},
			"an attester of values":               {attester(), res.Batch, fault.Forbidden, "not_allowed"},
			"a registrar of decisions":            {registrar(), decided.Batch, fault.Forbidden, "not_allowed"},
			"an import that is not applied":       {registrar(), waits, fault.Conflict, "import_not_applied"},
			"an import that there is not":         {registrar(), uuid.New(), fault.NotFound, "no_such_import"},
			"an undo, of which there is none yet": {registrar(), uuid.Nil, fault.NotFound, "no_such_import"},
		} {
			_, err := x.UndoImport(t.Context(), tc.who, tc.id, "")
			if err == nil || fault.KindOf(err) != tc.kind || fault.CodeOf(err) != tc.code {
				t.Errorf("%s: error = %v, want kind %d and code %s", name, err, tc.kind, tc.code)
			}
		}
		// The attester takes the own decisions back, and gives up nothing else.
		want := [6]int{1, 0, 0, 0, 1, 0}
		x.applyUndo(t, attester(), x.undo(t, attester(), decided.Batch, want), want)
		if got := x.stateOf(t, x.find(t, "ID-0001"), "sex"); got != "NEW" {
			t.Errorf("sex = %s", got)
		}
		// An undo that is given up can be asked for anew.
		undo := x.undo(t, registrar(), res.Batch, [6]int{0, 0, 1, 2, 0, 0})
		if err := x.DiscardImport(t.Context(), registrar(), undo); err != nil {
			t.Fatal(err)
		}
		_, err = x.ApplyImport(t.Context(), registrar(), undo, nil)
		wantFault(t, err, fault.Conflict, "import_ended")
		if again, err := x.UndoImport(t.Context(), registrar(), res.Batch, ""); err != nil || again == undo {
			t.Errorf("asked anew: %s (%v)", again, err)
		}
	})
}
