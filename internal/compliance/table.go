package compliance

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// TestRef names a test: the folder of its package and its name, with a subtest
// after a slash, as in `api/vci.TestToken/21`.
type TestRef struct {
	Dir  string
	Name string
}

func (r TestRef) String() string { return r.Dir + "." + r.Name }

// Row is one line of a compliance table: what is required, where it is done,
// which tests show it, and what is still open.
type Row struct {
	Line        string // P1, R21
	Requirement string
	Files       []string
	Tests       []TestRef
	Open        string // "" when nothing is
}

// columns is the header that every table must have.
const columns = "line|requirement|where|tests|open"

// Rows reads the tables of a page of docs/compliance. Files and tests stand in
// backquotes; a row without tests must say what is open.
func Rows(tree fs.FS, name string) ([]Row, error) {
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		return nil, err
	}
	var rows []Row
	in := false
	for line := range strings.Lines(string(text)) {
		cells := cellsOf(line)
		switch {
		case cells == nil:
			in = false
		case strings.EqualFold(strings.Join(cells, "|"), columns):
			in = true
		case in && strings.Trim(cells[0], "-: ") != "":
			row, err := rowOf(cells)
			if err != nil {
				return nil, fmt.Errorf("%s, row %s: %w", name, cells[0], err)
			}
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s has no table with the columns %s", name, strings.ReplaceAll(columns, "|", ", "))
	}
	return rows, nil
}

// cellsOf splits a table line, nil for any other line.
func cellsOf(line string) []string {
	line = strings.TrimSpace(line)
	if len(line) < 2 || line[0] != '|' || line[len(line)-1] != '|' {
		return nil
	}
	cells := strings.Split(line[1:len(line)-1], "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

func rowOf(cells []string) (Row, error) {
	if want := strings.Count(columns, "|") + 1; len(cells) != want {
		return Row{}, fmt.Errorf("%d cells, want %d", len(cells), want)
	}
	row := Row{Line: cells[0], Requirement: cells[1], Files: quoted(cells[2]), Open: cells[4]}
	for _, ref := range quoted(cells[3]) {
		dir, name, ok := cutTest(ref)
		if !ok {
			return Row{}, fmt.Errorf("%q is not a test: write folder.TestName", ref)
		}
		row.Tests = append(row.Tests, TestRef{dir, name})
	}
	if len(row.Tests) == 0 && row.Open == "" {
		return Row{}, fmt.Errorf("it names no test: say what is open")
	}
	return row, nil
}

// quoted lists what stands in backquotes.
func quoted(cell string) []string {
	var out []string
	for i, part := range strings.Split(cell, "`") {
		if i%2 == 1 {
			out = append(out, part)
		}
	}
	return out
}

func cutTest(ref string) (dir, name string, ok bool) {
	dir, name, ok = strings.Cut(ref, ".Test")
	return dir, "Test" + name, ok && dir != "" && path.Clean(dir) == dir
}
