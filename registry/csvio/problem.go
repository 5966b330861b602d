package csvio

import (
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Codes of the problems that this package finds. They are stable: pages and
// scripts may rely on them.
const (
	CodeEmptyFile       = "empty_file"
	CodeNotUTF8         = "encoding_not_utf8"
	CodeUTF16           = "encoding_utf16"
	CodeSeparator       = "wrong_separator"
	CodeBadQuotes       = "bad_quotes"
	CodeLineTooLong     = "line_too_long"
	CodeTooManyRows     = "too_many_rows"
	CodeTooManyColumns  = "too_many_columns"
	CodeCellCount       = "cell_count"
	CodeEmptyHeader     = "empty_header"
	CodeBadHeader       = "bad_header"
	CodeDoubledHeader   = "doubled_header"
	CodeMissingHeader   = "missing_header"
	CodeNoKnownHeader   = "no_known_header"
	CodeUnknownHeader   = "unknown_header" // for a caller that wants all columns known
	CodeMappingColumn   = "mapping_unknown_column"
	CodeMappingField    = "mapping_unknown_field"
	CodeMangled         = "mangled_by_spreadsheet"
	CodeSpreadsheetFlaw = "spreadsheet_error"
	CodeBadDate         = "bad_date"
	CodeAmbiguousDate   = "ambiguous_date"
)

// Problem is one thing that is wrong with a file. It never holds a value of a
// person.
type Problem struct {
	Line   int    // physical line where the row begins, the header is line 1; 0 = the whole file
	Column string // header of the column as the file has it, a known one; "" = the whole line
	Code   string // stable, snake_case
	Words  string // one sentence that says what to do
}

// Error gives the problem in one line.
func (p Problem) Error() string {
	switch {
	case p.Line == 0:
		return p.Words
	case p.Column == "":
		return fmt.Sprintf("line %d: %s", p.Line, p.Words)
	}
	return fmt.Sprintf("line %d, column %q: %s", p.Line, p.Column, p.Words)
}

// Problems are several things that are wrong with one row. errors.As finds the
// first of them as a Problem.
type Problems []Problem

// Error gives the first one.
func (p Problems) Error() string { return p[0].Error() }

// Unwrap gives each of them.
func (p Problems) Unwrap() []error {
	list := make([]error, len(p))
	for i := range p {
		list[i] = p[i]
	}
	return list
}

// Err is nil if there are none.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// ProblemsOf gives what an error says is wrong with a row, whether it is a Problem
// or Problems; nil if it is neither.
func ProblemsOf(err error) []Problem {
	var many Problems
	var one Problem
	switch {
	case errors.As(err, &many):
		return many
	case errors.As(err, &one):
		return []Problem{one}
	}
	return nil
}

// FileError is a problem after which nothing more can be read.
type FileError struct{ Problem }

func fileError(line int, code, format string, args ...any) *FileError {
	return &FileError{Problem{Line: line, Code: code, Words: fmt.Sprintf(format, args...)}}
}

// ProblemWriter writes a list of problems as CSV: line, column, code, words.
type ProblemWriter struct{ w *Writer }

// NewProblemWriter writes the header line.
func NewProblemWriter(w io.Writer) (*ProblemWriter, error) {
	p := &ProblemWriter{NewWriter(w)}
	return p, p.w.Write([]string{"line", "column", "code", "words"})
}

// Write adds one problem.
func (p *ProblemWriter) Write(x Problem) error {
	return p.w.Write([]string{strconv.Itoa(x.Line), x.Column, x.Code, x.Words})
}

// Flush hands everything to the writer below.
func (p *ProblemWriter) Flush() error { return p.w.Flush() }
