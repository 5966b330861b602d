// Package vectors loads published test vectors from the reference folder that
// the variable SR_SHARED names.
//
// Unset, the test is skipped with the words "not run:", which make test counts
// aloud. Set, a missing folder, an empty one or an unreadable file fails the
// test, since a vector test that saw no vector has shown nothing. Nothing of
// the reference folder is copied into this repository.
package vectors
