package registry_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func (x *fixture) statistics(t *testing.T) registry.Statistics {
	t.Helper()
	if counted, err := x.RefreshStatistics(t.Context(), admin(), 0); err != nil || !counted {
		t.Fatal(counted, err)
	}
	s, err := x.Statistics(t.Context(), attester())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// cell finds a number by its heads; "total" is a total.
func cell(t *testing.T, table registry.Table, row, column string) registry.Count {
	t.Helper()
	find := func(heads [][]string, head string) int {
		return slices.IndexFunc(heads, func(h []string) bool { return strings.Join(h, "/") == head })
	}
	r, c := find(table.Rows, row), find(table.Columns, column)
	if r < 0 && row != "total" || c < 0 && column != "total" {
		t.Fatalf("no cell %s, %s in %v by %v", row, column, table.Rows, table.Columns)
	}
	return published(table)[(r+len(table.Rows)+1)%(len(table.Rows)+1)][(c+len(table.Columns)+1)%(len(table.Columns)+1)]
}

// The clock stands at 22 November 2026.
func TestPeopleAreCountedByAreaSexAndAge(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, "code,parent,name\nCO,,Coast\nRI,,Rift\nNY,,Nyanza\nNY-F,NY,Farms\nFARM,,Mr Otieno's farm\n")
		add := func(n int, region, sex, born string) {
			for range n {
				x.register(t, map[string]string{"full_name": "A", "region": region, "sex": sex, "birth_date": born})
			}
		}
		add(6, "Coast", "female", "2021-11-23") // 4, five tomorrow
		add(7, "Coast", "female", "2021-11-22") // 5 today
		add(5, "Coast", "male", "1961-11-22")   // 65 today
		add(6, "Coast", "male", "1961-11-23")   // 64
		add(8, "Rift", "male", "")
		add(9, "Rift", "", "2008-11-22") // 18 today
		add(5, "Farms", "other", "1990-01-01")
		s := x.statistics(t)
		if !s.AsOf.Equal(x.Clock.Now()) || s.MinimumCell != 5 {
			t.Errorf("as of %v, minimum %d", s.AsOf, s.MinimumCell)
		}
		for _, c := range []struct {
			row, column string
			want        int64
		}{
			{"CO", "female/0-4", 6}, {"CO", "female/5-17", 7}, {"CO", "male/65+", 5}, {"CO", "male/18-64", 6}, {"CO", "total", 24},
			{"RI", "male/unknown", 8}, {"RI", "unknown/18-64", 9}, {"NY", "other/18-64", 5}, {"NY", "male/18-64", 0}, {"total", "female/0-4", 6}, {"total", "total", 46},
		} {
			if got := cell(t, s.People, c.row, c.column); got != (registry.Count{N: c.want}) {
				t.Errorf("%s, %s: %+v, want %d", c.row, c.column, got, c.want)
			}
		}

		// few people are hidden, and cannot be computed back; an area of few is not named
		add(4, "Rift", "female", "1990-01-01")
		add(2, "Mr Otieno's farm", "female", "1990-01-01")
		add(3, "", "female", "1990-01-01")
		s = x.statistics(t)
		if got := cell(t, s.People, "RI", "female/18-64"); !got.Hidden || got.N != 0 {
			t.Errorf("4 people: %+v is shown", got)
		}
		if got := cell(t, s.People, "(other)", "total"); got != (registry.Count{N: 10}) { // the farm, who lie nowhere, and Nyanza
			t.Errorf("small areas together: %+v", got)
		}
		if got := cell(t, s.People, "total", "female/18-64"); got != (registry.Count{N: 9}) && !got.Hidden {
			t.Errorf("total %+v", got)
		}
		if got := derivable(published(s.People)); len(got) != 0 {
			t.Errorf("can be computed back: %v", got)
		}
		if text := fmt.Sprint(s); strings.Contains(text, "FARM") || strings.Contains(text, "[NY]") {
			t.Errorf("an area of few people is told apart: %s", text)
		}
	})
}

func TestDecisionsAndQueuesAreCounted(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		var all []registry.Person
		for i := range 20 {
			all = append(all, x.register(t, map[string]string{"full_name": fmt.Sprint("Person ", i), "region": "Coast"}))
		}
		x.Clock.Add(24 * time.Hour)
		for i, p := range all[:15] {
			x.attest(t, p, []registry.State{registry.StateAttested, registry.StateRejected, registry.StateAttested}[i/5], "seen", "region")
		}
		for _, p := range all[10:15] {
			x.edit(t, p, map[string]string{"region": "Rift"})
		}
		x.Clock.Add(40 * 24 * time.Hour) // 2 January 2027
		s := x.statistics(t)
		for _, c := range []struct {
			row, column string
			want        int64
		}{
			{"region/ATTESTED", "2026-11", 5}, {"region/REJECTED", "2026-11", 5}, {"region/CHANGED", "2026-11", 5}, {"region/NEW", "none", 5},
			{"region/ATTESTED", "2027-01", 0}, {"region/ATTESTED", "earlier", 0}, {"full_name/NEW", "none", 20}, {"total", "2026-11", 15},
		} {
			if got := cell(t, s.Attestation, c.row, c.column); got != (registry.Count{N: c.want}) {
				t.Errorf("%s, %s: %+v, want %d", c.row, c.column, got, c.want)
			}
		}
		for _, c := range []struct {
			row, column string
			want        int64
		}{{"undecided", "31-90", 20}, {"changed", "31-90", 5}, {"rejected", "31-90", 5}, {"undecided", "0", 0}, {"total", "total", 30}} {
			if got := cell(t, s.Queues, c.row, c.column); got != (registry.Count{N: c.want}) {
				t.Errorf("%s, %s: %+v, want %d", c.row, c.column, got, c.want)
			}
		}
		x.Clock.Add(400 * 24 * time.Hour)
		if got := cell(t, x.statistics(t).Attestation, "region/ATTESTED", "earlier"); got.N != 5 {
			t.Errorf("after a year: %+v", got)
		}
	})
}

// A queue or a programme of nearly all tells of the others, and a queue of what is
// not told of a field: neither is shown.
func TestQueuesAndProgrammesTellNothingOfTheOthers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.programme(t, cash())
		var all []registry.Person
		for i := range 20 {
			p := x.register(t, map[string]string{"full_name": fmt.Sprint("Person ", i), "region": "Coast"})
			all = append(all, p)
			if i < 18 {
				if _, err := x.Enrol(t.Context(), registrar(), p.ID, registry.EnrolmentChange{Programme: "cash", Status: registry.EnrolmentApplied, ExpectVersion: p.VersionNo}); err != nil {
					t.Fatal(err, fields(err))
				}
			}
		}
		for i, p := range all[:13] {
			p = x.person(t, p.ID)
			x.attest(t, p, registry.StateRejected, "no", []string{"full_name", "region"}[i/10]) // 10, and 3
		}
		s := x.statistics(t)
		if got := cell(t, s.Attestation, "full_name/REJECTED", "total"); got.N != 10 {
			t.Errorf("full_name: %+v", got)
		}
		for _, head := range s.Queues.Rows {
			if head[0] == "rejected" || head[0] == "undecided" {
				t.Errorf("%s is told: 3 of the rejected have another field", head)
			}
		}
		if got := cell(t, s.Programmes, "cash/person", "total"); !got.Hidden {
			t.Errorf("18 of 20: %+v is shown", got)
		}
		x.exec(t, `UPDATE registrant SET status = 'INACTIVE' WHERE id IN (SELECT registrant_id FROM enrolment ORDER BY registrant_id LIMIT 5) OR id NOT IN (SELECT registrant_id FROM enrolment)`)
		if got := cell(t, x.statistics(t).Programmes, "cash/person", "total"); got != (registry.Count{N: 13}) {
			t.Errorf("all who are active: %+v", got)
		}
	})
}

// Groups by size and enrolments by status; what has ended or not begun is no part
// of a size.
func TestGroupsAndProgrammesAreCounted(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.programme(t, cash())
		var homes []registry.Group
		for range 11 {
			p := x.people(t, "Amina", "Brian")
			home := x.group(t, "household", as("head", p[0], "2020-01-01"), as("child", p[1], ""))
			homes = append(homes, home)
			status := []registry.EnrolmentStatus{registry.EnrolmentApplied, registry.EnrolmentEnrolled}[len(homes)/6]
			for _, s := range []registry.EnrolmentStatus{status, registry.EnrolmentExited}[:1+len(homes)%2] {
				p[0] = x.person(t, p[0].ID)
				if _, err := x.Enrol(t.Context(), registrar(), p[0].ID, registry.EnrolmentChange{Programme: "cash", Status: s, ExpectVersion: p[0].VersionNo}); err != nil {
					t.Fatal(err, fields(err))
				}
			}
		}
		for _, home := range homes[:5] {
			p := x.people(t, "Chipo", "Dalia")
			x.addMembers(t, home.ID, as("child", p[0], ""), as("child", p[1], ""))
		}
		s := x.statistics(t)
		for _, c := range []struct {
			size string
			want int64
		}{{"0", 0}, {"1", 0}, {"2-3", 6}, {"4-5", 5}, {"total", 11}} {
			if got := cell(t, s.Groups, "household", c.size); got != (registry.Count{N: c.want}) {
				t.Errorf("households of %s: %+v, want %d", c.size, got, c.want)
			}
		}
		if got := cell(t, s.Programmes, "cash/person", "total"); got != (registry.Count{N: 11}) {
			t.Errorf("all: %+v", got)
		}
		for _, status := range []string{"APPLIED", "ENROLLED", "EXITED"} { // 2, 3, and 6 to cover them
			if got := cell(t, s.Programmes, "cash/person", status); !got.Hidden {
				t.Errorf("%s: %+v is shown", status, got)
			}
		}
		if got := derivable(published(s.Programmes)); len(got) != 0 {
			t.Errorf("can be computed back: %v", got)
		}
	})
}

// Queue ages at their boundaries: n-1, n and n+1.
func TestDaysOfWaiting(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		for range 5 {
			x.register(t, map[string]string{"full_name": "A"})
		}
		passed := time.Duration(0)
		for _, c := range []struct {
			after time.Duration
			want  string
		}{
			{0, "0"}, {24*time.Hour - time.Minute, "0"}, {24 * time.Hour, "1-7"}, {8*24*time.Hour - time.Minute, "1-7"}, {8 * 24 * time.Hour, "8-30"},
			{31*24*time.Hour - time.Minute, "8-30"}, {31 * 24 * time.Hour, "31-90"}, {91*24*time.Hour - time.Minute, "31-90"}, {91 * 24 * time.Hour, "91+"},
		} {
			x.Clock.Add(c.after - passed)
			passed = c.after
			if got := cell(t, x.statistics(t).Queues, "undecided", c.want); got.N != 5 {
				t.Errorf("after %v: %+v in %s", c.after, got, c.want)
			}
		}
	})
}

// Numbers are counted when they are old enough, by one of those who ask.
func TestStatisticsAreAsOfTheirCount(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		_, err := x.Statistics(t.Context(), admin())
		wantFault(t, err, fault.Unavailable, "not_counted_yet")
		for range 5 {
			x.register(t, map[string]string{"full_name": "A", "region": "Coast"})
		}
		first := x.statistics(t)
		for range 5 {
			x.register(t, map[string]string{"full_name": "A", "region": "Coast"})
		}
		x.Clock.Add(59 * time.Minute)
		if counted, err := x.RefreshStatistics(t.Context(), registry.System(), time.Hour); err != nil || counted {
			t.Errorf("counted after 59 minutes: %v", err)
		}
		if s, err := x.Statistics(t.Context(), admin()); err != nil || !s.AsOf.Equal(first.AsOf) || s.People.Total.N != 5 {
			t.Errorf("statistics = %+v, %v", s, err)
		}
		x.Clock.Add(time.Minute)
		var wg sync.WaitGroup
		var counted [3]bool
		for i := range counted {
			wg.Go(func() {
				var err error
				if counted[i], err = x.RefreshStatistics(t.Context(), registry.System(), time.Hour); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := slices.Sorted(slices.Values([]string{fmt.Sprint(counted[0]), fmt.Sprint(counted[1]), fmt.Sprint(counted[2])})); !slices.Equal(n, []string{"false", "false", "true"}) {
			t.Errorf("counted: %v", counted)
		}
		if s, err := x.Statistics(t.Context(), admin()); err != nil || !s.AsOf.Equal(x.Clock.Now()) || s.People.Total.N != 10 {
			t.Errorf("statistics = %+v, %v", s, err)
		}

		for _, a := range []registry.Actor{self(x.register(t, amina()).ID), actor("root")} {
			_, err := x.Statistics(t.Context(), a)
			wantFault(t, err, fault.Forbidden, "not_allowed")
		}
		_, err = x.RefreshStatistics(t.Context(), registrar(), 0)
		wantFault(t, err, fault.Forbidden, "not_allowed")
		reader := admin()
		reader.Scopes = []registry.Scope{registry.ScopeSettingsRead, registry.ScopeStaffRead, registry.ScopePeopleRead}
		_, err = x.RefreshStatistics(t.Context(), reader, 0) // counting is a write
		wantFault(t, err, fault.Forbidden, "insufficient_scope")
	})
}

// TestCountingHoldsNobodyUp: while a count reads, on PostgreSQL it has no number of
// a writing transaction, past which no follower of the change log would see.
func TestCountingHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	x := newFixture(t, dbtest.New(t, "postgres"))
	hold := x.DB.Begin()
	defer hold.Rollback()
	mustFit(t, hold.Exec(`LOCK TABLE enrolment IN ACCESS EXCLUSIVE MODE`).Error)
	done := make(chan error, 1)
	go func() {
		_, err := x.RefreshStatistics(t.Context(), admin(), 0)
		done <- err
	}()
	x.waitForALock(t)
	var writing int
	mustFit(t, x.DB.Raw(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND backend_xid IS NOT NULL`).Scan(&writing).Error)
	if writing != 0 {
		t.Error("the count reads in a writing transaction")
	}
	mustFit(t, hold.Rollback().Error)
	mustFit(t, <-done)
}

// TestACountThatFailsIsMadeUpFor: at once, and the numbers before it stand.
func TestACountThatFailsIsMadeUpFor(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		first := x.statistics(t)
		x.Clock.Add(time.Hour)
		x.exec(t, `ALTER TABLE stat_queue RENAME TO stat_queue_away`)
		if counted, err := x.RefreshStatistics(t.Context(), admin(), time.Hour); err == nil || counted {
			t.Errorf("counted %v, %v", counted, err)
		}
		x.exec(t, `ALTER TABLE stat_queue_away RENAME TO stat_queue`)
		if s, err := x.Statistics(t.Context(), admin()); err != nil || !s.AsOf.Equal(first.AsOf) {
			t.Errorf("as of %v, want %v, %v", s.AsOf, first.AsOf, err)
		}
		if counted, err := x.RefreshStatistics(t.Context(), admin(), time.Hour); err != nil || !counted {
			t.Errorf("counted %v, %v", counted, err)
		}
	})
}
