package xlsx

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
)

// The size of a sheet, by the format.
const (
	maxRow    = 1_048_576
	maxColumn = 16_384
)

// area is a block of cells, from 1, both ends included.
type area struct{ left, top, right, bottom int }

// parseCell reads a reference such as B12: column and row, from 1.
func parseCell(ref string) (column, row int, ok bool) {
	i := 0
	for ; i < len(ref) && ref[i] >= 'A' && ref[i] <= 'Z'; i++ {
		if column = column*26 + int(ref[i]-'A') + 1; column > maxColumn {
			return 0, 0, false
		}
	}
	if i == 0 || i == len(ref) {
		return 0, 0, false
	}
	row, ok = parseRow(ref[i:])
	return column, row, ok
}

func parseRow(s string) (row int, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		if row = row*10 + int(s[i]-'0'); row > maxRow {
			return 0, false
		}
	}
	return row, row > 0
}

// parseArea reads a reference such as A1:C4, or one cell.
func parseArea(ref string) (area, bool) {
	from, to, two := strings.Cut(strings.ReplaceAll(ref, "$", ""), ":")
	if !two {
		to = from
	}
	left, top, ok1 := parseCell(from)
	right, bottom, ok2 := parseCell(to)
	return area{min(left, right), min(top, bottom), max(left, right), max(top, bottom)}, ok1 && ok2
}

// maxMerged is how many merged blocks are looked at.
const maxMerged = 10_000

// readMerged finds the merged blocks of a sheet. They stand behind its rows, so
// that the sheet is unpacked once for them alone; no XML is understood on the way
// but the one element.
func (c *container) readMerged(sheet string) ([]area, error) {
	f, err := c.open(sheet)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var found []area
	r := bufio.NewReaderSize(f, 64<<10)
	for {
		tag, err := r.ReadSlice('>')
		if err == io.EOF {
			return found, nil
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, asFileError(err, 0)
		}
		ref, ok := mergedRef(tag)
		if !ok {
			continue
		}
		block, ok := parseArea(ref)
		if !ok {
			return nil, damaged(0)
		}
		if found = append(found, block); len(found) > maxMerged {
			return nil, fileError(0, CodeMerged, "the sheet has more than %d merged cells: undo the merging", maxMerged)
		}
	}
}

// mergedRef gives the reference of <mergeCell ref="A1:B2"/> at the end of a piece.
func mergedRef(tag []byte) (string, bool) {
	tag = tag[bytes.LastIndexByte(tag, '<')+1:]
	n := bytes.IndexAny(tag, " \t\r\n")
	if n < 0 {
		return "", false
	}
	name := tag[:n]
	if string(name[bytes.LastIndexByte(name, ':')+1:]) != "mergeCell" {
		return "", false
	}
	_, rest, ok := bytes.Cut(tag[n:], []byte("ref="))
	if !ok || len(rest) < 2 {
		return "", false
	}
	ref, _, ok := bytes.Cut(rest[1:], rest[:1])
	return string(ref), ok
}

// touched gives the rows of the blocks that reach into the first columns, as
// intervals in order.
func touched(blocks []area, columns int) [][2]int {
	var rows [][2]int
	for _, b := range blocks {
		if b.left <= columns && b.left+b.top < b.right+b.bottom {
			rows = append(rows, [2]int{b.top, b.bottom})
		}
	}
	slices.SortFunc(rows, func(x, y [2]int) int { return x[0] - y[0] })
	return rows
}
