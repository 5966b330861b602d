// Package xlsx reads and writes XLSX workbooks (ECMA-376, both the transitional
// and the strict form) under the header contract of package csvio: the same rows,
// columns and problems, so that whoever reads a file need not ask which it is.
//
// It is pure: it knows no field definitions and no database. It reads one sheet as
// a stream, whatever the file claims about itself, and never opens macros,
// external links, pictures or anything else that is not a cell. What a formula
// gave when somebody last saved the file is not taken for a value.
//
// It is our own on purpose: see docs/design/downloads.md.
package xlsx
