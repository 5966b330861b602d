package registry_test

import (
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// What is hidden in a record is hidden where others name the person, too. A name is
// never hidden, or whoever searches would find people by what they may not see.
func TestAHiddenFieldIsHiddenAmongKinAndMembers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		head := x.register(t, map[string]string{"given_name": "Amina", "family_name": "Odhiambo", "sex": "female", "birth_date": "1980-05-05"})
		child := x.born(t, "Chi", "2010-01-01")
		mustFit(t, x.setParents(t, child.ID, registry.ParentsChange{Parent1: head.ID}))
		g := x.group(t, "household", as("head", head, "2015-01-01"), as("child", child, "2015-01-01"))
		for _, key := range []string{"sex", "birth_date"} {
			x.seenByAdmins(t, key)
		}
		name, err := x.Field(t.Context(), "family_name")
		if err != nil {
			t.Fatal(err)
		}
		name.SeeBy = []registry.Role{registry.RoleAdmin}
		_, err = x.UpdateField(t.Context(), admin(), name, "private")
		wantFault(t, err, fault.Invalid, "invalid_field_definition")
		for _, c := range []struct {
			a     registry.Actor
			sex   string
			facts registry.AgeSexCount
		}{
			{admin(), "female", registry.AgeSexCount{Band: registry.Age18to64, Sex: "female", N: 1}},
			{registrar(), "", registry.AgeSexCount{Band: registry.AgeUnknown, Sex: "unknown", N: 2}},
			{self(head.ID), "", registry.AgeSexCount{Band: registry.AgeUnknown, Sex: "unknown", N: 2}},
		} {
			role := c.a.Roles[0]
			if role != registry.RoleRegistrant {
				k, err := x.Kinship(t.Context(), c.a, child.ID)
				if err != nil || k.Parent1.Sex != c.sex {
					t.Errorf("%s: parent %+v, %v", role, k.Parent1, err)
				}
				rel, err := x.Relatives(t.Context(), c.a, child.ID, 1)
				if err != nil || len(rel.List) != 1 || rel.List[0].Sex != c.sex {
					t.Errorf("%s: relatives %+v, %v", role, rel, err)
				}
			}
			facts, err := x.HouseholdFacts(t.Context(), c.a, g.ID, "")
			if err != nil || facts.Size != 2 || facts.Counts[len(facts.Counts)-1] != c.facts || facts.HeadSex != c.facts.Sex || facts.HeadBand != c.facts.Band {
				t.Errorf("%s: facts %+v, %v", role, facts, err)
			}
			page, err := x.Members(t.Context(), c.a, g.ID, registry.MemberQuery{})
			if err != nil || len(page.Members) != 2 || page.Members[0].Name != "Amina Odhiambo" {
				t.Errorf("%s: members %+v, %v", role, page.Members, err)
			}
		}
	})
}

// seenByAdmins hides a field from everybody else.
func (x *fixture) seenByAdmins(t *testing.T, key string) {
	t.Helper()
	list, err := x.Fields(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.Key == key {
			f.SeeBy = []registry.Role{registry.RoleAdmin}
			if _, err := x.UpdateField(t.Context(), admin(), f, "private"); err != nil {
				t.Fatal(err, fields(err))
			}
		}
	}
}
