package registry_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// relatives lists what Relatives derives, as "name: code great degree removal".
func (x *fixture) relatives(t *testing.T, of uuid.UUID, degree int) (out []string) {
	t.Helper()
	got, err := x.Relatives(t.Context(), actor(registry.RoleAuditor), of, degree)
	mustFit(t, err)
	if got.ID != of || got.More {
		t.Errorf("relatives = %+v", got)
	}
	for _, rel := range got.List {
		p, err := x.Person(t.Context(), admin(), rel.ID)
		mustFit(t, err)
		if p.Number != rel.Number || p.Values["sex"].Text != rel.Sex {
			t.Errorf("%+v is %s, %s", rel, p.Number, p.Values["sex"].Text)
		}
		out = append(out, fmt.Sprint(p.Values["full_name"].Text, ": ", rel.Code, " ", rel.Great, rel.Degree, rel.Removal, map[bool]string{true: " adoptive"}[rel.Adoptive]))
	}
	slices.Sort(out)
	return out
}

// family records, through the API, the family of Me.
func (x *fixture) family(t *testing.T) map[string]registry.Person {
	t.Helper()
	p := map[string]registry.Person{}
	for _, name := range []string{"Me", "Mother", "Father", "Granny", "Uncle", "Cousin", "Cousinkid", "Sister", "Half", "Newwife", "Step", "Wife", "Wifebro", "Wifema", "Kid", "Kidwife", "Tutor", "Orphan", "Old"} {
		p[name] = x.register(t, map[string]string{"full_name": name, "sex": "female"})
	}
	parents := func(child, one, two string, adopted bool) {
		t.Helper()
		mustFit(t, x.setParents(t, p[child].ID, registry.ParentsChange{Parent1: p[one].ID, Parent2: p[two].ID, IsAdopted: adopted}))
	}
	parents("Me", "Mother", "Father", false)
	parents("Sister", "Father", "Mother", false)
	parents("Half", "Newwife", "Father", true)
	parents("Step", "Newwife", "", false)
	parents("Father", "", "Granny", false)
	parents("Uncle", "Granny", "", false)
	parents("Cousin", "Uncle", "", false)
	parents("Cousinkid", "Cousin", "", false)
	parents("Wife", "Wifema", "", false)
	parents("Wifebro", "Wifema", "", false)
	parents("Kid", "Me", "Wife", false)
	over := registry.Marriage{IsMarried: true, IsSeparated: true}
	mustFit(t, x.marry(t, p["Mother"].ID, p["Father"].ID, over))
	for one, other := range map[string]string{"Newwife": "Father", "Me": "Wife", "Kid": "Kidwife"} {
		mustFit(t, x.marry(t, p[one].ID, p[other].ID, registry.Marriage{IsMarried: true}))
	}
	mustFit(t, x.appoint(t, p["Me"].ID, p["Tutor"].ID, "2010-01-01", "2026-11-22"))
	mustFit(t, x.appoint(t, p["Me"].ID, p["Old"].ID, "2010-01-01", "2026-11-21"))
	mustFit(t, x.appoint(t, p["Orphan"].ID, p["Me"].ID, "2020-01-01", ""))
	return p
}

func TestRelativesAreDerived(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.family(t)
		want := map[int][]string{
			1: {"Father: parent 0 0 0", "Mother: parent 0 0 0", "Kid: child 0 0 0", "Wife: spouse 0 0 0", "Tutor: guardian 0 0 0", "Orphan: ward 0 0 0"},
			2: {"Granny: grandparent 0 0 0", "Sister: full_sibling 0 0 0", "Half: half_sibling 0 0 0 adoptive", "Newwife: step_parent 0 0 0", "Wifema: parent_in_law 0 0 0", "Kidwife: child_in_law 0 0 0"},
			3: {"Uncle: aunt_or_uncle 0 0 0", "Step: step_sibling 0 0 0", "Wifebro: sibling_in_law 0 0 0"},
			4: {"Cousin: cousin 0 1 0"},
			5: {"Cousinkid: cousin 0 1 1"},
			8: nil,
		}
		var upTo []string
		for degree := 1; degree <= registry.MaxKinDegree; degree++ {
			upTo = append(upTo, want[degree]...)
			slices.Sort(upTo)
			if got := x.relatives(t, p["Me"].ID, degree); !slices.Equal(got, upTo) {
				t.Errorf("degree %d: got\n%s\nwant\n%s", degree, strings.Join(got, "\n"), strings.Join(upTo, "\n"))
			}
		}
		if got := x.relatives(t, p["Cousinkid"].ID, 5); !slices.Contains(got, "Me: cousin 0 1 1") || !slices.Contains(got, "Granny: grandparent 1 0 0") {
			t.Errorf("of the cousin's child: %v", got)
		}
		x.Clock.Add(24 * time.Hour)
		if got := x.relatives(t, p["Me"].ID, 1); slices.Contains(got, "Tutor: guardian 0 0 0") {
			t.Error("a guardianship is in force after its last day")
		}
		for _, degree := range []int{-1, 0, registry.MaxKinDegree + 1} {
			_, err := x.Relatives(t.Context(), admin(), p["Me"].ID, degree)
			wantFault(t, err, fault.Invalid, "invalid_kinship")
			if got := fields(err); !slices.Equal(got, []string{"degree:out_of_range"}) {
				t.Errorf("fields = %v", got)
			}
		}
	})
}

// Beyond the limit the answer says that there are more, and what it has is true.
func TestRelativesSayWhenThereAreMore(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		parent := x.born(t, "P", "")
		children := x.copies(t, registry.MaxTies+1)
		adopt := func(children []uuid.UUID) {
			rows := make([]string, len(children))
			for i, c := range children {
				rows[i] = parentsRow(c, parent.ID)
			}
			x.insertParents(t, rows)
		}
		check := func(wantRelatives, wantChildren int, more, moreTies bool) {
			t.Helper()
			got, err := x.Relatives(t.Context(), admin(), parent.ID, 2)
			mustFit(t, err)
			if len(got.List) != wantRelatives || got.More != more {
				t.Errorf("%d relatives, more %v; want %d, %v", len(got.List), got.More, wantRelatives, more)
			}
			if k := x.kinship(t, parent.ID); len(k.Children) != wantChildren || k.More != moreTies {
				t.Errorf("%d children, more %v; want %d, %v", len(k.Children), k.More, wantChildren, moreTies)
			}
		}
		last := registry.MaxRelatives - 1 // with the person in the middle
		adopt(children[:last])
		check(last, last, false, false)
		adopt(children[last : last+1])
		check(last, registry.MaxTies, true, false)
		adopt(children[last+1:])
		check(last, registry.MaxTies, true, true)
	})
}

// The queries of kinship go through their indexes on both databases.
func TestKinshipUsesItsIndexes(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		const id = "'00000000-0000-0000-0000-000000000000'"
		for _, c := range []struct{ query, postgres, sqlite string }{
			{"SELECT * FROM parentage WHERE registrant_id IN (" + id + ")", "parentage_pkey", "(registrant_id=?)"},
			{"SELECT * FROM parentage WHERE parent1_id IN (" + id + ") ORDER BY registrant_id", "parentage_parent1", "parentage_parent1"},
			{"SELECT * FROM parentage WHERE parent2_id IN (" + id + ") ORDER BY registrant_id", "parentage_parent2", "parentage_parent2"},
			{"SELECT * FROM spouse WHERE person1_id IN (" + id + ")", "spouse_pkey", "(person1_id=?)"},
			{"SELECT * FROM guardianship WHERE guardian_id = " + id, "guardianship_guardian", "guardianship_guardian"},
		} {
			plan := x.plan(t, c.query)
			if want := map[string]string{"postgres": c.postgres, "sqlite": c.sqlite}[x.DB.Dialect.Name()]; !strings.Contains(plan, want) {
				t.Errorf("%s\nis planned as\n%s\nwant %s", c.query, plan, want)
			}
		}
	})
}
