package registry_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// TestNothingWasCollectedBefore1900: a moment before the first year could never be
// written out again.
func TestNothingWasCollectedBefore1900(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		first := time.Date(registry.FirstCollected, 1, 1, 0, 0, 0, 0, time.UTC)
		p, err := x.Register(t.Context(), registrar(), registry.Change{Set: amina(), CollectedAt: first.In(time.FixedZone("", -3600))})
		if err != nil || !p.Values["sex"].CollectedAt.Equal(first) {
			t.Fatalf("collected at %v, %v", p.Values["sex"].CollectedAt, err)
		}
		for _, at := range []time.Time{first.Add(-time.Microsecond), time.Date(0, 1, 1, 0, 0, 0, 0, time.FixedZone("", 86340)), time.Date(-200000, 1, 1, 0, 0, 0, 0, time.UTC)} {
			change := registry.Change{Set: map[string]string{"full_name": "A"}, CollectedAt: at, ExpectVersion: 1}
			_, made := x.Register(t.Context(), registrar(), change)
			_, edited := x.Edit(t.Context(), registrar(), p.ID, change)
			_, named := x.AddVersion(t.Context(), registrar(), p.ID, "Survey", change, false)
			_, created := x.CreateGroup(t.Context(), registrar(), "community", change, nil)
			for i, err := range []error{made, edited, named, created} {
				wantFault(t, err, fault.Invalid, "invalid_values")
				if got := strings.Join(fields(err), " "); !strings.Contains(got, "collected_at:date_too_early") {
					t.Errorf("%v, write %d: %s", at, i, got)
				}
			}
			o := create()
			o.CollectedAt = at
			_, err := x.Import(t.Context(), registrar(), strings.NewReader("First Name\nAmina\n"), o)
			wantFault(t, err, fault.Invalid, "collected_too_early")
		}
		res := x.load(t, "First Name,Collected on\nAmina,1899-12-31\nDawit,0000-01-01T00:00:00+00:01\n", create(), "0 0 0 2")
		if got := strings.Join(problemsOf(res), "|"); got != "2 Collected on date_too_early|3 Collected on bad_date" {
			t.Errorf("problems = %s", got)
		}
	})
}

// TestDaysBeforeTheFirstAreRefused: of kinship, identifiers, memberships and
// enrolments alike.
func TestDaysBeforeTheFirstAreRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		all := x.people(t, "Amina", "Brian")
		one, other := all[0].ID, all[1].ID
		group := x.group(t, "community")
		for _, day := range []string{"0001-01-01", "1849-12-31", "1850-01-01"} {
			fits := day == "1850-01-01"
			married := x.marry(t, one, other, registry.Marriage{IsMarried: true, MarriedOn: day})
			_, identified := x.AddIdentifier(t.Context(), registrar(), one, registry.NewIdentifier{Type: "passport", Value: "P" + uuid.NewString()[:8], ValidFrom: day, ValidTo: "2030-01-01"})
			_, joined := x.AddMembers(t.Context(), registrar(), group.ID, []registry.NewMember{{MemberID: other, Role: "member", Start: day}}, "joined")
			for what, err := range map[string]error{"marriage": married, "guardian": x.appoint(t, one, other, day, ""), "identifier": identified, "member": joined} {
				if got := strings.Join(fields(err), " "); (err == nil) != fits || !fits && !strings.Contains(got, "date_too_early") {
					t.Errorf("%s since %s: %v %s", what, day, err, got)
				}
			}
		}
	})
}
