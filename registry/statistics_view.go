package registry

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"socialregistry/registry/disclosure"
)

// The tables of Statistics, each read from one table of counts.

// decisionMonths is how many months of decisions are told apart.
const decisionMonths = 12

// Heads of the statistics that are not dates or values of fields.
const (
	headUnknown = "unknown" // no value, or one that has no head of its own
	headEarlier = "earlier" // before the months that are told apart
	headNone    = "none"    // no decision, so no month
)

// counted is a number of people, or groups, under up to three heads.
type counted struct {
	Area    string // where their records lie, in a view
	A, B, C string
	People  int64
}

func readCounts(tx *gorm.DB, sql string, args ...any) ([]counted, error) {
	var rows []counted
	if err := tx.Raw(sql, args...).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read statistics: %w", err)
	}
	return rows, nil
}

// peopleTable is area by sex and age band. The areas are the blocks of
// disclosure, so the totals of its rows are told beside it.
func peopleTable(tx *gorm.DB) (Table, error) {
	rows, err := readCounts(tx, `SELECT area AS a, sex AS b, age_band AS c, people FROM stat_registrant WHERE status = ?`, statusActive)
	if err != nil {
		return Table{}, err
	}
	columns := peopleColumns()
	numbers, apart := coverable(rows)
	var heads [][]string
	for _, x := range numbers {
		heads = append(heads, x.row)
	}
	t := newTableOfTotals(sortedHeads(heads), columns, numbers, MinimumCell)
	if !apart {
		total := t.Total
		t = hiddenTable(nil, columns)
		t.Total = total
	}
	t.RowNames, t.ColumnNames = []string{"area"}, []string{"sex", "age_band"}
	return t, nil
}

func peopleColumns() (columns [][]string) {
	for _, sex := range []string{"female", "male", "other", headUnknown} {
		for _, band := range AgeBands() { // as the view stat_registrant_now says them
			columns = append(columns, []string{sex, string(band)})
		}
	}
	return columns
}

// coverable puts the rows together in which no number could cover a small one: all
// of theirs are small. apart tells whether any row is left that has another.
func coverable(rows []counted) (numbers []tally, apart bool) {
	for {
		cells, sizes, largest := map[[3]string]int64{}, map[string]int64{}, map[string]int64{}
		for _, x := range rows {
			cells[[3]string{x.A, x.B, x.C}] += x.People
			sizes[x.A] += x.People
		}
		for at, n := range cells {
			largest[at[0]] = max(largest[at[0]], n)
		}
		weak := map[string]bool{}
		for head, n := range largest {
			weak[head] = n < MinimumCell
		}
		if smallest := smallestHead(sizes); weak[disclosure.Other] && smallest != "" {
			weak[smallest] = true
		}
		joined := false
		for i := range rows {
			if rows[i].A != disclosure.Other && weak[rows[i].A] {
				rows[i].A, joined = disclosure.Other, true
			}
		}
		if joined {
			continue
		}
		for at, n := range cells {
			numbers = append(numbers, tally{[]string{at[0]}, []string{at[1], at[2]}, n})
		}
		return numbers, !weak[disclosure.Other]
	}
}

// smallestHead is the row of the fewest people, but for the other ones; "": none.
func smallestHead(sizes map[string]int64) string {
	found := ""
	for _, head := range slices.Sorted(maps.Keys(sizes)) {
		if head != disclosure.Other && (found == "" || sizes[head] < sizes[found]) {
			found = head
		}
	}
	return found
}

// attestationTable is field and state by month, the newest last, and the states
// that are not told of some field. people is how many there are, which is told
// elsewhere: see statesTold.
func (r *Registry) attestationTable(tx *gorm.DB, asOf time.Time, people int64) (Table, map[string]bool, error) {
	fields, err := r.fieldSet(tx)
	if err != nil {
		return Table{}, nil, err
	}
	rows, err := readCounts(tx, `SELECT d.key AS area, s.state AS a, s.month AS b, s.people FROM stat_attestation s JOIN field_definition d ON d.no = s.field`)
	if err != nil {
		return Table{}, nil, err
	}
	states, untold := map[string][]counted{}, map[string]bool{}
	for _, x := range rows {
		if x.B != headNone {
			x.B = monthHead(x.B, asOf)
		}
		states[x.Area] = append(states[x.Area], x)
	}
	var heads [][]string
	var numbers []tally
	for key, of := range states {
		told := statesTold(of, people)
		for _, state := range statesUntold(of, told) {
			untold[state] = true
		}
		for _, x := range told {
			x.row = []string{key, x.row[0]}
			heads, numbers = append(heads, x.row), append(numbers, x)
		}
	}
	columns := append([][]string{{headNone}}, monthColumns(asOf)...)
	heads = sortedHeads(heads)
	slices.SortStableFunc(heads, func(x, y []string) int { return fields.position(x[0]) - fields.position(y[0]) })
	t := newTableOfTotals(heads, columns, numbers, MinimumCell)
	t.RowNames, t.ColumnNames = []string{"field", "state"}, []string{"month"}
	return t, untold, nil
}

// statesTold are the states of one field by month, those of few people together.
// Everybody is in one state of the field or has no value, so a small number would
// follow from the others and from people, the number of all: who has no value
// counts among what stands together, and is else left out.
func statesTold(states []counted, people int64) (told []tally) {
	states, rest := slices.Clone(states), people
	for _, x := range states {
		rest -= x.People
	}
	if rest > 0 {
		states = append(states, counted{A: headNone, B: headNone, People: rest})
	}
	numbers, apart := coverable(states)
	for _, x := range numbers {
		if apart && x.row[0] != headNone {
			told = append(told, tally{x.row, x.column[:1], x.n})
		}
	}
	return told
}

// statesUntold are the states of one field that are not told by themselves. NEW
// alone is not among them: nobody has decided on who stands together then.
func statesUntold(states []counted, told []tally) []string {
	untold := map[string]bool{}
	for _, x := range states {
		untold[x.A] = true
	}
	for _, x := range told {
		delete(untold, x.row[0])
	}
	if len(untold) == 1 && untold[string(StateNew)] {
		return nil
	}
	return slices.Collect(maps.Keys(untold))
}

// activePeople is how many people were counted.
func activePeople(tx *gorm.DB) (n int64, err error) {
	err = tx.Raw(`SELECT coalesce(sum(people), 0) FROM stat_registrant WHERE status = ?`, statusActive).Scan(&n).Error
	if err != nil {
		return 0, fmt.Errorf("read the number of people: %w", err)
	}
	return n, nil
}

// monthColumns are the heads of months, the newest last.
func monthColumns(asOf time.Time) [][]string {
	columns := [][]string{{headEarlier}}
	for i := decisionMonths - 1; i >= 0; i-- {
		columns = append(columns, []string{monthBefore(asOf, i)})
	}
	return columns
}

func monthBefore(asOf time.Time, months int) string {
	return time.Date(asOf.Year(), asOf.Month()-time.Month(months), 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
}

// monthHead is the head under which a month is told.
func monthHead(month string, asOf time.Time) string {
	if month < monthBefore(asOf, decisionMonths-1) {
		return headEarlier
	}
	return month
}

// position is where a field stands among all, the last place for one that is not
// there.
func (s *fieldSet) position(key string) int {
	if i := slices.IndexFunc(s.list, func(def *fieldDef) bool { return def.Key == key }); i >= 0 {
		return i
	}
	return len(s.list)
}

// groupTable is kind by size.
func groupTable(tx *gorm.DB) (Table, error) {
	rows, err := readCounts(tx, `SELECT kind AS a, size AS b, people FROM stat_group`)
	if err != nil {
		return Table{}, err
	}
	var heads [][]string
	var numbers []tally
	for _, x := range rows {
		heads = append(heads, []string{x.A})
		numbers = append(numbers, tally{[]string{x.A}, []string{x.B}, x.People})
	}
	t := newTable(sortedHeads(heads), [][]string{{"0"}, {"1"}, {"2-3"}, {"4-5"}, {"6-9"}, {"10+"}}, numbers, MinimumCell)
	t.RowNames, t.ColumnNames = []string{"kind"}, []string{"size"}
	return t, nil
}

// sortedHeads gives every head once, in the order of their texts.
func sortedHeads(heads [][]string) [][]string {
	compare := func(x, y []string) int { return strings.Compare(headKey(x), headKey(y)) }
	slices.SortFunc(heads, compare)
	return slices.CompactFunc(heads, func(x, y []string) bool { return compare(x, y) == 0 })
}
