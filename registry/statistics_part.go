package registry

import (
	"slices"

	"gorm.io/gorm"
)

// The tables of Statistics whose rows count a part of all people or groups. How many
// there are is told elsewhere: so who is in no column of a row is protected as well.

// headRest is the head of who is in no column; it is not told.
const headRest = ""

// stateChanged is the state, in statistics, of a value that differs from the one
// that was decided on.
const stateChanged State = "CHANGED"

// newTableOfParts is newTable for rows that count a part of a whole that is told
// elsewhere. Neither a number nor what is left of the whole follows if it is small. A
// row in which no number could cover a small one is left out.
func newTableOfParts(rows, columns [][]string, numbers []tally, whole func(row []string) int64, least int64) Table {
	parts, largest := map[string]int64{}, map[string]int64{}
	for _, x := range numbers {
		parts[headKey(x.row)] += x.n
		largest[headKey(x.row)] = max(largest[headKey(x.row)], x.n)
	}
	var kept [][]string
	numbers = slices.Clone(numbers)
	for _, row := range rows {
		all, key := whole(row), headKey(row)
		rest := max(0, all-parts[key])
		if all == 0 && parts[key] == 0 || max(largest[key], rest) >= least {
			kept = append(kept, row)
			numbers = append(numbers, tally{row, []string{headRest}, rest})
		}
	}
	t := newTableOfTotals(kept, append(slices.Clone(columns), []string{headRest}), numbers, least)
	t.takeRest()
	return t
}

// takeRest takes the last column out of a table, and out of the totals. A total from
// which a hidden number of the column would follow is hidden.
func (t *Table) takeRest() {
	last := len(t.Columns) - 1
	for r, line := range t.Cells {
		t.Cells[r], t.RowTotals[r] = line[:last], t.RowTotals[r].without(line[last])
	}
	t.Total = t.Total.without(t.ColumnTotals[last])
	t.Columns, t.ColumnTotals = t.Columns[:last], t.ColumnTotals[:last]
}

// without takes a part out of a number.
func (c Count) without(part Count) Count {
	if c.Hidden || part.Hidden {
		return Count{Hidden: true}
	}
	return Count{N: c.N - part.N}
}

// queueTable is queue by days of waiting, of all people. Of a state that is not told
// of some field its queue would tell something: it is left out.
func queueTable(tx *gorm.DB, people int64, untold map[string]bool) (Table, error) {
	rows, err := readCounts(tx, `SELECT queue AS a, days AS b, people FROM stat_queue`)
	if err != nil {
		return Table{}, err
	}
	var numbers []tally
	for _, x := range rows {
		numbers = append(numbers, tally{[]string{x.A}, []string{x.B}, x.People})
	}
	var heads [][]string
	for _, q := range []struct {
		queue  Queue
		states []State // of a value of who waits there
	}{
		{QueueUndecided, []State{StateNew}}, {QueueChanged, []State{stateChanged}}, {QueueRejected, []State{StateRejected}},
		{QueueExpired, []State{StateExpired}}, {QueueProposed, []State{StateNew}}, {QueueOverdue, []State{StateNew, stateChanged}},
	} {
		if !slices.ContainsFunc(q.states, func(s State) bool { return untold[string(s)] }) {
			heads = append(heads, []string{string(q.queue)})
		}
	}
	all := func([]string) int64 { return people }
	t := newTableOfParts(heads, [][]string{{"0"}, {"1-7"}, {"8-30"}, {"31-90"}, {"91+"}}, numbers, all, MinimumCell)
	t.RowNames, t.ColumnNames = []string{"queue"}, []string{"days"}
	return t, nil
}

// programmeTable is programme and kind by status, of all active people and groups.
func programmeTable(tx *gorm.DB, people int64) (Table, error) {
	rows, err := readCounts(tx, `SELECT programme AS a, kind AS b, status AS c, people FROM stat_programme`)
	if err != nil {
		return Table{}, err
	}
	groups, err := readCounts(tx, `SELECT kind AS a, sum(people) AS people FROM stat_group GROUP BY kind`)
	if err != nil {
		return Table{}, err
	}
	wholes := map[string]int64{PersonKind: people}
	for _, x := range groups {
		wholes[x.A] = x.People
	}
	var heads, columns [][]string
	var numbers []tally
	for _, x := range rows {
		heads = append(heads, []string{x.A, x.B})
		numbers = append(numbers, tally{[]string{x.A, x.B}, []string{x.C}, x.People})
	}
	for _, s := range EnrolmentStatuses() {
		columns = append(columns, []string{string(s)})
	}
	t := newTableOfParts(sortedHeads(heads), columns, numbers, func(row []string) int64 { return wholes[row[1]] }, MinimumCell)
	t.RowNames, t.ColumnNames = []string{"programme", "kind"}, []string{"status"}
	return t, nil
}
