// Package imports holds the import lattice of the project as data (lattice.go)
// and checks the tree against it (check.go): which package may import which,
// and which package alone may import a large dependency.
//
// It parses the import lines of all non-test files in-process, whatever their
// build tags. It does not type-check, and it binds no test: tests may import
// anything.
package imports
