// Package csvio reads and writes CSV files (RFC 4180, UTF-8; it reads semicolons for
// commas, too) of people under a header contract: which column is which field, what a cell may look like, and
// what a spreadsheet has spoiled.
//
// It is pure: it knows no field definitions, no database and no values that are
// right or wrong for a field. It reads as a stream in bounded memory, whatever
// the file holds. Problems name a place and a rule, never a value of a person.
package csvio
