package registry_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func (x *fixture) inEachArea(t *testing.T, n map[string]int) map[string][]registry.Person {
	t.Helper()
	x.areas(t, "code,parent,name\nN,,North\nN-A,N,Ayr\nN-B,N,Bute\nN-C,N,Cork\nN-A-1,N-A,Arran\nN-A-2,N-A,Avon\nS,,South\nS-A,S,Sark\nS-B,S,Stour\nS-C,S,Skye\n")
	out := map[string][]registry.Person{}
	for area, people := range n {
		for range people {
			out[area] = append(out[area], x.register(t, map[string]string{"full_name": "A", "region": area, "sex": "female"}))
		}
	}
	return out
}

func (x *fixture) areaStatistics(t *testing.T, a registry.Actor, code string) registry.AreaStatistics {
	t.Helper()
	s, err := x.AreaStatistics(t.Context(), a, code)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestStatisticsByArea: people, households and attested values of an area and of
// its parts, by month. Parts of few people stand together.
func TestStatisticsByArea(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		people := x.inEachArea(t, map[string]int{"N": 5, "N-A-1": 6, "N-A-2": 6, "N-B": 10, "N-C": 7, "S-A": 5, "S-B": 3, "S-C": 6})
		for _, p := range people["N-B"][:5] {
			head := []registry.NewMember{as("head", p, "2020-01-01")}
			if _, err := x.CreateGroup(t.Context(), registrar(), "household", registry.Change{Set: map[string]string{"group_region": "N-B"}}, head); err != nil {
				t.Fatal(err, fields(err))
			}
		}
		for _, p := range people["N-B"][:5] {
			x.attest(t, p, registry.StateAttested, "", "region")
		}
		x.Clock.Add(24 * 24 * time.Hour) // December
		for _, p := range slices.Concat(people["N-B"][5:], people["N-A-1"]) {
			x.attest(t, p, registry.StateAttested, "", "region")
		}
		whole := x.statistics(t)
		north, south := x.areaStatistics(t, attester(), "N"), x.areaStatistics(t, attester(), "S")
		if !north.AsOf.Equal(x.Clock.Now()) || north.MinimumCell != 5 || north.Area != "N" {
			t.Errorf("of %s as of %v, minimum %d", north.Area, north.AsOf, north.MinimumCell)
		}
		for _, c := range []struct {
			table       registry.Table
			row, column string
			want        int64
		}{
			{whole.ByArea.Areas, "N", "people", 34}, {whole.ByArea.Areas, "S", "people", 14}, {whole.ByArea.Areas, "total", "people", 48},
			{whole.ByArea.Areas, "N", "household", 5}, {whole.ByArea.Areas, "S", "household", 0}, {whole.People, "N", "total", 34},
			{whole.ByArea.Attested, "region/(all)", "total", 16}, {whole.ByArea.Attested, "region/N", "2026-12", 11},
			{north.Areas, "(itself)", "people", 5}, {north.Areas, "N-A", "people", 12}, {north.Areas, "N-B", "people", 10}, {north.Areas, "N-B", "household", 5},
			{north.Areas, "total", "people", 34}, {north.Attested, "region/N-B", "2026-11", 5}, {north.Attested, "region/N-B", "2026-12", 5},
			{north.Attested, "region/N-A", "2026-12", 6}, {north.Attested, "region/N-A", "total", 6}, {north.Attested, "region/N-C", "total", 0},
			{south.Areas, "S-C", "people", 6}, {south.Areas, "(other)", "people", 8}, {south.Areas, "total", "people", 14},
			{x.areaStatistics(t, attester(), "N-A-1").Areas, "total", "people", 6},
		} {
			if got := cell(t, c.table, c.row, c.column); got != (registry.Count{N: c.want}) {
				t.Errorf("%s, %s: %+v, want %d", c.row, c.column, got, c.want)
			}
		}
		if got := fmt.Sprint(south); len(south.Areas.Rows) != 2 || len(south.Attested.Rows) != 3 {
			t.Errorf("an area of few people is told apart: %s", got)
		}
		for _, few := range []string{"S-A", "S-B"} { // one of them is small, the other covers it
			if s := x.areaStatistics(t, admin(), few); len(s.Areas.Rows)+len(s.Attested.Rows) != 0 || !s.Areas.ColumnTotals[0].Hidden {
				t.Errorf("%s is told: %+v", few, s)
			}
		}
		// two more, and 4 of 12 are not attested: no part is told, for the rest would follow
		for _, p := range people["N-A-2"][:2] {
			x.attest(t, p, registry.StateAttested, "", "region")
		}
		x.statistics(t)
		if got := cell(t, x.areaStatistics(t, attester(), "N").Attested, "region/N-A", "total"); !got.Hidden {
			t.Errorf("8 of 12 are attested: %+v", got)
		}
	})
}

// TestStatisticsOfTheOwnArea: a role that holds in an area reads the numbers of what
// lies in it; a field that is not for its eyes is not counted for it.
func TestStatisticsOfTheOwnArea(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		people := x.inEachArea(t, map[string]int{"N-A-1": 6, "N-B": 5, "S-A": 5})
		for _, p := range people["N-B"] {
			x.attest(t, p, registry.StateAttested, "", "region", "sex")
		}
		north := inArea(registry.RoleAttester, "N")
		_, err := x.AreaStatistics(t.Context(), north, "N")
		wantFault(t, err, fault.Unavailable, "not_counted_yet")
		x.statistics(t)
		for _, code := range []string{"N", "N-A", "N-A-1"} {
			mine, all := x.areaStatistics(t, north, code), x.areaStatistics(t, admin(), code)
			if fmt.Sprint(mine) != fmt.Sprint(all) {
				t.Errorf("%s: %+v, want what everybody is told: %+v", code, mine, all)
			}
		}
		_, err = x.AreaStatistics(t.Context(), north, "S")
		wantFault(t, err, fault.Forbidden, "outside_area")
		_, err = x.AreaStatistics(t.Context(), inArea(registry.RoleAttester, "N-A"), "N")
		wantFault(t, err, fault.Forbidden, "outside_area")
		_, err = x.Statistics(t.Context(), north)
		wantFault(t, err, fault.Forbidden, "not_allowed")
		_, err = x.AreaStatistics(t.Context(), north, "XX")
		wantFault(t, err, fault.NotFound, "no_such_area")
		for _, narrow := range []registry.Grant{{Area: "N", Kind: registry.PersonKind}, {Area: "N", Section: "identity"}, {Role: registry.RoleFieldWorker, Area: "N"}} {
			if narrow.Role == "" {
				narrow.Role = registry.RoleAttester
			}
			if _, err := x.AreaStatistics(t.Context(), within(narrow), "N"); fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%+v: %v", narrow, err)
			}
		}

		f := x.field(t, "sex")
		f.SeeBy = []registry.Role{registry.RoleAdmin}
		x.update(t, f)
		x.statistics(t)
		if got := cell(t, x.areaStatistics(t, admin(), "N").Attested, "sex/N-B", "total"); got.N != 5 {
			t.Errorf("to whom it is for: %+v", got)
		}
		whole, err := x.Statistics(t.Context(), attester())
		if err != nil || len(whole.People.Rows) != 0 || !whole.Attestation.Total.Hidden {
			t.Errorf("sex is told: %+v, %v", whole.People, err)
		}
		for _, table := range []registry.Table{x.areaStatistics(t, north, "N").Attested, whole.ByArea.Attested, whole.Attestation} {
			for _, head := range table.Rows {
				if head[0] == "sex" {
					t.Errorf("sex is told: %v", table.Rows)
				}
			}
		}
	})
}
