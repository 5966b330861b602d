// Package mapping says how rows of another system become rows of this one: which
// column of a file, or which member of a JSON row, is which field, what its cells
// mean, and what stands where it says nothing. It reads the pages of JSON that
// such systems answer with, too: the rows in a page, and where the next one is.
//
// It is pure: it knows no field definitions, no database and no network. Names of
// fields are texts here; whoever keeps a mapping holds them against the
// definitions. Nothing that it says repeats a value of a person.
//
// Requirements: line R7 of docs/compliance/social-registry.md.
package mapping
