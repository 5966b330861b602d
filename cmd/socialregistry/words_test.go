package main

import (
	"errors"
	"fmt"
	"testing"

	"socialregistry/internal/fault"
)

func TestWords(t *testing.T) {
	t.Parallel()
	taken := fault.Wrap(fault.Conflict, "username_taken", "There is one already.", errors.New("UNIQUE constraint failed"))
	bad := fault.InvalidFields("bad", "This is wrong.", []fault.Field{{Name: "name", Code: "bad", Detail: "Use letters."}})
	for want, err := range map[string]error{
		"There is one already.":                                       fmt.Errorf("add: %w", fmt.Errorf("open: %w", taken)),
		"This is wrong.\n  name: Use letters.":                        bad,
		"There is one already.\nclose the file: full":                 errors.Join(taken, errors.New("close the file: full")),
		"There is one already.\nThis is wrong.\n  name: Use letters.": fmt.Errorf("both: %w", errors.Join(taken, bad)),
		"reach the database: refused":                                 fmt.Errorf("reach the database: %w", errors.New("refused")),
		"defect: disk":                                                fault.Wrap(fault.Internal, "defect", "internal", errors.New("disk")),
	} {
		if got := words(err); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}
