package xlsx

import (
	"errors"
	"fmt"
	"strings"

	"socialregistry/registry/csvio"
)

// Codes of the problems that only a workbook has, besides those of csvio. They
// are stable.
const (
	CodeNotXLSX        = "not_xlsx"         // a ZIP or a workbook of another kind
	CodeDamaged        = "xlsx_damaged"     // not as the format wants it
	CodeEncrypted      = "xlsx_encrypted"   // protected by a password
	CodeLegacy         = "legacy_xls"       // Excel 97-2003
	CodeBomb           = "zip_bomb"         // unpacks to far more than any list of people
	CodeTooManyParts   = "too_many_parts"   // in the package
	CodeTooManyStrings = "too_many_strings" // in the table of shared strings
	CodeNoSheet        = "no_sheet"         // none that can be seen
	CodeUnknownSheet   = "unknown_sheet"    // none of the chosen name
	CodeMerged         = "merged_cells"
	CodeFormula        = "formula"
)

// Wording that several checks share.
const (
	wordsDamaged = "the workbook is damaged: open it in a spreadsheet program, save it as XLSX and send it again"
	wordsBomb    = "the workbook unpacks to far more than its size promises: it is not read"
)

func fileError(line int, code, format string, args ...any) *csvio.FileError {
	return &csvio.FileError{Problem: csvio.Problem{Line: line, Code: code, Words: fmt.Sprintf(format, args...)}}
}

func damaged(line int) *csvio.FileError { return fileError(line, CodeDamaged, wordsDamaged) }

// asFileError turns what ended the reading of a part into the words of this
// package. Errors of the source below are handed on as they are: a disk that fails
// is no fault of the file.
func asFileError(err error, line int) error {
	var fail *csvio.FileError
	var below sourceError
	switch {
	case errors.As(err, &fail):
		return fail
	case errors.As(err, &below):
		return below.err
	case strings.Contains(err.Error(), "invalid UTF-8"), strings.Contains(err.Error(), "encoding \""):
		return fileError(line, csvio.CodeNotUTF8, "the workbook is not written in UTF-8: save it anew with a spreadsheet program")
	}
	return damaged(line)
}

// sourceError marks an error of the source that the workbook is read from.
type sourceError struct{ err error }

func (e sourceError) Error() string { return e.err.Error() }
func (e sourceError) Unwrap() error { return e.err }
