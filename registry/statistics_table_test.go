package registry_test

import (
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"socialregistry/registry"
)

// published is a table as its readers see it, totals in the last line and column.
func published(t registry.Table) [][]registry.Count {
	var out [][]registry.Count
	for r, line := range t.Cells {
		out = append(out, append(append([]registry.Count{}, line...), t.RowTotals[r]))
	}
	return append(out, append(append([]registry.Count{}, t.ColumnTotals...), t.Total))
}

// withTotals adds what the readers do not see.
func withTotals(n [][]int64) [][]int64 {
	total := make([]int64, len(n[0])+1)
	var out [][]int64
	for _, line := range n {
		full := append([]int64{}, line...)
		sum := int64(0)
		for c, x := range line {
			sum += x
			total[c] += x
		}
		total[len(line)] += sum
		out = append(out, append(full, sum))
	}
	return append(out, total)
}

// derivable solves all that a table says: each line adds up to its total. It
// gives the hidden places whose number follows from the numbers that are shown.
func derivable(cells [][]registry.Count) (found [][2]int) {
	number := map[[2]int]int{}
	var places [][2]int
	for r, line := range cells {
		for c, x := range line {
			if x.Hidden {
				number[[2]int{r, c}] = len(places)
				places = append(places, [2]int{r, c})
			}
		}
	}
	var rows [][]*big.Rat
	equation := func(line [][2]int) {
		row := make([]*big.Rat, len(places))
		for i := range row {
			row[i] = new(big.Rat)
		}
		for i, at := range line {
			if n, hidden := number[at]; hidden {
				row[n].SetInt64(1)
				if i == len(line)-1 {
					row[n].SetInt64(-1)
				}
			}
		}
		rows = append(rows, row)
	}
	for r := range cells {
		var line [][2]int
		for c := range cells[r] {
			line = append(line, [2]int{r, c})
		}
		equation(line)
	}
	for c := range cells[0] {
		var line [][2]int
		for r := range cells {
			line = append(line, [2]int{r, c})
		}
		equation(line)
	}
	for _, n := range determined(rows, len(places)) {
		found = append(found, places[n])
	}
	return found
}

// determined brings equations into reduced row echelon form: an unknown whose
// row holds no other is determined.
func determined(rows [][]*big.Rat, unknowns int) (out []int) {
	pivot := 0
	for n := 0; n < unknowns && pivot < len(rows); n++ {
		with := -1
		for i := pivot; i < len(rows); i++ {
			if rows[i][n].Sign() != 0 {
				with = i
				break
			}
		}
		if with < 0 {
			continue
		}
		rows[pivot], rows[with] = rows[with], rows[pivot]
		scale := new(big.Rat).Inv(rows[pivot][n])
		for j := range rows[pivot] {
			rows[pivot][j] = new(big.Rat).Mul(rows[pivot][j], scale)
		}
		for i := range rows {
			if i == pivot || rows[i][n].Sign() == 0 {
				continue
			}
			by := new(big.Rat).Set(rows[i][n])
			for j := range rows[i] {
				rows[i][j] = new(big.Rat).Sub(rows[i][j], new(big.Rat).Mul(by, rows[pivot][j]))
			}
		}
		pivot++
	}
	for _, row := range rows[:pivot] {
		at, others := -1, 0
		for n, x := range row {
			if x.Sign() != 0 {
				at, others = n, others+1
			}
		}
		if others == 1 {
			out = append(out, at)
		}
	}
	return out
}

// The check itself must see what can be computed back.
func TestDerivableSeesWhatFollows(t *testing.T) {
	t.Parallel()
	shown, hidden := func(n int64) registry.Count { return registry.Count{N: n} }, registry.Count{Hidden: true}
	lone := [][]registry.Count{{hidden, shown(9), shown(12)}, {shown(7), shown(8), shown(15)}, {shown(10), shown(17), shown(27)}}
	if got := derivable(lone); len(got) != 1 || got[0] != [2]int{0, 0} {
		t.Errorf("a lone hidden cell: %v", got)
	}
	// every line has two hidden cells, and still one follows: it joins two squares
	bridge := make([][]registry.Count, 5)
	for r := range bridge {
		for c := range 5 {
			square := r < 2 && c < 2 || r >= 2 && r < 4 && c >= 2 && c < 4
			bridge[r] = append(bridge[r], registry.Count{Hidden: square || r == 0 && c == 2})
		}
	}
	if got := derivable(bridge); len(got) != 1 || got[0] != [2]int{0, 2} {
		t.Errorf("a bridge: %v", got)
	}
}

func TestNoHiddenCellFollowsFromTheTotals(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	kinds := []func() int64{
		func() int64 { return random.Int64N(7) },
		func() int64 { return random.Int64N(40) },
		func() int64 { return max(0, random.Int64N(12)-8) },
		func() int64 { return random.Int64N(2) * random.Int64N(300) },
	}
	for round := range 200 {
		n := make([][]int64, 1+random.IntN(6))
		columns := 1 + random.IntN(6)
		for r := range n {
			for range columns {
				n[r] = append(n[r], kinds[round%len(kinds)]())
			}
		}
		checkTable(t, n, registry.NewTable(n, registry.MinimumCell))
	}
}

// TestTotalsOfRowsStay: where they are told beside the table, none is hidden, and
// no hidden number follows from them.
// TestWhoIsInNoStateIsNotTold: the number of all people is known, so it must not
// tell, less the states that are told, how many few have no value or stand elsewhere.
func TestWhoIsInNoStateIsNotTold(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(9, 26))
	for range 3000 {
		var sum int64
		states := make([][]int64, 1+random.IntN(4))
		for s := range states {
			states[s] = make([]int64, 1+random.IntN(3))
			for m := range states[s] {
				states[s][m] = max(0, random.Int64N(14)-3)
				sum += states[s][m]
			}
		}
		people := sum + max(0, random.Int64N(9)-2)
		rest := people
		told := registry.StatesTold(states, people)
		for state, n := range told {
			if n > 0 && n < registry.MinimumCell {
				t.Errorf("%v of %d: %d in %s", states, people, n, state)
			}
			rest -= n
		}
		if rest < 0 || rest > 0 && rest < min(people, registry.MinimumCell) {
			t.Errorf("%v of %d: %d are told to be elsewhere: %v", states, people, rest, told)
		}
	}
	for _, c := range []struct {
		states [][]int64
		people int64
		want   map[string]int64
	}{
		{[][]int64{{20}, {7}}, 27, map[string]int64{"state0": 20, "state1": 7}},
		{[][]int64{{20}, {7}}, 32, map[string]int64{"state0": 20, "state1": 7}},
		{[][]int64{{20}, {7}}, 31, map[string]int64{"state0": 20, "(other)": 11}}, // 4 without a value
		{[][]int64{{20}, {7}, {2}}, 40, map[string]int64{"state0": 20, "(other)": 9}},
		{[][]int64{{3}}, 3, map[string]int64{}},
	} {
		if got := registry.StatesTold(c.states, c.people); !maps.Equal(got, c.want) {
			t.Errorf("%v of %d: told %v, want %v", c.states, c.people, got, c.want)
		}
	}
}

func TestTotalsOfRowsStay(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(2, 7))
	for range 200 {
		n := make([][]int64, 1+random.IntN(5))
		columns := 1 + random.IntN(6)
		for r := range n {
			for range columns {
				n[r] = append(n[r], max(0, random.Int64N(14)-6))
			}
			n[r][random.IntN(columns)] = registry.MinimumCell + random.Int64N(3)
		}
		table := registry.NewTableOfTotals(n, registry.MinimumCell)
		for r, total := range table.RowTotals {
			if total.Hidden {
				t.Errorf("%v: the total of row %d is hidden", n, r)
			}
		}
		checkTable(t, n, table)
	}
}

// Whoever knows of how many people each row counts a part learns nothing small from
// that: not by the rows and columns, and not about who is in no column.
func TestWhatIsLeftOfAllIsProtected(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 1))
	for range 200 {
		whole := 10 + random.Int64N(40)
		n := make([][]int64, 1+random.IntN(5))
		for r := range n {
			left := whole - max(0, random.Int64N(14)-6)
			for range 4 {
				part := min(left, max(0, random.Int64N(20)-6))
				n[r], left = append(n[r], part), left-part
			}
			n[r][0] += max(0, left-random.Int64N(8))
		}
		table := registry.NewTableOfParts(n, whole, registry.MinimumCell)
		var cells [][]registry.Count // with who is in no column, and with the known totals
		for r, line := range table.Cells {
			rest := registry.Count{Hidden: true}
			if total := table.RowTotals[r]; !total.Hidden {
				rest.N, rest.Hidden = whole-total.N, false
			}
			if rest.N > 0 && rest.N < registry.MinimumCell {
				t.Errorf("%v of %d: %d are left of row %s", n, whole, rest.N, table.Rows[r])
			}
			cells = append(cells, append(slices.Clone(line), rest, registry.Count{N: whole}))
		}
		all := whole * int64(len(cells))
		rests := registry.Count{Hidden: table.Total.Hidden}
		if !rests.Hidden {
			rests.N = all - table.Total.N
		}
		cells = append(cells, append(slices.Clone(table.ColumnTotals), rests, registry.Count{N: all}))
		if got := derivable(cells); len(got) != 0 {
			t.Errorf("%v of %d: hidden, and can be computed back: %v\n%v", n, whole, got, cells)
		}
	}
}

// 997 of 1,000 tell of three.
func TestNearlyAllAreNotTold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n      []int64
		hidden string // cells, and the total
	}{
		{[]int64{997, 0}, "true false true"}, {[]int64{996, 0}, "true false true"}, {[]int64{995, 0}, "false false false"},
		{[]int64{1000, 0}, "false false false"}, {[]int64{0, 0}, "false false false"}, {[]int64{997, 3}, "true true false"},
	} {
		table := registry.NewTableOfParts([][]int64{c.n}, 1000, registry.MinimumCell)
		if got := fmt.Sprint(table.Cells[0][0].Hidden, table.Cells[0][1].Hidden, table.RowTotals[0].Hidden); got != c.hidden {
			t.Errorf("%v: hidden %s, want %s", c.n, got, c.hidden)
		}
	}
	if table := registry.NewTableOfParts([][]int64{{2, 2}}, 8, registry.MinimumCell); len(table.Rows) != 0 {
		t.Errorf("a row of small numbers: %+v", table)
	}
}

func checkTable(t *testing.T, n [][]int64, table registry.Table) {
	t.Helper()
	cells, truth := published(table), withTotals(n)
	for r := range cells {
		for c, x := range cells[r] {
			if small := truth[r][c] > 0 && truth[r][c] < registry.MinimumCell; small && !x.Hidden {
				t.Errorf("%v: %d is shown", n, truth[r][c])
			}
			if x.Hidden && x.N != 0 || !x.Hidden && x.N != truth[r][c] {
				t.Errorf("%v: cell %d, %d is %+v, want %d", n, r, c, x, truth[r][c])
			}
		}
	}
	if got := derivable(cells); len(got) != 0 {
		t.Errorf("%v: hidden, and can be computed back: %v\n%v", n, got, cells)
	}
}

// What is far from small is all shown, and one small cell does not empty a table.
func TestLittleIsHidden(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n    [][]int64
		want int
	}{
		{[][]int64{{5, 6}, {7, 8}}, 0},
		{[][]int64{{0, 6}, {7, 0}}, 0},
		{[][]int64{{4, 6}, {7, 8}}, 4},
		{[][]int64{{4, 60, 50}, {70, 80, 9}, {90, 91, 92}}, 4},
		{[][]int64{{3}}, 4}, // the cell and all three totals
		{[][]int64{{}}, 0},
	} {
		hidden := 0
		for _, line := range published(registry.NewTable(c.n, registry.MinimumCell)) {
			for _, x := range line {
				if x.Hidden {
					hidden++
				}
			}
		}
		if hidden != c.want {
			t.Errorf("%v: %d hidden, want %d", c.n, hidden, c.want)
		}
	}
}

// Also somebody who knows that nobody is counted below zero, and that zeros are
// shown, does not learn that a hidden cell is small: all tables that fit what is
// shown are tried.
func TestAHiddenCellCouldBeLarge(t *testing.T) {
	t.Parallel()
	sizes := []int64{0, 1, 4, 6}
	for i := range 4 * 4 * 4 * 4 {
		n := [][]int64{{sizes[i%4], sizes[i/4%4]}, {sizes[i/16%4], sizes[i/64%4]}}
		cells := published(registry.NewTable(n, registry.MinimumCell))
		most := largest(cells)
		for at, x := range most {
			if cells[at[0]][at[1]].Hidden && x < registry.MinimumCell {
				t.Fatalf("%v: cell %v is below %d in every table that fits %v", n, at, registry.MinimumCell, cells)
			}
		}
	}
}

// largest gives for each of the four cells the largest number, up to 10, in a
// table that fits what is shown.
func largest(cells [][]registry.Count) map[[2]int]int64 {
	most := map[[2]int]int64{}
	choices := func(x registry.Count) []int64 {
		if !x.Hidden {
			return []int64{x.N}
		}
		all := []int64{}
		for n := int64(1); n <= 10; n++ {
			all = append(all, n)
		}
		return all
	}
	for _, a := range choices(cells[0][0]) {
		for _, b := range choices(cells[0][1]) {
			for _, c := range choices(cells[1][0]) {
				for _, d := range choices(cells[1][1]) {
					if !fits(cells, withTotals([][]int64{{a, b}, {c, d}})) {
						continue
					}
					for at, n := range map[[2]int]int64{{0, 0}: a, {0, 1}: b, {1, 0}: c, {1, 1}: d} {
						most[at] = max(most[at], n)
					}
				}
			}
		}
	}
	return most
}

func fits(cells [][]registry.Count, n [][]int64) bool {
	for r := range cells {
		for c, x := range cells[r] {
			if !x.Hidden && x.N != n[r][c] || x.Hidden && n[r][c] == 0 {
				return false
			}
		}
	}
	return true
}
