package xlsx

import (
	"errors"
	"io"

	"socialregistry/registry/csvio"
)

// Options are the limits of a file, and which sheet of it is read. The zero value
// takes the defaults and the first sheet that can be seen.
type Options struct {
	csvio.Options        // MaxRecord counts the bytes of a row as they are in the file
	Sheet         string // name of the sheet, which may be hidden
	MaxUnpacked   int64  // bytes that a part of the file may unpack to
	MaxStrings    int    // bytes of all shared strings
}

// Reader reads the rows of a sheet under a contract. It gives the columns, rows and
// problems of csvio.Reader; a Problem's line is the row of the sheet.
type Reader struct {
	sheet   *sheet
	opt     Options
	width   int
	columns []csvio.Column
	ignored []string
	place   []int    // of each column of the sheet in a Row; -1: ignored
	merged  [][2]int // rows with merged cells, in order
	rows    int
	failed  error
}

// NewReader finds the sheet and reads its header: the first row that is not blank.
// It gives a *csvio.FileError if the file cannot be read under the contract, and
// errors of src as they are. It holds the table of shared strings and one row in
// memory, whatever size says.
func NewReader(src io.ReaderAt, size int64, c csvio.Contract, o Options) (*Reader, error) {
	o = o.withDefaults()
	in, err := openContainer(src, size, o.MaxUnpacked)
	if err != nil {
		return nil, err
	}
	book, err := openWorkbook(in, o.Sheet, o.MaxStrings)
	if err != nil {
		return nil, err
	}
	blocks, err := in.readMerged(book.sheet)
	if err != nil {
		return nil, err
	}
	r := &Reader{opt: o}
	if r.sheet, err = book.openSheet(o.MaxRecord); err != nil {
		return nil, err
	}
	headers, row, err := r.header(blocks)
	if err != nil {
		return nil, err
	}
	if r.columns, r.ignored, err = c.Bind(row, headers); err != nil {
		return nil, err
	}
	r.place = make([]int, r.width)
	for i := range r.place {
		r.place[i] = -1
	}
	for i, column := range r.columns {
		r.place[column.Index] = i
	}
	return r, nil
}

func (o Options) withDefaults() Options {
	o.Options = o.Options.WithDefaults()
	if o.MaxUnpacked <= 0 {
		o.MaxUnpacked = DefaultMaxUnpacked
	}
	if o.MaxStrings <= 0 {
		o.MaxStrings = DefaultMaxStrings
	}
	return o
}

// Columns are the columns that are read, in the order of a row's cells.
func (r *Reader) Columns() []csvio.Column { return r.columns }

// Ignored are the headers of the columns that are no known field.
func (r *Reader) Ignored() []string { return r.ignored }

// Sheet is the name of the sheet that is read.
func (r *Reader) Sheet() string { return r.sheet.book.name }

// header reads up to the first row that is not blank.
func (r *Reader) header(blocks []area) (headers []string, row int, err error) {
	for {
		row, cells, err := r.sheet.next()
		if err == io.EOF {
			return nil, 0, fileError(0, csvio.CodeEmptyFile, "the sheet is empty")
		}
		if err != nil {
			return nil, 0, err
		}
		headers, err := r.headerCells(row, cells)
		if err != nil || len(headers) == 0 {
			if err != nil {
				return nil, 0, err
			}
			continue
		}
		if r.width = len(headers); r.width > r.opt.MaxColumns {
			return nil, 0, fileError(row, csvio.CodeTooManyColumns, "the sheet has more than %d columns", r.opt.MaxColumns)
		}
		if r.merged = touched(blocks, r.width); r.isMerged(row) {
			return nil, 0, fileError(row, CodeMerged, "cells of the first row are merged: it must hold one header for each column, and nothing may stand above it")
		}
		return headers, row, nil
	}
}

// headerCells gives the headers up to the last one that is not blank.
func (r *Reader) headerCells(row int, cells []cell) ([]string, error) {
	var headers []string
	for i := range cells {
		text, flaw, err := r.sheet.book.text(&cells[i])
		switch {
		case err != nil:
			return nil, err
		case flaw != nil:
			return nil, fileError(row, flaw.Code, "the header of column %d %s", cells[i].column, flaw.Words)
		}
		if text = csvio.CleanHeader(text); text == "" {
			continue
		}
		if cells[i].column > r.opt.MaxColumns {
			return nil, fileError(row, csvio.CodeTooManyColumns, "the sheet has more than %d columns", r.opt.MaxColumns)
		}
		for len(headers) < cells[i].column {
			headers = append(headers, "")
		}
		headers[cells[i].column-1] = text
	}
	return headers, nil
}

// Next gives the next row that is not blank. A csvio.Problem, or csvio.Problems if
// several cells cannot be taken, is about this row alone: call Next again. A
// *csvio.FileError ends the file, as does io.EOF.
func (r *Reader) Next() (csvio.Row, error) {
	if r.failed != nil {
		return csvio.Row{}, r.failed
	}
	for {
		number, cells, err := r.sheet.next()
		if err != nil {
			return r.end(number, err)
		}
		row, blank, err := r.row(number, cells)
		var fail *csvio.FileError
		switch {
		case errors.As(err, &fail):
			return r.end(number, err)
		case blank && err == nil:
			continue
		}
		if r.rows++; r.rows > r.opt.MaxRows {
			return r.end(number, fileError(number, csvio.CodeTooManyRows, "the sheet has more than %d rows: split it", r.opt.MaxRows))
		}
		return row, err
	}
}

// end closes the file; what ended it is told again by the next call.
func (r *Reader) end(line int, err error) (csvio.Row, error) {
	r.failed = err
	r.sheet.p.close()
	return csvio.Row{Line: line}, err
}

// row reads the cells that have a column.
func (r *Reader) row(number int, cells []cell) (row csvio.Row, blank bool, err error) {
	row, blank = csvio.Row{Line: number, Cells: make([]string, len(r.columns))}, true
	var found csvio.Problems
	for i := range cells {
		text, flaw, err := r.sheet.book.text(&cells[i])
		if err != nil {
			return row, false, damaged(number)
		}
		text = csvio.CleanCell(text)
		if text == "" && flaw == nil {
			continue
		}
		blank = false
		at := cells[i].column - 1
		if at >= r.width {
			return row, false, csvio.Problem{Line: number, Code: csvio.CodeCellCount, Words: "this row has a cell to the right of the last header: delete it, or name its column"}
		}
		switch place := r.place[at]; {
		case place < 0:
		case flaw != nil:
			found = append(found, csvio.Problem{Line: number, Column: r.columns[place].Name, Code: flaw.Code, Words: "The cell " + flaw.Words + "."})
		default:
			row.Cells[place] = text
		}
	}
	if !blank && r.isMerged(number) {
		return row, false, csvio.Problem{Line: number, Code: CodeMerged, Words: "cells of this row are merged: undo the merging and fill each of them"}
	}
	return row, blank, found.Err()
}

// isMerged tells whether a row has merged cells; rows are asked for in order.
func (r *Reader) isMerged(row int) bool {
	for len(r.merged) > 0 && r.merged[0][1] < row {
		r.merged = r.merged[1:]
	}
	for _, m := range r.merged {
		if m[0] > row {
			return false
		}
		if m[1] >= row {
			return true
		}
	}
	return false
}
