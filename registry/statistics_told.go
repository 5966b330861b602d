package registry

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"socialregistry/registry/disclosure"
)

// AreaTables are the numbers of an area and of its parts. Parts of few people stand
// together as "(other)", and "(itself)" is who lies in the area and in none of its
// parts. What may not be told is hidden; of an area of few people all is.
type AreaTables struct {
	Areas    Table // part by people and kinds of groups; the totals of the columns are the area's own numbers
	Attested Table // field and part by month: people with an attested value; the part "(all)" is the area
}

// AreaStatistics are numbers of one area as of one moment.
type AreaStatistics struct {
	AsOf        time.Time
	MinimumCell int
	Area        string // code
	AreaTables
}

// AreaStatistics gives the numbers of an area by the last count: to whoever has a
// role that holds in all of it, without those of fields that the actor may not
// see. It returns NotFound "no_such_area", Unavailable "not_counted_yet", or
// Forbidden, for other areas than the actor's "outside_area".
func (r *Registry) AreaStatistics(ctx context.Context, a Actor, code string) (AreaStatistics, error) {
	if err := a.checkWithin(toReadStats); err != nil {
		return AreaStatistics{}, err
	}
	out := AreaStatistics{MinimumCell: MinimumCell, Area: code}
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		area, err := readArea(tx, code, "")
		if err != nil {
			return err
		}
		if !a.to(toReadStats).holdsInAllOf(pathCodes(area.Path)) {
			return errOutsideArea()
		}
		if out.AsOf, err = statisticsTime(tx); err != nil {
			return err
		}
		hidden, err := r.hiddenFrom(tx, a)
		if err != nil {
			return err
		}
		out.AreaTables, err = r.areaTables(tx, code, out.AsOf, hidden)
		return err
	})
	return out, err
}

// holdsInAllOf tells whether a role holds for everybody and every group in an
// area; above are the codes of it and of those above it.
func (who access) holdsInAllOf(above []string) bool {
	return slices.ContainsFunc(who.staff(), func(g Grant) bool {
		return g.Kind == "" && (g.Area == "" || slices.Contains(above, g.Area))
	})
}

// areaToldRow is a row of stat_area.
type areaToldRow struct {
	Told column[disclosure.Told] `gorm:"column:told"`
}

// areaTables are the numbers of an area, "" for the registry as a whole, without
// the fields that are hidden.
func (r *Registry) areaTables(tx *gorm.DB, code string, asOf time.Time, hidden map[string]bool) (AreaTables, error) {
	fields, err := r.fieldSet(tx)
	if err != nil {
		return AreaTables{}, err
	}
	var rows []areaToldRow
	if err := tx.Raw(`SELECT told FROM stat_area WHERE area = ?`, code).Scan(&rows).Error; err != nil {
		return AreaTables{}, fmt.Errorf("read the statistics of an area: %w", err)
	}
	if len(rows) == 0 {
		return AreaTables{Areas: areaTable(nil), Attested: attestedTable(disclosure.Told{}, nil, asOf)}, nil
	}
	told := rows[0].Told.V
	of := without(hidden, told.All.Attested)
	keys := slices.SortedFunc(maps.Keys(of), func(x, y string) int { return fields.position(x) - fields.position(y) })
	return AreaTables{Areas: areaTable(&told), Attested: attestedTable(told, keys, asOf)}, nil
}

// areaTable is part by what is counted; nil: nothing is told.
func areaTable(told *disclosure.Told) Table {
	all := disclosure.Numbers{}
	var heads [][]string
	var blocks []disclosure.Block
	if told != nil {
		all, blocks = told.All, told.Blocks
	}
	for _, b := range blocks {
		heads = append(heads, []string{b.Code})
	}
	columns := [][]string{{"people"}}
	for _, kind := range slices.Sorted(maps.Keys(all.Groups)) {
		columns = append(columns, []string{kind})
	}
	t := hiddenTable(heads, columns)
	t.RowNames, t.ColumnNames = []string{"area"}, []string{"count"}
	if told == nil {
		return t
	}
	for r, b := range blocks {
		t.Cells[r] = countLine(b.Numbers, columns)
	}
	t.ColumnTotals = countLine(all, columns)
	return t
}

func countLine(n disclosure.Numbers, columns [][]string) []Count {
	line := []Count{{N: n.People}}
	for _, kind := range columns[1:] {
		groups, told := n.Groups[kind[0]]
		line = append(line, Count{N: groups, Hidden: !told})
	}
	return line
}

// attestedTable is field and part by month, the area itself first.
func attestedTable(told disclosure.Told, keys []string, asOf time.Time) Table {
	lines := append([]disclosure.Block{{Code: headAll, Numbers: told.All}}, told.Blocks...)
	var heads [][]string
	for _, key := range keys {
		for _, b := range lines {
			heads = append(heads, []string{key, b.Code})
		}
	}
	t := hiddenTable(heads, monthColumns(asOf))
	t.RowNames, t.ColumnNames = []string{"field", "area"}, []string{"month"}
	for r, head := range heads {
		field, ok := lines[r%len(lines)].Numbers.Attested[head[0]]
		if !ok {
			continue
		}
		t.RowTotals[r] = Count{N: field.All}
		for c, month := range t.Columns {
			if n, shown := field.Months[month[0]]; shown {
				t.Cells[r][c] = Count{N: n}
			}
		}
	}
	return t
}

// hiddenTable is a table of which nothing is shown.
func hiddenTable(rows, columns [][]string) Table {
	line := func(n int) []Count { return slices.Repeat([]Count{{Hidden: true}}, n) }
	t := Table{Rows: rows, Columns: columns, RowTotals: line(len(rows)), ColumnTotals: line(len(columns)), Total: Count{Hidden: true}}
	for range rows {
		t.Cells = append(t.Cells, line(len(columns)))
	}
	return t
}

// withoutRows takes rows out, and with them the totals from which they could be
// computed: what is left is part of what others are told.
func (t *Table) withoutRows(out func(head []string) bool) {
	var kept []int
	for r, head := range t.Rows {
		if !out(head) {
			kept = append(kept, r)
		}
	}
	if len(kept) == len(t.Rows) {
		return
	}
	left := hiddenTable(make([][]string, len(kept)), t.Columns)
	left.RowNames, left.ColumnNames = t.RowNames, t.ColumnNames
	for i, r := range kept {
		left.Rows[i], left.Cells[i], left.RowTotals[i] = t.Rows[r], t.Cells[r], t.RowTotals[r]
	}
	*t = left
}
