package csvio

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// The limits that hold where Options leaves them zero.
const (
	DefaultMaxRecord  = 1 << 20 // bytes of one row, quotes and line breaks included
	DefaultMaxRows    = 1_000_000
	DefaultMaxColumns = 500
)

// Options are the limits of a file; the zero value takes the defaults.
type Options struct {
	MaxRecord, MaxRows, MaxColumns int
}

// Row is one row of the file.
type Row struct {
	Line  int      // physical line where it begins
	Cells []string // in the order of Columns, trimmed and unguarded; "" is blank
}

// Reader reads the rows of a file under a contract.
type Reader struct {
	csv     *csv.Reader
	bound   *bounded
	opt     Options
	width   int
	columns []Column
	ignored []string
	line    int // where the next record begins, as far as is known
	rows    int
	failed  *FileError
}

// NewReader reads the header line, which tells whether commas or semicolons stand
// between cells. It gives a *FileError if the file cannot be
// read under the contract, and errors of src as they are.
func NewReader(src io.Reader, c Contract, o Options) (*Reader, error) {
	in, fail, err := sniff(src)
	if err != nil {
		return nil, err
	}
	if fail != nil {
		return nil, fail
	}
	r := &Reader{opt: o.WithDefaults()}
	r.line = 1
	r.bound = &bounded{r: in, limit: r.opt.MaxRecord}
	r.csv = csv.NewReader(r.bound)
	r.csv.Comma = separator(in)
	r.csv.FieldsPerRecord = -1 // counted here, so that the words are ours
	r.csv.ReuseRecord = true
	headers, err := r.header()
	if err != nil {
		return nil, err
	}
	r.columns, r.ignored, err = c.Bind(1, headers)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// WithDefaults puts the defaults where nothing is said.
func (o Options) WithDefaults() Options {
	if o.MaxRecord <= 0 {
		o.MaxRecord = DefaultMaxRecord
	}
	if o.MaxRows <= 0 {
		o.MaxRows = DefaultMaxRows
	}
	if o.MaxColumns <= 0 {
		o.MaxColumns = DefaultMaxColumns
	}
	return o
}

// Columns are the columns that are read, in the order of a row's cells.
func (r *Reader) Columns() []Column { return r.columns }

// Ignored are the headers of the columns that are no known field.
func (r *Reader) Ignored() []string { return r.ignored }

func (r *Reader) header() ([]string, error) {
	cells, _, err := r.record()
	if err == io.EOF {
		return nil, fileError(0, CodeEmptyFile, "the file is empty")
	}
	var p Problem
	if errors.As(err, &p) {
		return nil, &FileError{p} // nothing can be read without a header
	}
	if err != nil {
		return nil, err
	}
	if len(cells) > r.opt.MaxColumns {
		return nil, fileError(1, CodeTooManyColumns, "the file has more than %d columns", r.opt.MaxColumns)
	}
	if len(cells) == 1 && strings.ContainsAny(cells[0], "\t|") {
		return nil, fileError(1, CodeSeparator, "the columns are separated neither by commas nor by semicolons: save the file as \"CSV UTF-8 (comma delimited)\"")
	}
	headers := make([]string, len(cells))
	for i, c := range cells {
		headers[i] = CleanHeader(c)
	}
	r.width = len(headers)
	return headers, nil
}

// Next gives the next row that is not blank. A Problem is one bad row: call
// Next again. A *FileError ends the file, as does io.EOF.
func (r *Reader) Next() (Row, error) {
	for {
		cells, line, err := r.record()
		if err != nil {
			return Row{Line: line}, err
		}
		if blank(cells) {
			continue
		}
		if r.rows++; r.rows > r.opt.MaxRows {
			r.failed = fileError(line, CodeTooManyRows, "the file has more than %d rows: split it", r.opt.MaxRows)
			return Row{Line: line}, r.failed
		}
		if len(cells) != r.width {
			return Row{Line: line}, problem(line, CodeCellCount, "this row does not have as many cells as the header: look for a missing separator, or for one that is not in quotes")
		}
		row := Row{Line: line, Cells: make([]string, len(r.columns))}
		for i, c := range r.columns {
			row.Cells[i] = CleanCell(cells[c.Index])
		}
		return row, nil
	}
}

// CleanHeader gives a header as the contract knows it: one line, without outer
// spaces and without the apostrophe of Guard.
func CleanHeader(cell string) string {
	return CleanCell(strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ").Replace(cell))
}

// CleanCell gives a cell without outer spaces and without the apostrophe of Guard.
func CleanCell(cell string) string { return Unguard(strings.TrimSpace(cell)) }

func problem(line int, code, words string) Problem {
	return Problem{Line: line, Code: code, Words: words}
}

func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// record reads one record and turns what may be wrong with it into our words.
func (r *Reader) record() ([]string, int, error) {
	if r.failed != nil {
		return nil, r.failed.Line, r.failed
	}
	r.bound.reset()
	start := r.csv.InputOffset()
	cells, err := r.csv.Read()
	var parse *csv.ParseError
	switch {
	case errors.Is(err, errTooLong), err == nil && r.csv.InputOffset()-start > int64(r.opt.MaxRecord):
		return nil, r.line, r.tooLong(err)
	case errors.As(err, &parse):
		r.line = parse.Line + 1
		return nil, parse.StartLine, problem(parse.StartLine, CodeBadQuotes,
			"the quotes are not right: a cell with a quote, a separator or a line break stands in quotes, and a quote inside is doubled")
	case err != nil:
		return nil, 0, err
	}
	line, _ := r.csv.FieldPos(0)
	r.line = line + 1
	for _, c := range cells {
		r.line += strings.Count(c, "\n")
		if !utf8.ValidString(c) {
			r.failed = fileError(line, CodeNotUTF8, "the file is not UTF-8, perhaps Latin-1 or Windows-1252: save it as \"CSV UTF-8\" and upload it again")
			return nil, line, r.failed
		}
	}
	return cells, line, nil
}

func (r *Reader) tooLong(err error) error {
	line := r.line
	if err == nil {
		line, _ = r.csv.FieldPos(0)
	}
	r.failed = fileError(line, CodeLineTooLong, "a row has more than %d bytes: perhaps a quote is not closed", r.opt.MaxRecord)
	return r.failed
}
