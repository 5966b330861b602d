package csvio

import (
	"encoding/csv"
	"io"
	"strings"
	"unicode/utf8"
)

// Writer writes CSV that is safe to open in a spreadsheet: every cell is
// guarded against being taken for a formula.
type Writer struct{ w *csv.Writer }

// NewWriter makes a writer of UTF-8 CSV with commas and LF.
func NewWriter(w io.Writer) *Writer { return &Writer{csv.NewWriter(w)} }

// Write adds a row.
func (w *Writer) Write(cells []string) error {
	guarded := make([]string, len(cells))
	for i, c := range cells {
		guarded[i] = Guard(c)
	}
	return w.w.Write(guarded)
}

// Flush hands everything to the writer below and gives the first error.
func (w *Writer) Flush() error {
	w.w.Flush()
	return w.w.Error()
}

// formulaStart are the characters by which a spreadsheet takes a cell for a
// formula or a command (OWASP, CSV injection).
// The last four are the full-width forms, which some take for the same.
const formulaStart = "=+-@\t\r＝＋－＠"

// Guard puts an apostrophe before a cell that a spreadsheet would take for a
// formula. Unguard reverses it for every cell.
func Guard(cell string) string {
	if startsFormula(cell) {
		return "'" + cell
	}
	return cell
}

// Unguard takes away the apostrophe that Guard put, and nothing else.
func Unguard(cell string) string {
	if strings.HasPrefix(cell, "'") && startsFormula(cell) {
		return cell[1:]
	}
	return cell
}

// startsFormula looks behind apostrophes, so that guarding twice can be undone
// twice.
func startsFormula(cell string) bool {
	rest := strings.TrimLeft(cell, "'")
	first, _ := utf8.DecodeRuneInString(rest)
	return rest != "" && first != utf8.RuneError && strings.ContainsRune(formulaStart, first)
}
