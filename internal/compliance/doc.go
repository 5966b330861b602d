// Package compliance holds the project to what its documents say: that every
// requirement has a row in docs/compliance, that every test and file named there
// exists, that each named test ran, and that what must be in the tree and in the
// binary is there. Command srcheck runs it for the Makefile.
//
// It judges no test and knows nothing of what the requirements mean.
package compliance
