package registry

// Table is a cross table of numbers of people that may be shown to whoever may
// read statistics. Nobody can tell from it how many people there are in a cell
// with fewer than the minimum: such a cell is hidden, and with it others, so that
// it cannot be computed back from the totals either.
type Table struct {
	RowNames     []string   // what the parts of a row's head are: "region"
	ColumnNames  []string   // "sex", "age_band"
	Rows         [][]string // heads: one text per name
	Columns      [][]string
	Cells        [][]Count // [row][column]
	RowTotals    []Count
	ColumnTotals []Count
	Total        Count
}

// Count is a number of people, or the fact that it is not shown.
type Count struct {
	N      int64 // 0 when hidden
	Hidden bool
}

// tally is a number of people under two heads.
type tally struct {
	row, column []string
	n           int64
}

// newTable arranges numbers under heads, in the order of the heads, and hides
// what is below least. A number under a head that is not there is left out.
func newTable(rows, columns [][]string, numbers []tally, least int64) Table {
	g := arrange(rows, columns, numbers)
	g.protect(least)
	return g.table(rows, columns)
}

// newTableOfTotals is newTable for rows whose totals are told elsewhere: none is
// hidden. Every row has a number of at least least, or nothing.
func newTableOfTotals(rows, columns [][]string, numbers []tally, least int64) Table {
	g := arrange(rows, columns, numbers)
	g.keepRowTotals = true
	g.protect(least)
	return g.table(rows, columns)
}

func arrange(rows, columns [][]string, numbers []tally) *grid {
	g := newGrid(len(rows), len(columns))
	rowOf, columnOf := positions(rows), positions(columns)
	for _, x := range numbers {
		r, inRows := rowOf[headKey(x.row)]
		c, inColumns := columnOf[headKey(x.column)]
		if inRows && inColumns {
			g.add(r, c, x.n)
		}
	}
	return g
}

func positions(heads [][]string) map[string]int {
	out := make(map[string]int, len(heads))
	for i, h := range heads {
		out[headKey(h)] = i
	}
	return out
}

func headKey(head []string) string {
	key := ""
	for _, part := range head {
		key += part + "\x00"
	}
	return key
}

// grid is the numbers of a table. Its last line and its last column are totals.
type grid struct {
	n             [][]int64
	hidden        [][]bool
	keepRowTotals bool // the last column is known, and covers nothing
}

func newGrid(rows, columns int) *grid {
	g := &grid{n: make([][]int64, rows+1), hidden: make([][]bool, rows+1)}
	for i := range g.n {
		g.n[i], g.hidden[i] = make([]int64, columns+1), make([]bool, columns+1)
	}
	return g
}

func (g *grid) add(r, c int, n int64) {
	lastRow, lastColumn := len(g.n)-1, len(g.n[0])-1
	g.n[r][c] += n
	g.n[r][lastColumn] += n
	g.n[lastRow][c] += n
	g.n[lastRow][lastColumn] += n
}

// protect hides every number from 1 to least-1, totals too, and covers each. A
// zero is shown: it speaks of nobody.
func (g *grid) protect(least int64) {
	type cell struct{ r, c int }
	var small []cell
	for r := range g.n {
		for c, n := range g.n[r] {
			if n > 0 && n < least {
				g.hidden[r][c] = true
				small = append(small, cell{r, c})
			}
		}
	}
	for _, s := range small {
		g.cover(s.r, s.c, least)
	}
}

// cover hides the other corners of one rectangle around a small number. Along a
// rectangle of hidden numbers people can be moved, one more here and one fewer
// there, and every total stays: so the small number could be another one. The
// corners that lose people when it grows hold at least least, so that it could
// even be one that is not small. Of all such rectangles the one is taken that
// hides the fewest people. There always is one: over the two totals and the total
// of both, where nothing loses people; or, where the totals of rows are known, over
// the totals of columns and a number of the same row that is not small.
func (g *grid) cover(r, c int, least int64) {
	bestRow, bestColumn, best := -1, -1, int64(-1)
	for r2 := range g.n {
		for c2 := range g.n[r2] {
			if r2 == r || c2 == c || g.keepRowTotals && c2 == len(g.n[0])-1 {
				continue
			}
			if cost, ok := g.cost(r, c, r2, c2, least); ok && (best < 0 || cost < best) {
				bestRow, bestColumn, best = r2, c2, cost
			}
		}
	}
	if best >= 0 {
		g.hidden[r][bestColumn], g.hidden[bestRow][c], g.hidden[bestRow][bestColumn] = true, true, true
	}
}

// cost is the number of people in the corners that a rectangle would newly hide.
// ok tells whether it covers (r, c).
func (g *grid) cost(r, c, r2, c2 int, least int64) (cost int64, ok bool) {
	// A number and its total grow together; two numbers of one total do not.
	lastRow, lastColumn := len(g.n)-1, len(g.n[0])-1
	rowsTogether, columnsTogether := r == lastRow || r2 == lastRow, c == lastColumn || c2 == lastColumn
	for _, corner := range [3]struct {
		r, c  int
		grows bool
	}{{r, c2, columnsTogether}, {r2, c, rowsTogether}, {r2, c2, rowsTogether == columnsTogether}} {
		n := g.n[corner.r][corner.c]
		if n == 0 || !corner.grows && n < least {
			return 0, false
		}
		if !g.hidden[corner.r][corner.c] {
			cost += n
		}
	}
	return cost, true
}

func (g *grid) table(rows, columns [][]string) Table {
	t := Table{Rows: rows, Columns: columns, Cells: make([][]Count, len(rows)), RowTotals: make([]Count, len(rows))}
	for r := range rows {
		line := g.counts(r)
		t.Cells[r], t.RowTotals[r] = line[:len(columns)], line[len(columns)]
	}
	totals := g.counts(len(rows))
	t.ColumnTotals, t.Total = totals[:len(columns)], totals[len(columns)]
	return t
}

func (g *grid) counts(r int) []Count {
	line := make([]Count, len(g.n[r]))
	for c, n := range g.n[r] {
		if line[c].Hidden = g.hidden[r][c]; !line[c].Hidden {
			line[c].N = n
		}
	}
	return line
}
