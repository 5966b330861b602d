package registry_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// Staff of one area records and reads the families of its people. Relatives who
// live elsewhere are named to it by the ends of their numbers, and it cannot tie
// anybody to them.
func TestKinshipStaysWithinBounds(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		person := func(name, area, birth string) registry.Person {
			return x.register(t, map[string]string{"full_name": name, "region": area, "birth_date": birth, "sex": "female"})
		}
		in, near, out := person("In", "NL-W-BAY", "1990-01-01"), person("Near", "NL-W", "1960-01-01"), person("Out", "NL-E", "1960-01-01")
		mustFit(t, x.setParents(t, in.ID, registry.ParentsChange{Parent1: near.ID, Parent2: out.ID}))
		ctx, a := t.Context(), inArea(registry.RoleRegistrar, "NL-W")

		masked := registry.Kin{Number: "SR-*******" + out.Number[len(out.Number)-4:]}
		k, err := x.Kinship(ctx, a, in.ID)
		mustFit(t, err)
		if *k.Parent1 != (registry.Kin{ID: near.ID, Number: near.Number, Sex: "female"}) || *k.Parent2 != masked || k.Masked {
			t.Errorf("kinship = %+v, %+v", k.Parent1, k.Parent2)
		}
		family, err := x.Relatives(ctx, a, in.ID, 1)
		mustFit(t, err)
		if !slices.ContainsFunc(family.List, func(r registry.Relative) bool { return r.Kin == masked }) || len(family.List) != 2 {
			t.Errorf("relatives = %+v", family.List)
		}
		if got := strings.Join(x.ties(t, a, in.ID), " "); strings.Contains(got, out.Number) || !strings.Contains(got, masked.Number) {
			t.Errorf("history = %s", got)
		}

		calls := map[string]func(p registry.Person) error{
			"Kinship":   func(p registry.Person) error { return errOf(x.Kinship(ctx, a, p.ID)) },
			"Relatives": func(p registry.Person) error { return errOf(x.Relatives(ctx, a, p.ID, 1)) },
			"SetParents": func(p registry.Person) error {
				return errOf(x.SetParents(ctx, a, p.ID, registry.ParentsChange{Parent1: near.ID, Expect: 2}))
			},
			"a parent": func(p registry.Person) error {
				return errOf(x.SetParents(ctx, a, near.ID, registry.ParentsChange{Parent1: p.ID, Expect: 2}))
			},
			"AddSpouse": func(p registry.Person) error {
				return errOf(x.AddSpouse(ctx, a, p.ID, registry.SpouseChange{Spouse: in.ID}))
			},
			"a spouse": func(p registry.Person) error {
				return errOf(x.AddSpouse(ctx, a, in.ID, registry.SpouseChange{Spouse: p.ID}))
			},
			"EditSpouse": func(p registry.Person) error {
				return errOf(x.EditSpouse(ctx, a, p.ID, uuid.New(), registry.SpouseChange{}))
			},
			"AddGuardian": func(p registry.Person) error {
				return errOf(x.AddGuardian(ctx, a, p.ID, registry.GuardianChange{Guardian: in.ID, From: "2020-01-01"}))
			},
			"a guardian": func(p registry.Person) error {
				return errOf(x.AddGuardian(ctx, a, in.ID, registry.GuardianChange{Guardian: p.ID, From: "2020-01-01"}))
			},
			"EndGuardian": func(p registry.Person) error {
				return errOf(x.EndGuardian(ctx, a, p.ID, registry.GuardianChange{Guardian: in.ID, To: "2020-01-01"}))
			},
		}
		written := x.count(t, "change_log")
		for name, call := range calls {
			x.sameAsUnknown(t, name, call, out)
		}
		if x.count(t, "change_log") != written {
			t.Error("something was written")
		}
		mustFit(t, errOf(x.AddGuardian(ctx, a, in.ID, registry.GuardianChange{Guardian: near.ID, From: "2000-01-01"})))
		wantFault(t, errOf(x.AddGuardian(ctx, inArea(registry.RoleAuditor, "NL-W"), in.ID, registry.GuardianChange{})), fault.Forbidden, "not_allowed")
	})
}
