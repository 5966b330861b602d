package dbtest

// FindPrograms is findPrograms, for the test that PostgreSQL is missing.
var FindPrograms = findPrograms
