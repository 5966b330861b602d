package registry_test

import (
	"reflect"
	"testing"

	"socialregistry/registry"
)

func TestHouseholdFactsAreCounted(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		person := func(name, sex, birth string) registry.Person {
			return x.register(t, map[string]string{"full_name": name, "sex": sex, "birth_date": birth})
		}
		head, old := person("Amina", "female", "1980-05-05"), person("Brian", "male", "1961-11-22")
		child, baby := person("Chi", "male", "2010-01-01"), person("Dora", "female", "2024-06-01")
		nobody := x.people(t, "Eve")[0]
		g := x.group(t, "household", as("head", head, "2015-01-01"), as("parent", old, "2015-01-01"), as("child", child, "2015-01-01"),
			as("child", baby, "2024-06-01"), as("member", nobody, "2026-01-01"))
		want := registry.HouseholdFacts{AsOf: "2026-11-22", Size: 5, HeadSex: "female", HeadBand: registry.Age18to64, Dependants: 3, WorkingAge: 1,
			Counts: []registry.AgeSexCount{{registry.Age0to4, "female", 1}, {registry.Age5to17, "male", 1}, {registry.Age18to64, "female", 1},
				{registry.Age65, "male", 1}, {registry.AgeUnknown, "unknown", 1}}}
		facts := func(on string) registry.HouseholdFacts {
			t.Helper()
			got, err := x.HouseholdFacts(t.Context(), attester(), g.ID, on)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := facts(""); !reflect.DeepEqual(got, want) {
			t.Errorf("today: %+v", got)
		}
		if ratio, ok := facts("").DependencyRatio(); !ok || ratio != 300 {
			t.Errorf("dependency = %v, %v", ratio, ok)
		}
		want = registry.HouseholdFacts{AsOf: "2026-11-21", Size: 5, HeadSex: "female", HeadBand: registry.Age18to64, Dependants: 2, WorkingAge: 2}
		if got := facts("2026-11-21"); got.Dependants != want.Dependants || got.WorkingAge != want.WorkingAge { // the day before Brian is 65
			t.Errorf("yesterday: %+v", got)
		}
		if got := facts("2014-12-31"); got.Size != 0 || got.HeadSex != "" || len(got.Counts) != 0 {
			t.Errorf("before it began: %+v", got)
		}
		if _, ok := facts("2014-12-31").DependencyRatio(); ok {
			t.Error("a ratio to nobody")
		}
		if got := facts("2024-05-31"); got.Size != 3 {
			t.Errorf("before the baby: %+v", got)
		}
		// nothing is stored: a corrected record changes what is counted, of the past too
		x.edit(t, nobody, map[string]string{"sex": "male", "birth_date": "2008-11-23"})
		if got := facts(""); got.Dependants != 4 || got.Counts[1] != (registry.AgeSexCount{Band: registry.Age5to17, Sex: "male", N: 2}) {
			t.Errorf("corrected: %+v", got)
		}
	})
}

func TestAgeBandsAtTheirBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		birth, on string
		want      registry.AgeBand
	}{
		{"2021-11-23", "2026-11-22", registry.Age0to4},
		{"2021-11-22", "2026-11-22", registry.Age5to17},
		{"2008-11-23", "2026-11-22", registry.Age5to17},
		{"2008-11-22", "2026-11-22", registry.Age18to64},
		{"1961-11-23", "2026-11-22", registry.Age18to64},
		{"1961-11-22", "2026-11-22", registry.Age65},
		{"2026-11-22", "2026-11-22", registry.Age0to4},
		{"2026-11-23", "2026-11-22", registry.AgeUnknown},
		{"", "2026-11-22", registry.AgeUnknown},
		{"2016-02-29", "2021-02-28", registry.Age0to4},
		{"2016-02-29", "2021-03-01", registry.Age5to17},
		{"2019-03-01", "2024-02-29", registry.Age0to4},
	} {
		if got := registry.BandOn(c.birth, c.on); got != c.want {
			t.Errorf("born %s, on %s: %s, want %s", c.birth, c.on, got, c.want)
		}
	}
}

func TestGroupsInAGroupCountApart(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.people(t, "Amina", "Brian")
		home := x.group(t, "household", as("head", p[0], ""))
		village := x.group(t, "community", registry.NewMember{MemberID: home.ID, Role: "member"}, as("leader", p[1], ""))
		got, err := x.HouseholdFacts(t.Context(), admin(), village.ID, "")
		if err != nil || got.Size != 1 || got.Groups != 1 || got.HeadSex != "" {
			t.Errorf("facts = %+v, %v", got, err)
		}
	})
}
