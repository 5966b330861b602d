package dbtest

import (
	"os"
	"strconv"
	"testing"
)

// Internals for the tests.
var (
	FindPrograms = findPrograms
	RemoveStale  = removeStale
)

// Folder makes a scratch folder as the process pid would.
func Folder(t *testing.T, pid int) string {
	t.Helper()
	dir, err := os.MkdirTemp(scratchBase(), prefix+strconv.Itoa(pid)+"-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
