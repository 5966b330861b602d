// Package migrations holds the SQL that makes and changes the database: one
// folder per database, the same numbers in both, embedded in the binary.
//
// It does not run anything: see internal/db (Migrate, by goose). A parity test
// in internal/db holds the two folders together.
package migrations
