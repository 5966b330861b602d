package registry_test

import (
	"encoding/json"
	"strings"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// Many are enrolled by a job: each is moved, was there already, or is refused with a
// reason, and nobody is in the way of the others.
func TestEnrolMany(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx, a := t.Context(), x.employee(t, registry.RoleRegistrar)
		p := x.people(t, "Amina", "Brian", "Chebet")
		_, err := x.DefineProgramme(ctx, admin(), registry.Programme{Code: "cash", Label: map[string]string{"en": "Cash"}, Start: "2020-01-01"}, "new")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.Enrol(ctx, a, p[1].ID, registry.EnrolmentChange{Programme: "cash", Status: registry.EnrolmentEnrolled, ExpectVersion: 1}); err != nil {
			t.Fatal(err)
		}
		many := registry.EnrolMany{Programme: "cash", Status: registry.EnrolmentEnrolled, Reason: "list of May",
			Numbers: []string{p[0].Number, " " + strings.ToLower(p[1].Number), "SR-00000000000", p[2].Number, p[0].Number, "", "who?"}}
		j, err := x.StartEnrolMany(ctx, a, many)
		if err != nil {
			t.Fatal(err)
		}
		x.drain(t, "enrol_many", x.JobHandlers()["enrol_many"])
		var got registry.EnrolManyResult
		if err := json.Unmarshal(x.jobIn(t, j.ID, registry.JobDone).Result, &got); err != nil {
			t.Fatal(err)
		}
		if got.Moved != 2 || got.Already != 1 || len(got.Refused) != 2 || got.Refused[1] != (registry.RefusedEntry{Number: "who?", Code: "not_found"}) {
			t.Errorf("%+v", got)
		}
		if page, err := x.Enrolled(ctx, a, registry.EnrolledQuery{Programme: "cash", Status: registry.EnrolmentEnrolled}); err != nil || len(page.Enrolments) != 3 {
			t.Errorf("%+v, %v", page, err)
		}
	})
}

func TestEnrolManyIsHeldToItsLimits(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx := t.Context()
		if _, err := x.DefineProgramme(ctx, admin(), registry.Programme{Code: "cash", Label: map[string]string{"en": "Cash"}, Start: "2020-01-01"}, "new"); err != nil {
			t.Fatal(err)
		}
		tooMany := strings.Split(strings.Repeat("x", 10), "")
		for i := range registry.MaxEnrolMany + 1 {
			tooMany = append(tooMany, strings.Repeat("1", 1+i%9)+string(rune('a'+i%26))+string(rune('a'+i/26)))
		}
		for _, numbers := range [][]string{nil, {" "}, tooMany} {
			_, err := x.StartEnrolMany(ctx, registrar(), registry.EnrolMany{Programme: "cash", Status: registry.EnrolmentEnrolled, Numbers: numbers})
			wantFault(t, err, fault.Invalid, "invalid_enrolment")
		}
		_, err := x.StartEnrolMany(ctx, registrar(), registry.EnrolMany{Programme: "cash", Status: "GONE", On: "2999-01-01", Numbers: []string{"SR-1"}})
		wantFault(t, err, fault.Invalid, "invalid_enrolment")
		_, err = x.StartEnrolMany(ctx, registrar(), registry.EnrolMany{Programme: "none", Status: registry.EnrolmentEnrolled, Numbers: []string{"SR-1"}})
		wantFault(t, err, fault.NotFound, "no_such_programme")
		_, err = x.StartEnrolMany(ctx, attester(), registry.EnrolMany{Programme: "cash", Status: registry.EnrolmentEnrolled, Numbers: []string{"SR-1"}})
		wantFault(t, err, fault.Forbidden, "not_allowed")
	})
}
