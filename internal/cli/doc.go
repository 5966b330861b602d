// Package cli holds what the three command lines have in common: how they tell
// their version, the words help and version in place of a flag, and wrong values
// in words for people. It parses nothing itself; that is kong's work, in cmd.
package cli
