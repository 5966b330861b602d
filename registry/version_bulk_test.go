package registry_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// surveyed registers n people in the region Nyanza with a survey that says Coast.
func (x *fixture) surveyed(t *testing.T, n int) []registry.Person {
	t.Helper()
	var all []registry.Person
	for i := range n {
		p := x.register(t, map[string]string{"full_name": fmt.Sprint("Person ", i), "region": "Nyanza", "national_id": fmt.Sprint("KE-", 1000+i)})
		x.addVersion(t, p, "Survey", map[string]string{"region": "Coast"}, false)
		all = append(all, p)
	}
	return all
}

func (x *fixture) countSwitch(t *testing.T, label string, q registry.Query) registry.SwitchCount {
	t.Helper()
	n, err := x.CountDefaultSwitch(t.Context(), registrar(), label, q)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheDefaultIsSwitchedInBulk(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		const people = 7
		all := x.surveyed(t, people)
		x.register(t, map[string]string{"full_name": "Not surveyed"})
		x.setDefault(t, x.person(t, all[0].ID), 2) // one by one, before
		x.attest(t, all[1], registry.StateAttested, "", "region")

		if got := x.countSwitch(t, " Survey ", registry.Query{}); got != (registry.SwitchCount{ToSwitch: people - 1, Already: 1}) {
			t.Errorf("count = %+v", got)
		}
		if got := x.countSwitch(t, "Survey", registry.Query{Text: "person 3"}); got != (registry.SwitchCount{ToSwitch: 1}) {
			t.Errorf("count of one = %+v", got)
		}
		if got := x.countSwitch(t, "Census", registry.Query{}); got != (registry.SwitchCount{}) {
			t.Errorf("count of none = %+v", got)
		}
		one := registry.DefaultSwitch{Label: "Survey", Query: registry.Query{Field: "region", State: registry.StateAttested}, ExpectCount: 1, Reason: "survey accepted"}
		if got, err := x.SetDefaultByLabel(t.Context(), registrar(), one); err != nil || got != (registry.SwitchResult{Switched: 1}) {
			t.Errorf("switch of the attested: %+v, %v", got, err)
		}
		if got := x.attested(t, all[1]); len(got) != 0 {
			t.Errorf("attested = %v after the value went", got)
		}
		rest := registry.DefaultSwitch{Label: "Survey", ExpectCount: people - 2, Reason: "survey accepted"}
		if got, err := x.SetDefaultByLabel(t.Context(), registrar(), rest); err != nil || got != (registry.SwitchResult{Switched: people - 2}) {
			t.Errorf("switch of the rest: %+v, %v", got, err)
		}
		logged := x.count(t, "change_log")
		if got, err := x.SetDefaultByLabel(t.Context(), registrar(), rest); err != nil || got != (registry.SwitchResult{}) || x.count(t, "change_log") != logged {
			t.Errorf("the same again: %+v, %v", got, err)
		}
		for _, p := range all {
			if now := x.person(t, p.ID); now.VersionNo != 2 || now.Values["region"].Text != "Coast" {
				t.Errorf("%+v is not switched", now)
			}
			x.verify(t, p.ID)
		}
		x.noDrift(t)
	})
}

// A switch that is cancelled keeps what it did, and goes on where it was.
func TestABulkSwitchGoesOnAfterACancel(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		const people = registry.SwitchBatch + 3
		var census, survey strings.Builder
		for i := range people {
			fmt.Fprintf(&census, "ID-%04d,Nyanza,Person %d\n", i, i)
			fmt.Fprintf(&survey, "ID-%04d,Coast\n", i)
		}
		from, to := create(), update()
		from.Label, to.Label = "Census", "Survey"
		x.load(t, "UIN,Region,First Name\n"+census.String(), from, fmt.Sprint(people, 0, 0, 0))
		x.load(t, "UIN,Region\n"+survey.String(), to, fmt.Sprint(0, people, 0, 0))

		ctx, cancel := context.WithCancel(t.Context())
		begun, armed := 0, false
		r, err := registry.New(ctx, registry.Config{DB: x.DB, Master: x.Master, Now: func() time.Time {
			if begun++; armed && begun == 4 { // of the count one, of the first batch two: it is written
				cancel()
			}
			return x.Clock.Now()
		}})
		if err != nil {
			t.Fatal(err)
		}
		begun, armed = 0, true
		s := registry.DefaultSwitch{Label: "Census", ExpectCount: people, Reason: "survey withdrawn"}
		got, err := r.SetDefaultByLabel(ctx, registrar(), s)
		if !errors.Is(err, context.Canceled) || got.Switched != registry.SwitchBatch || got.Next == "" {
			t.Fatalf("cancelled: %+v, %v", got, err)
		}
		if left := x.countSwitch(t, "Census", registry.Query{}); left != (registry.SwitchCount{ToSwitch: 3, Already: registry.SwitchBatch}) {
			t.Errorf("left are %+v", left)
		}
		s.After = got.Next
		if got, err := x.SetDefaultByLabel(t.Context(), registrar(), s); err != nil || got != (registry.SwitchResult{Switched: 3}) {
			t.Errorf("the rest: %+v, %v", got, err)
		}
		if left := x.countSwitch(t, "Census", registry.Query{}); left != (registry.SwitchCount{Already: people}) {
			t.Errorf("left are %+v", left)
		}
		x.noDrift(t)
	})
}

// More people than were confirmed are not switched, whether they were there at
// the beginning or came since.
func TestABulkSwitchKeepsToTheCount(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.surveyed(t, 4)
		s := registry.DefaultSwitch{Label: "Survey", ExpectCount: 3}
		got, err := x.SetDefaultByLabel(t.Context(), registrar(), s)
		wantFault(t, err, fault.Conflict, "count_changed")
		if left := x.countSwitch(t, "Survey", registry.Query{}); left.ToSwitch != 4 || got != (registry.SwitchResult{}) {
			t.Errorf("%+v were switched, %+v are left", got, left)
		}
		for name, c := range map[string]struct {
			s    registry.DefaultSwitch
			code string
		}{
			"no label":       {registry.DefaultSwitch{ExpectCount: 9}, "invalid_label"},
			"a number":       {registry.DefaultSwitch{Label: "2", ExpectCount: 9}, "invalid_label"},
			"unknown field":  {registry.DefaultSwitch{Label: "Survey", Query: registry.Query{Field: "shoe_size", State: registry.StateNew}, ExpectCount: 9}, "bad_query"},
			"broken cursor":  {registry.DefaultSwitch{Label: "Survey", After: "x", ExpectCount: 9}, "bad_cursor"},
			"damaged reason": {registry.DefaultSwitch{Label: "Survey", Reason: "a\x00b", ExpectCount: 9}, "invalid_values"},
		} {
			_, err := x.SetDefaultByLabel(t.Context(), registrar(), c.s)
			if fault.KindOf(err) != fault.Invalid || fault.CodeOf(err) != c.code {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
		}
		s.ExpectCount = 100 // fewer than confirmed are fine: some may be switched already
		if got, err := x.SetDefaultByLabel(t.Context(), registrar(), s); err != nil || got.Switched != 4 {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// Whose identifier another person has keeps the old default; whose values are
// erased is left alone. All others are switched.
func TestABulkSwitchLeavesOutConflicts(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		all := x.surveyed(t, 4)
		x.addVersion(t, x.person(t, all[1].ID), "Second", map[string]string{"national_id": "KE-1000"}, false)
		x.addVersion(t, x.person(t, all[2].ID), "Second", map[string]string{"national_id": "KE-7"}, false)
		x.addVersion(t, x.person(t, all[3].ID), "Second", map[string]string{"region": "Rift"}, false)
		x.exec(t, "DELETE FROM record_key WHERE registrant_id = ?", all[3].ID)
		n := x.countSwitch(t, "Second", registry.Query{})
		got, err := x.SetDefaultByLabel(t.Context(), registrar(), registry.DefaultSwitch{Label: "Second", ExpectCount: n.ToSwitch})
		if err != nil || got != (registry.SwitchResult{Switched: 1, Skipped: 1, Conflicting: 1}) {
			t.Errorf("%+v, %v", got, err)
		}
		if p := x.person(t, all[1].ID); p.VersionNo != 1 || p.ChainNo != 3 {
			t.Errorf("the one in conflict is %+v", p)
		}
		if found := x.findIDs(t, "KE-7"); len(found) != 1 || found[0] != all[2].ID {
			t.Errorf("found %v by the new identifier", found)
		}
		for _, p := range all[:3] {
			x.verify(t, p.ID)
		}
		x.noDrift(t)
	})
}

// noDrift checks everybody.
func (x *fixture) noDrift(t *testing.T) {
	t.Helper()
	if found := x.drift(t); len(found) != 0 {
		t.Errorf("drift: %+v", found)
	}
}

// drift checks everybody, seven at a time, and gives the findings as kind/field by person.
func (x *fixture) drift(t *testing.T) map[uuid.UUID][]string {
	t.Helper()
	found := map[uuid.UUID][]string{}
	for after := ""; ; {
		page, err := x.DriftCheck(t.Context(), actor(registry.RoleAuditor), after, 7)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page.Findings {
			found[d.RegistrantID] = append(found[d.RegistrantID], string(d.Kind)+"/"+d.Field)
		}
		if after = page.Next; after == "" {
			return found
		}
	}
}

// Whoever is responsible for one area counts and switches its people only, and
// takes nobody out of it.
func TestABulkSwitchKeepsToTheArea(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, "level,parent,code,name_en\n0,,NY,Nyanza\n0,,CO,Coast\n")
		add := func(name, region, label string, set map[string]string) registry.Person {
			t.Helper()
			p := x.register(t, map[string]string{"full_name": name, "region": region})
			x.addVersion(t, p, label, set, false)
			return p
		}
		stays := add("Amina", "Nyanza", "Survey", map[string]string{"locality": "Kisumu"})
		moves := add("Brian", "Nyanza", "Survey", map[string]string{"region": "Coast"})
		other := add("Chipo", "Coast", "Survey", map[string]string{"locality": "Mombasa"})
		bounded := inArea(registry.RoleRegistrar, "NY")
		if n, err := x.CountDefaultSwitch(t.Context(), bounded, "Survey", registry.Query{}); err != nil || n != (registry.SwitchCount{ToSwitch: 2}) {
			t.Errorf("count = %+v, %v", n, err)
		}
		got, err := x.SetDefaultByLabel(t.Context(), bounded, registry.DefaultSwitch{Label: "Survey", ExpectCount: 2})
		if err != nil || got != (registry.SwitchResult{Switched: 1, Conflicting: 1}) {
			t.Errorf("%+v, %v", got, err)
		}
		for p, want := range map[uuid.UUID]int{stays.ID: 2, moves.ID: 1, other.ID: 1} {
			if now := x.person(t, p); now.VersionNo != want {
				t.Errorf("%+v, want version %d", now, want)
			}
		}
		_, err = x.SetDefault(t.Context(), bounded, other.ID, 2, 1, "")
		wantFault(t, err, fault.NotFound, "no_such_person")
		_, err = x.AddVersion(t.Context(), bounded, other.ID, "Second", registry.Change{ExpectVersion: 1}, false)
		wantFault(t, err, fault.NotFound, "no_such_person")
		_, err = x.CompareVersions(t.Context(), bounded, other.ID, "1", "2")
		wantFault(t, err, fault.NotFound, "no_such_person")
		_, err = x.PersonAt(t.Context(), bounded, other.ID, x.Clock.Now())
		wantFault(t, err, fault.NotFound, "no_such_person")
		_, err = x.Statistics(t.Context(), bounded)
		wantFault(t, err, fault.Forbidden, "not_allowed")
		x.noDrift(t)
	})
}
