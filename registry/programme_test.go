package registry_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func cash() registry.Programme {
	return registry.Programme{Code: "cash", Label: label("Cash transfer"), Start: "2020-01-01"}
}

// programme defines a programme.
func (x *fixture) programme(t *testing.T, p registry.Programme) registry.Programme {
	t.Helper()
	p, err := x.DefineProgramme(t.Context(), admin(), p, "budget")
	if err != nil {
		t.Fatal(err, fields(err))
	}
	return p
}

func TestAProgrammeHasAFieldThatNobodyEdits(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		made := x.programme(t, cash())
		list, err := x.Fields(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(list, func(f registry.Field) bool { return f.Key == made.Field() })
		if i < 0 || made.Field() != "programme_cash" || list[i].Type != registry.TypeChoice || !list[i].Attestable || !list[i].Issuable || len(list[i].Choices) != 4 {
			t.Fatalf("no such field as %s should be in %+v", made.Field(), list)
		}
		all := admin()
		all.Roles = []registry.Role{registry.RoleAdmin, registry.RoleRegistrar, registry.RoleSystem, registry.RoleRegistrant}
		all.RegistrantID = p.ID
		for _, a := range []registry.Actor{admin(), registrar(), self(p.ID), all} {
			_, err := x.Edit(t.Context(), a, p.ID, registry.Change{Set: map[string]string{"programme_cash": "ENROLLED"}, ExpectVersion: 1})
			if got := fields(err); !slices.Equal(got, []string{"programme_cash:not_editable"}) {
				t.Errorf("%v: %v", a.Roles, err)
			}
		}
		_, err = x.Register(t.Context(), admin(), registry.Change{Set: map[string]string{"full_name": "B", "programme_cash": "ENROLLED"}})
		if got := fields(err); !slices.Equal(got, []string{"programme_cash:not_editable"}) {
			t.Errorf("register: %v", err)
		}
		res, err := x.Import(t.Context(), registry.System(), strings.NewReader("full_name,programme_cash\nEve,ENROLLED\n"), create())
		if err == nil && res.Created != 0 || x.count(t, "registrant") != 1 {
			t.Errorf("import: %+v, %v", res, err)
		}
		kept := registry.Field{Key: "note", Type: registry.TypeText, Label: label("Note"), EditBy: []registry.Role{registry.RoleSystem}}
		_, err = x.DefineField(t.Context(), admin(), kept, "")
		if got := fields(err); !slices.Equal(got, []string{"edit_by:invalid_edit_by"}) {
			t.Errorf("an administrator defines such a field: %v", err)
		}
	})
}

func TestProgrammesAreData(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		made := x.programme(t, cash())
		_, err := x.DefineProgramme(t.Context(), admin(), cash(), "")
		wantFault(t, err, fault.Conflict, "programme_exists")
		if _, err := x.DefineField(t.Context(), admin(), registry.Field{Key: "programme_food", Type: registry.TypeText, Label: label("Food")}, ""); err != nil {
			t.Fatal(err)
		}
		_, err = x.DefineProgramme(t.Context(), admin(), registry.Programme{Code: "food", Label: label("Food"), Start: "2020-01-01"}, "")
		wantFault(t, err, fault.Conflict, "programme_exists")

		changed := made
		changed.Label, changed.End = label("Cash"), "2027-01-01"
		if changed, err = x.EditProgramme(t.Context(), admin(), changed, "ends"); err != nil || changed.VersionNo != 2 {
			t.Fatalf("%+v, %v", changed, err)
		}
		list, err := x.Programmes(t.Context())
		if err != nil || len(list) != 1 || list[0].End != "2027-01-01" || list[0].Label["en"] != "Cash" {
			t.Errorf("programmes = %+v, %v", list, err)
		}
		_, err = x.EditProgramme(t.Context(), admin(), made, "")
		wantFault(t, err, fault.Conflict, "version_conflict")
		moved := changed
		moved.Start = "2021-01-01"
		_, err = x.EditProgramme(t.Context(), admin(), moved, "")
		wantFault(t, err, fault.Invalid, "invalid_programme")
		_, err = x.EditProgramme(t.Context(), admin(), registry.Programme{Code: "a\x00"}, "")
		wantFault(t, err, fault.NotFound, "no_such_programme")
		log, err := x.AdminHistory(t.Context(), admin(), "programme:cash")
		if err != nil || len(log) != 2 || log[1].Reason != "ends" {
			t.Errorf("log = %+v, %v", log, err)
		}
		for _, a := range []registry.Actor{registrar(), attester(), actor(registry.RoleAuditor), registry.System(), self(x.register(t, amina()).ID)} {
			_, err := x.DefineProgramme(t.Context(), a, registry.Programme{Code: "works", Label: label("Works"), Start: "2020-01-01"}, "")
			wantFault(t, err, fault.Forbidden, "not_allowed")
			_, err = x.EditProgramme(t.Context(), a, changed, "")
			wantFault(t, err, fault.Forbidden, "not_allowed")
		}
	})
}

func TestABadProgrammeIsRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for name, change := range map[string]func(p *registry.Programme){
			"code":      func(p *registry.Programme) { p.Code = "Cash!" },
			"code n+1":  func(p *registry.Programme) { p.Code = strings.Repeat("a", 54) },
			"label":     func(p *registry.Programme) { p.Label = nil },
			"kinds":     func(p *registry.Programme) { p.Kinds = []string{"person", "household"} },
			"kinds ":    func(p *registry.Programme) { p.Kinds = []string{"nothing"} },
			"kinds nul": func(p *registry.Programme) { p.Kinds = []string{"a\x00"} },
			"start":     func(p *registry.Programme) { p.Start = "" },
			"start bad": func(p *registry.Programme) { p.Start = "2020-02-30" },
			"end":       func(p *registry.Programme) { p.End = "2019-12-31" },
			"end bad":   func(p *registry.Programme) { p.End = "soon" },
		} {
			p := cash()
			change(&p)
			_, err := x.DefineProgramme(t.Context(), admin(), p, "")
			wantFault(t, err, fault.Invalid, "invalid_programme")
			member, _, _ := strings.Cut(name, " ")
			if got := fields(err); !slices.Equal(got, []string{member + ":invalid_" + member}) {
				t.Errorf("%s: %v", name, got)
			}
		}
		if n := x.count(t, "programme") + x.count(t, "admin_log"); n != 0 {
			t.Errorf("%d rows were written", n)
		}
		p := cash()
		p.Code = strings.Repeat("a", 53)
		x.programme(t, p)
	})
}

// enrol moves somebody on and gives the version of the record then.
func (x *fixture) enrol(t *testing.T, p registry.Person, status registry.EnrolmentStatus, on string, version int) registry.Enrolment {
	t.Helper()
	e, err := x.Enrol(t.Context(), registrar(), p.ID, registry.EnrolmentChange{Programme: "cash", Status: status, On: on, Reason: "board", ExpectVersion: version})
	if err != nil {
		t.Fatal(err, fields(err))
	}
	return e
}

// An enrolment is attested and issued as any other fact; when it changes, the
// decision is stale.
func TestAnAttestedEnrolmentIsStaleWhenItChanges(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.programme(t, cash())
		p := x.register(t, amina())
		e := x.enrol(t, p, registry.EnrolmentEnrolled, "2024-05-01", 1)
		if e.VersionNo != 2 || e.Seq != 1 || e.Start != "2024-05-01" || e.RecordedBy != "registrar-1" {
			t.Errorf("enrolment = %+v", e)
		}
		p.VersionNo = 2
		x.attest(t, p, registry.StateAttested, "", "programme_cash", "given_name")
		if got := x.attested(t, p); got["programme_cash"] != "ENROLLED" {
			t.Errorf("attested = %v", got)
		}
		x.enrol(t, p, registry.EnrolmentSuspended, "2025-01-01", 2)
		if got := x.attested(t, p); got["programme_cash"] != "" || got["given_name"] != "Amina" {
			t.Errorf("attested after a suspension = %v", got)
		}
		if s := x.states(t, p)["programme_cash"]; s.State != registry.StateNew || !s.Changed || s.AttestedText != "ENROLLED" {
			t.Errorf("state = %+v", s)
		}
		now, err := x.Person(t.Context(), admin(), p.ID)
		if err != nil || now.Values["programme_cash"].Text != "SUSPENDED" || now.VersionNo != 3 {
			t.Errorf("person = %+v, %v", now, err)
		}
		log, err := x.History(t.Context(), self(p.ID), p.ID)
		if err != nil || len(log) != 4 {
			t.Fatalf("log = %+v, %v", log, err)
		}
		want := registry.FieldChange{Field: "programme_cash", Kind: registry.KindEnrolment, Old: "ENROLLED 2024-05-01", New: "SUSPENDED 2025-01-01", Comment: "board"}
		if got := log[3].Changes; len(got) != 2 || got[1] != want || got[0].New != "SUSPENDED" {
			t.Errorf("changes = %+v", got)
		}
		if err := x.VerifyChain(t.Context(), p.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestEnrolmentFollowsItsTable(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.programme(t, cash())
		allowed := map[registry.EnrolmentStatus]string{"": "APPLIED ENROLLED", "APPLIED": "ENROLLED EXITED", "ENROLLED": "SUSPENDED EXITED",
			"SUSPENDED": "ENROLLED EXITED", "EXITED": "APPLIED ENROLLED"}
		way := map[registry.EnrolmentStatus][]registry.EnrolmentStatus{"": nil, "APPLIED": {"APPLIED"}, "ENROLLED": {"ENROLLED"},
			"SUSPENDED": {"ENROLLED", "SUSPENDED"}, "EXITED": {"APPLIED", "EXITED"}}
		for from, steps := range way {
			p := x.people(t, "P "+string(from)+"x")[0]
			version := 1
			for _, s := range steps {
				version = x.enrol(t, p, s, "", version).VersionNo
			}
			for _, to := range registry.EnrolmentStatuses() {
				if slices.Contains(strings.Fields(allowed[from]), string(to)) {
					continue
				}
				_, err := x.Enrol(t.Context(), registrar(), p.ID, registry.EnrolmentChange{Programme: "cash", Status: to, ExpectVersion: version})
				wantFault(t, err, fault.Conflict, "bad_transition")
			}
			for _, to := range strings.Fields(allowed[from]) {
				q := x.people(t, "Q")[0]
				version := 1
				for _, s := range append(slices.Clone(steps), registry.EnrolmentStatus(to)) {
					version = x.enrol(t, q, s, "", version).VersionNo
				}
			}
		}
	})
}

func TestWhoComesBackHasANewEnrolment(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.programme(t, cash())
		p := x.people(t, "Amina")[0]
		v := x.enrol(t, p, "APPLIED", "2021-01-01", 1).VersionNo
		v = x.enrol(t, p, "ENROLLED", "2021-02-01", v).VersionNo
		v = x.enrol(t, p, "EXITED", "2022-01-01", v).VersionNo
		_, err := x.Enrol(t.Context(), registrar(), p.ID, registry.EnrolmentChange{Programme: "cash", Status: "ENROLLED", On: "2021-12-31", ExpectVersion: v})
		if got := fields(err); !slices.Equal(got, []string{"on:before_status"}) {
			t.Errorf("%v", err)
		}
		x.enrol(t, p, "ENROLLED", "2022-01-01", v)
		got, err := x.Enrolments(t.Context(), self(p.ID), p.ID)
		if err != nil || len(got) != 2 || got[0].Start != "2021-01-01" || got[0].End != "2022-01-01" || got[0].Status != "EXITED" ||
			got[1].Seq != 2 || got[1].Start != "2022-01-01" || got[1].End != "" {
			t.Errorf("enrolments = %+v, %v", got, err)
		}
		_, err = x.Enrolments(t.Context(), self(x.people(t, "B")[0].ID), p.ID)
		wantFault(t, err, fault.NotFound, "no_such_person")
	})
}

func TestEnrolmentsAreChecked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ended := cash()
		ended.End = "2025-12-31"
		x.programme(t, ended)
		x.programme(t, registry.Programme{Code: "shelter", Label: label("Shelter"), Start: "2020-01-01", Kinds: []string{"household"}})
		p := x.register(t, map[string]string{"full_name": "Amina", "birth_date": "2021-06-01"})
		g := x.group(t, "household", as("head", p, ""))
		rows := x.count(t, "change_log")
		for name, c := range map[string]struct {
			change registry.EnrolmentChange
			want   []string
		}{
			"status":     {registry.EnrolmentChange{Programme: "cash", Status: "a\x00", On: "2025-01-01"}, []string{"status:unknown_status"}},
			"kind":       {registry.EnrolmentChange{Programme: "shelter", Status: "APPLIED"}, []string{"programme:not_for_kind"}},
			"bad date":   {registry.EnrolmentChange{Programme: "cash", Status: "APPLIED", On: "2025-02-29"}, []string{"on:bad_date"}},
			"future":     {registry.EnrolmentChange{Programme: "cash", Status: "APPLIED", On: "2026-11-23"}, []string{"on:date_in_future"}},
			"unborn":     {registry.EnrolmentChange{Programme: "cash", Status: "APPLIED", On: "2021-05-31"}, []string{"on:before_birth"}},
			"too late":   {registry.EnrolmentChange{Programme: "cash", Status: "APPLIED", On: "2026-01-01"}, []string{"on:after_programme"}},
			"everything": {registry.EnrolmentChange{Programme: "shelter", Status: "", On: "x"}, []string{"programme:not_for_kind", "status:unknown_status", "on:bad_date"}},
		} {
			c.change.ExpectVersion = 1
			_, err := x.Enrol(t.Context(), registrar(), p.ID, c.change)
			wantFault(t, err, fault.Invalid, "invalid_enrolment")
			if got := fields(err); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v", name, got)
			}
		}
		_, err := x.Enrol(t.Context(), registrar(), g.ID, registry.EnrolmentChange{Programme: "shelter", Status: "APPLIED", On: "2019-12-31", ExpectVersion: 1})
		if got := fields(err); !slices.Equal(got, []string{"on:before_programme"}) {
			t.Errorf("%v", err)
		}
		_, err = x.Enrol(t.Context(), registrar(), p.ID, registry.EnrolmentChange{Programme: "none", Status: "APPLIED", ExpectVersion: 1})
		wantFault(t, err, fault.NotFound, "no_such_programme")
		_, err = x.Enrol(t.Context(), registrar(), p.ID, registry.EnrolmentChange{Programme: "cash", Status: "APPLIED", On: "2025-01-01", ExpectVersion: 2})
		wantFault(t, err, fault.Conflict, "version_conflict")
		for _, a := range []registry.Actor{attester(), actor(registry.RoleAuditor), registry.System(), self(p.ID)} {
			_, err := x.Enrol(t.Context(), a, p.ID, registry.EnrolmentChange{Programme: "cash", Status: "APPLIED", On: "2025-01-01", ExpectVersion: 1})
			wantFault(t, err, fault.Forbidden, "not_allowed")
		}
		if n := x.count(t, "enrolment") + x.count(t, "change_log") - rows; n != 0 {
			t.Errorf("%d rows were written", n)
		}
		x.enrol(t, p, "APPLIED", "2025-12-31", 1) // the last day
		x.enrol(t, p, "EXITED", "2026-02-01", 2)  // one may leave later
	})
}

func TestAHouseholdIsEnrolled(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.programme(t, registry.Programme{Code: "shelter", Label: label("Shelter"), Start: "2020-01-01", Kinds: []string{"household", "family"}})
		p := x.people(t, "Amina")[0]
		g := x.group(t, "household", as("head", p, ""))
		e, err := x.Enrol(t.Context(), registrar(), g.ID, registry.EnrolmentChange{Programme: "shelter", Status: "ENROLLED", ExpectVersion: 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Attest(t.Context(), attester(), g.ID, e.VersionNo, []registry.Decision{{Field: "programme_shelter", State: registry.StateAttested}}); err != nil {
			t.Fatal(err, fields(err))
		}
		a, err := x.Attested(t.Context(), g.ID)
		if err != nil || a.Values["programme_shelter"].Text != "ENROLLED" {
			t.Errorf("attested = %+v, %v", a, err)
		}
		if err := x.EndGroup(t.Context(), registrar(), g.ID, registry.GroupEnd{ExpectVersion: e.VersionNo}); err != nil {
			t.Fatal(err)
		}
		_, err = x.Enrol(t.Context(), registrar(), g.ID, registry.EnrolmentChange{Programme: "shelter", Status: "SUSPENDED", ExpectVersion: e.VersionNo})
		wantFault(t, err, fault.Conflict, "not_active")
		if _, err = x.Enrol(t.Context(), registrar(), g.ID, registry.EnrolmentChange{Programme: "shelter", Status: "EXITED", ExpectVersion: e.VersionNo}); err != nil {
			t.Error(err)
		}
		if err := x.VerifyChain(t.Context(), g.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestWhoIsEnrolledIsListed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.programme(t, cash())
		people := x.people(t, "A", "B", "C", "D")
		for i, p := range people {
			x.enrol(t, p, []registry.EnrolmentStatus{"ENROLLED", "APPLIED"}[i/3], "", 1)
		}
		var seen []string
		q := registry.EnrolledQuery{Programme: "cash", Status: "ENROLLED", Limit: 2}
		for {
			page, err := x.Enrolled(t.Context(), attester(), q)
			if err != nil || len(page.Enrolments) > 2 {
				t.Fatal(page, err)
			}
			for _, e := range page.Enrolments {
				seen = append(seen, e.RegistrantID.String())
			}
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		if want := []string{people[0].ID.String(), people[1].ID.String(), people[2].ID.String()}; !slices.Equal(seen, want) {
			t.Errorf("seen %v, want %v", seen, want)
		}
		_, err := x.Enrolled(t.Context(), attester(), registry.EnrolledQuery{Programme: "cash", Status: "x"})
		wantFault(t, err, fault.Invalid, "bad_query")
		_, err = x.Enrolled(t.Context(), attester(), registry.EnrolledQuery{Programme: "none", Status: "APPLIED"})
		wantFault(t, err, fault.NotFound, "no_such_programme")
		_, err = x.Enrolled(t.Context(), self(people[0].ID), q)
		wantFault(t, err, fault.Forbidden, "not_allowed")
	})
}

// Several enrol one person at once: one does.
func TestOneEnrolmentAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.programme(t, cash())
		p := x.people(t, "Amina")[0]
		const writers = 6
		errs := make([]error, writers)
		var wg sync.WaitGroup
		for i := range writers {
			wg.Go(func() {
				_, errs[i] = x.Enrol(t.Context(), registrar(), p.ID, registry.EnrolmentChange{Programme: "cash", Status: "APPLIED", Reason: fmt.Sprint(i), ExpectVersion: 1})
			})
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			wantFault(t, err, fault.Conflict, "version_conflict")
		}
		if won != 1 || x.count(t, "enrolment") != 1 {
			t.Errorf("%d won, %d enrolments", won, x.count(t, "enrolment"))
		}
	})
}
