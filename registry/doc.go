// Package registry holds the people: their values with time stamps, the
// versions of their records, who attested what, and a change log that cannot be
// altered unseen. It decides who may do what.
//
// It knows nothing of credentials: what must follow a change is found by
// reading Feed. It names no field: what can be known about a person is data
// (fields.json, DefineField); only the mapping to table columns, in row.go, does.
//
// Read in this order: registry.go, person.go, row.go (what one change writes),
// change.go (the hash chain), attest.go.
//
// Requirements: lines R1, R6 to R14 and R17 of docs/compliance/social-registry.md.
package registry
