package registry_test

import (
	"slices"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// words is the label of a status.
func words(en string) map[string]string { return map[string]string{"en": en} }

// bounded is an actor of a role that holds in one area.
func bounded(role registry.Role, area string) registry.Actor {
	a := actor(role)
	a.Grants = []registry.Grant{{Role: role, Area: area}}
	return a
}

func TestFurtherStatuses(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, "code,parent,name\nN,,North\nN-A,N,Ayr\nS,,South\n")
		if _, err := x.OpenOffice(t.Context(), admin(), registry.Office{Code: "AYR", Label: words("Ayr"), Area: "N-A"}, "opened"); err != nil {
			t.Fatal(err)
		}
		define := func(a registry.Actor, s registry.AttestationStatus) registry.AttestationStatus {
			t.Helper()
			out, err := x.DefineAttestationStatus(t.Context(), a, s, "needed")
			if err != nil {
				t.Fatal(err, fields(err))
			}
			return out
		}
		paper := define(admin(), registry.AttestationStatus{Key: "paper_seen", State: registry.StateAttested, Label: words("Paper seen")})
		define(admin(), registry.AttestationStatus{Key: "visit_planned", State: registry.StateNew, Label: words("A visit is planned")})
		define(bounded(registry.RoleAdmin, "N"), registry.AttestationStatus{Key: "ayr_book", State: registry.StateAttested, Label: words("In the book of Ayr"), Office: "AYR"})

		p := x.register(t, map[string]string{"given_name": "Amina", "sex": "female", "region": "N-A"})
		decide := func(a registry.Actor, d registry.Decision, want ...string) {
			t.Helper()
			d.Field = "sex"
			if got := x.decide(t, a, p, d); !slices.Equal(got, want) {
				t.Errorf("%+v refused with %v, want %v", d, got, want)
			}
		}
		decide(attester(), registry.Decision{Status: "visit_planned"})
		if s := x.states(t, p)["sex"]; s.State != registry.StateNew || s.Status != "visit_planned" || len(x.attested(t, p)) != 0 {
			t.Errorf("state = %+v", s)
		}
		decide(attester(), registry.Decision{Status: "visit_planned"}, "sex:bad_move")
		decide(attester(), registry.Decision{Status: "paper_seen", State: registry.StateRejected, Comment: "no"}, "sex:bad_state")
		decide(attester(), registry.Decision{Status: "no_such"}, "sex:unknown_status")
		decide(bounded(registry.RoleAttester, "N"), registry.Decision{Status: "ayr_book"}, "sex:status_outside_office")
		decide(bounded(registry.RoleAttester, "N-A"), registry.Decision{Status: "ayr_book"})
		if s := x.states(t, p)["sex"]; s.State != registry.StateAttested || s.Status != "ayr_book" || len(x.attested(t, p)) != 1 {
			t.Errorf("state = %+v", s)
		}
		decide(attester(), registry.Decision{Status: "paper_seen", State: registry.StateAttested}) // everybody's, and of everywhere
		paper.Retired = true
		if _, err := x.ChangeAttestationStatus(t.Context(), admin(), paper, "out of use"); err != nil {
			t.Fatal(err)
		}
		if s := x.states(t, p)["sex"]; s.Status != "paper_seen" || len(x.attested(t, p)) != 1 {
			t.Errorf("a retired status takes back what was decided: %+v", s)
		}
		decide(attester(), registry.Decision{Status: "paper_seen"}, "sex:status_retired")
		history, err := x.AdminHistoryPage(t.Context(), admin(), "attestation_status:paper_seen", "", 0)
		if err != nil || len(history.Entries) != 2 {
			t.Errorf("%d entries of its history, %v", len(history.Entries), err)
		}
	})
}

func TestWhoKeepsStatusesAndHow(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, "code,parent,name\nN,,North\nS,,South\n")
		if _, err := x.OpenOffice(t.Context(), admin(), registry.Office{Code: "NORTH", Label: words("North"), Area: "N"}, "opened"); err != nil {
			t.Fatal(err)
		}
		fine := registry.AttestationStatus{Key: "seen", State: registry.StateAttested, Label: words("Seen"), Office: "NORTH"}
		define := func(a registry.Actor, s registry.AttestationStatus) error {
			_, err := x.DefineAttestationStatus(t.Context(), a, s, "")
			return err
		}
		for name, a := range map[string]registry.Actor{"attester": attester(), "registrar": registrar(), "another area": bounded(registry.RoleAdmin, "S")} {
			if err := define(a, fine); fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s: %v", name, err)
			}
		}
		everybodys := fine
		everybodys.Office = ""
		wantFault(t, define(bounded(registry.RoleAdmin, "N"), everybodys), fault.Forbidden, "not_allowed")
		err := define(admin(), registry.AttestationStatus{Key: "ATTESTED", State: registry.StateExpired, Office: "NOWHERE"})
		wantFault(t, err, fault.Invalid, "invalid_attestation_status")
		state := fine
		state.Key = "rejected" // a cell of a file with this word is the state
		wantFault(t, define(admin(), state), fault.Invalid, "invalid_attestation_status")
		if got := fields(err); !slices.Equal(got, []string{"key:invalid_key", "state:invalid_state", "label:invalid_label", "office:invalid_office"}) {
			t.Errorf("mistakes = %v", got)
		}
		if err := define(admin(), fine); err != nil {
			t.Fatal(err)
		}
		wantFault(t, define(admin(), fine), fault.Conflict, "attestation_status_exists")
		change := func(s registry.AttestationStatus) error {
			_, err := x.ChangeAttestationStatus(t.Context(), admin(), s, "")
			return err
		}
		wantFault(t, change(fine), fault.Conflict, "version_conflict")
		fine.Version = 1
		other := fine
		other.State, other.Office = registry.StateRejected, ""
		if err := change(other); !slices.Equal(fields(err), []string{"state:fixed", "office:fixed"}) {
			t.Errorf("mistakes = %v", fields(err))
		}
		other.Key = "unknown"
		wantFault(t, change(other), fault.NotFound, "no_such_attestation_status")
		if list, err := x.AttestationStatuses(t.Context(), attester()); err != nil || len(list) != 1 || list[0].Version != 1 {
			t.Errorf("list = %v, %v", list, err)
		}
	})
}
