package registry_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/dbtest"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// Each change of parents stands in the change log of everybody concerned, with
// what was there before.
func TestParentsAreNotedInEveryLog(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		child, one, two, three := x.born(t, "C", "2010-01-01"), x.born(t, "One", "1980-01-01"), x.born(t, "Two", "1980-01-01"), x.born(t, "Three", "1980-01-01")
		set := func(parent1, parent2 uuid.UUID, adopted bool) {
			t.Helper()
			mustFit(t, x.setParents(t, child.ID, registry.ParentsChange{Parent1: parent1, Parent2: parent2, IsAdopted: adopted, Reason: "certificate"}))
		}
		set(one.ID, uuid.Nil, false)
		set(one.ID, uuid.Nil, false) // nothing changes
		set(one.ID, two.ID, false)
		set(two.ID, one.ID, false)
		set(two.ID, three.ID, true)
		set(uuid.Nil, uuid.Nil, false)
		c, n1, n2, n3 := child.Number, one.Number, two.Number, three.Number
		for _, tc := range []struct {
			who  registry.Person
			want []string
		}{
			{child, []string{"parent1:  > " + n1, "parent2:  > " + n2, "parent1: " + n1 + " > " + n2, "parent2: " + n2 + " > " + n1,
				"parent1: " + n2 + " > " + n2 + ", adopted", "parent2: " + n1 + " > " + n3 + ", adopted",
				"parent1: " + n2 + ", adopted >", "parent2: " + n3 + ", adopted >"}},
			{one, []string{"child:  > " + c, "child: " + c + " >"}},
			{two, []string{"child:  > " + c, "child: " + c + " > " + c + ", adopted", "child: " + c + ", adopted >"}},
			{three, []string{"child:  > " + c + ", adopted", "child: " + c + ", adopted >"}},
		} {
			if got := x.ties(t, admin(), tc.who.ID); !slices.Equal(got, tc.want) {
				t.Errorf("%s:\n%q\nwant\n%q", tc.who.Number, got, tc.want)
			}
		}
		if x.count(t, "parentage") != 0 {
			t.Error("a row without parents is left")
		}
		x.unbroken(t, child, one, two, three)
	})
}

func TestParentsAreChecked(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		child, mother, spouse, former := x.born(t, "C", "2000-06-15"), x.born(t, "M", "1970-01-01"), x.born(t, "S", ""), x.born(t, "F", "1950-01-01")
		inLaw := x.born(t, "L", "1960-01-01")
		ctx, a := t.Context(), registrar()
		_, err := x.AddSpouse(ctx, a, spouse.ID, registry.SpouseChange{Spouse: child.ID, Marriage: registry.Marriage{IsMarried: true}})
		mustFit(t, err)
		_, err = x.AddSpouse(ctx, a, child.ID, registry.SpouseChange{Spouse: former.ID, Marriage: registry.Marriage{IsSeparated: true}})
		mustFit(t, err)
		mustFit(t, x.setParents(t, spouse.ID, registry.ParentsChange{Parent2: inLaw.ID}))
		written := x.count(t, "change_log")
		for _, tc := range []struct {
			c    registry.ParentsChange
			want string
		}{
			{registry.ParentsChange{Parent1: child.ID}, "parent1_id:self"},
			{registry.ParentsChange{Parent1: mother.ID, Parent2: child.ID}, "parent2_id:self"},
			{registry.ParentsChange{Parent1: mother.ID, Parent2: mother.ID}, "parent2_id:same_parent"},
			{registry.ParentsChange{IsAdopted: true}, "is_adopted:no_parents"},
			{registry.ParentsChange{Parent1: mother.ID, AgeReason: "a\nb"}, "age_reason:control_character"},
			{registry.ParentsChange{Parent1: mother.ID, AgeReason: strings.Repeat("é", 501)}, "age_reason:too_long"},
			{registry.ParentsChange{Parent1: spouse.ID}, "parent1_id:parent_is_spouse"},
			{registry.ParentsChange{Parent2: former.ID}, "parent2_id:parent_is_spouse"},
			{registry.ParentsChange{Parent1: inLaw.ID}, "parent1_id:spouses_become_siblings"},
			{registry.ParentsChange{Parent1: spouse.ID, Parent2: inLaw.ID}, "parent1_id:parent_is_spouse parent2_id:spouses_become_siblings"},
		} {
			err := x.setParents(t, child.ID, tc.c)
			wantFault(t, err, fault.Invalid, "invalid_kinship")
			if got := strings.Join(fields(err), " "); got != tc.want {
				t.Errorf("%+v: %s, want %s", tc.c, got, tc.want)
			}
		}
		if x.count(t, "change_log") != written || x.kinship(t, child.ID).Parent1 != nil {
			t.Error("something was written")
		}
	})
}

// A parent who is younger than the child, or not the configured number of years
// older, needs a reason; the reason is in the child's change log, sealed.
func TestAYoungParentNeedsAReason(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		strict := x.withRules(t, registry.KinshipRules{ParentAge: 15})
		for _, tc := range []struct {
			on    *fixture
			birth string // of the parent of a child of 2000-06-15
			want  string
		}{
			{x, "1988-06-15", ""}, {x, "1988-06-16", "parent1_id:parent_too_young"}, {x, "1988-06-14", ""}, {x, "2000-06-15", "parent1_id:parent_too_young"},
			{x, "2010-01-01", "parent1_id:parent_too_young"}, {x, "", ""},
			{strict, "1985-06-15", ""}, {strict, "1985-06-16", "parent1_id:parent_too_young"},
		} {
			child, parent := x.born(t, "C", "2000-06-15"), x.born(t, "P", tc.birth)
			for _, reason := range []string{"", " "} {
				err := tc.on.setParents(t, child.ID, registry.ParentsChange{Parent1: parent.ID, AgeReason: reason})
				if got := strings.Join(fields(err), " "); got != tc.want {
					t.Errorf("born %s: %v, want %q", tc.birth, err, tc.want)
				}
			}
			if tc.want == "" {
				continue
			}
			const why = "her birth date is estimated"
			mustFit(t, tc.on.setParents(t, child.ID, registry.ParentsChange{Parent1: parent.ID, AgeReason: why}))
			log, err := x.History(t.Context(), admin(), child.ID)
			if err != nil || log[1].Changes[0].Comment != why {
				t.Errorf("log = %+v, %v", log, err)
			}
			mustFit(t, tc.on.setParents(t, child.ID, registry.ParentsChange{Parent1: parent.ID, IsAdopted: true})) // who is there already needs no reason again
		}
		unborn, parent := x.born(t, "U", ""), x.born(t, "P", "2020-01-01")
		mustFit(t, x.setParents(t, unborn.ID, registry.ParentsChange{Parent1: parent.ID}))
	})
}

func TestNobodyIsTheirOwnAncestor(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		var line []registry.Person // each the parent of the next
		for i := range 6 {
			line = append(line, x.born(t, fmt.Sprint("G", i), ""))
			if i > 0 {
				c := registry.ParentsChange{Parent1: line[i-1].ID}
				if i%2 == 0 {
					c = registry.ParentsChange{Parent2: line[i-1].ID}
				}
				mustFit(t, x.setParents(t, line[i].ID, c))
			}
		}
		other := x.born(t, "Other", "")
		for _, below := range line[1:] {
			err := x.setParents(t, line[0].ID, registry.ParentsChange{Parent1: other.ID, Parent2: below.ID})
			wantFault(t, err, fault.Invalid, "invalid_kinship")
			if got := fields(err); !slices.Equal(got, []string{"parent2_id:descendant_as_parent"}) {
				t.Errorf("fields = %v", got)
			}
		}
		mustFit(t, x.setParents(t, line[5].ID, registry.ParentsChange{Parent1: line[4].ID, Parent2: line[0].ID})) // an ancestor twice is no cycle
		mustFit(t, x.setParents(t, line[3].ID, registry.ParentsChange{}))
		mustFit(t, x.setParents(t, line[0].ID, registry.ParentsChange{Parent1: line[3].ID, AgeReason: "unknown"})) // the line is cut now
		err := x.setParents(t, line[3].ID, registry.ParentsChange{Parent1: line[2].ID})
		wantFault(t, err, fault.Invalid, "invalid_kinship")
	})
}

// Ancestors are walked up to a bound; beyond it nothing is claimed, and nothing
// is written.
func TestAncestorsHaveABound(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		child, parent := x.born(t, "C", ""), x.born(t, "P", "")
		line := append([]uuid.UUID{parent.ID}, x.copies(t, registry.MaxAncestors)...)
		x.heap(t, line[:registry.MaxAncestors])
		mustFit(t, x.setParents(t, child.ID, registry.ParentsChange{Parent1: parent.ID}))
		mustFit(t, x.setParents(t, child.ID, registry.ParentsChange{}))

		x.heap(t, []uuid.UUID{line[registry.MaxAncestors-1], line[registry.MaxAncestors]})
		err := x.setParents(t, child.ID, registry.ParentsChange{Parent1: parent.ID})
		wantFault(t, err, fault.Invalid, "too_many_ancestors")
		if x.kinship(t, child.ID).Parent1 != nil {
			t.Error("something was written")
		}
	})
}

// descend makes each of some people a child of the next.
func (x *fixture) descend(t *testing.T, people []uuid.UUID) {
	t.Helper()
	var rows []string
	for i, parent := range people[1:] {
		rows = append(rows, parentsRow(people[i], parent))
	}
	x.insertParents(t, rows)
}

// heap makes the parents of person i those at 2i+1 and 2i+2, as far as they go.
func (x *fixture) heap(t *testing.T, people []uuid.UUID) {
	t.Helper()
	var rows []string
	for i := 0; 2*i+1 < len(people); i++ {
		rows = append(rows, parentsRow(people[i], people[2*i+1:min(2*i+3, len(people))]...))
	}
	x.insertParents(t, rows)
}

// parentsRow writes one or two parents as a row of SQL.
func parentsRow(child uuid.UUID, parents ...uuid.UUID) string {
	second := "NULL"
	if len(parents) > 1 {
		second = "'" + parents[1].String() + "'"
	}
	return fmt.Sprintf("('%s', '%s', %s, false, '2026-01-01T00:00:00.000000Z')", child, parents[0], second)
}

// insertParents writes rows past the registry, as nobody may.
func (x *fixture) insertParents(t *testing.T, rows []string) {
	t.Helper()
	x.exec(t, `INSERT INTO parentage (registrant_id, parent1_id, parent2_id, is_adopted, recorded_at) VALUES `+strings.Join(rows, ", "))
}

// copies makes n people out of one, without keys and change logs of their own.
func (x *fixture) copies(t *testing.T, n int) []uuid.UUID {
	t.Helper()
	const columns = `kind, status, version_no, latest_no, full_name_norm, extra, enc, times, vhash, hash_key_id, chain_head, chain_no, created_at, updated_at`
	p := x.born(t, "Model", "")
	out, values := make([]uuid.UUID, n), make([]string, n)
	for i := range out {
		out[i] = uuid.New()
		values[i] = fmt.Sprintf("('%s', 'COPY-%d')", out[i], i)
	}
	uuidType := map[string]string{"postgres": "uuid", "sqlite": "text"}[x.DB.Dialect.Name()]
	x.exec(t, `WITH made (id, number) AS (VALUES `+strings.Join(values, ", ")+`)
		INSERT INTO registrant (id, number, `+columns+`) SELECT CAST(made.id AS `+uuidType+`), made.number, `+columns+` FROM registrant r, made WHERE r.id = ?`, p.ID)
	return out
}

// Two changes at once that would make a cycle together: each looks harmless to
// the other. One of them is refused, whichever way they meet. The lines are long,
// so that both are still walking up when either writes.
func TestTwoAtOnceMakeNoCycle(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		const rounds, between = 6, 20
		people := x.copies(t, 2*rounds*between)
		for round := range rounds {
			a, b, c, d := x.born(t, "A", ""), x.born(t, "B", ""), x.born(t, "C", ""), x.born(t, "D", "")
			x.descend(t, append(append([]uuid.UUID{b.ID}, people[:between]...), c.ID))
			x.descend(t, append(append([]uuid.UUID{d.ID}, people[between:2*between]...), a.ID))
			people = people[2*between:]
			seen := map[uuid.UUID]int64{a.ID: x.kinship(t, a.ID).ChainNo, c.ID: x.kinship(t, c.ID).ChainNo}
			errs := make([]error, 2)
			var ready, done sync.WaitGroup
			ready.Add(2)
			for i, who := range []struct{ child, parent uuid.UUID }{{a.ID, b.ID}, {c.ID, d.ID}} {
				done.Go(func() {
					ready.Done()
					ready.Wait()
					_, errs[i] = x.SetParents(t.Context(), registrar(), who.child, registry.ParentsChange{Parent1: who.parent, Expect: seen[who.child]})
				})
			}
			done.Wait()
			refused := slices.DeleteFunc(slices.Clone(errs), func(err error) bool { return err == nil })
			if len(refused) != 1 {
				t.Fatalf("round %d: %v; one must be refused", round, errs)
			}
			wantFault(t, refused[0], fault.Invalid, "invalid_kinship")
			if got := fields(refused[0]); !slices.Equal(got, []string{"parent1_id:descendant_as_parent"}) {
				t.Errorf("fields = %v", got)
			}
			x.unbroken(t, a, b, c, d)
		}
	})
}

// The same, without luck: while another transaction gives somebody on the way up
// a parent, a change waits, and then sees it.
func TestAChangeWaitsForTheAncestors(t *testing.T) {
	t.Parallel()
	x := newFixture(t, dbtest.New(t, "postgres"))
	a, b, c, d := x.born(t, "A", ""), x.born(t, "B", ""), x.born(t, "C", ""), x.born(t, "D", "")
	mustFit(t, x.setParents(t, b.ID, registry.ParentsChange{Parent1: c.ID}))
	mustFit(t, x.setParents(t, d.ID, registry.ParentsChange{Parent1: a.ID}))
	seen := x.kinship(t, a.ID).ChainNo

	other, err := x.DB.SQL.BeginTx(t.Context(), nil)
	mustFit(t, err)
	defer other.Rollback()
	_, err = other.Exec(`SELECT id FROM registrant WHERE id = $1 FOR UPDATE`, c.ID)
	mustFit(t, err)
	_, err = other.Exec(`INSERT INTO parentage (registrant_id, parent1_id, is_adopted, recorded_at) VALUES ($1, $2, false, now())`, c.ID, d.ID)
	mustFit(t, err)

	answer := make(chan error, 1)
	go func() {
		_, err := x.SetParents(context.Background(), registrar(), a.ID, registry.ParentsChange{Parent1: b.ID, Expect: seen})
		answer <- err
	}()
	x.waitForALock(t)
	mustFit(t, other.Commit())
	err = <-answer
	wantFault(t, err, fault.Invalid, "invalid_kinship")
	if got := fields(err); !slices.Equal(got, []string{"parent1_id:descendant_as_parent"}) {
		t.Errorf("fields = %v", got)
	}
}

// waitForALock returns when a transaction of this database waits for another one.
func (x *fixture) waitForALock(t *testing.T) {
	t.Helper()
	for range 10_000 {
		var n int
		err := x.DB.Raw(`SELECT count(*) FROM pg_sleep(0.001), pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n).Error
		mustFit(t, err)
		if n > 0 {
			return
		}
	}
	t.Fatal("nothing waits")
}
