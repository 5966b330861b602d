package main

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

const table = "| line | requirement | where | tests | open |\n|---|---|---|---|---|\n| P1 | x | | `a.TestOne` | |\n| P2 | y | | | later |\n"

func judge(t *testing.T, strict bool, actions ...string) (string, error) {
	t.Helper()
	tree := fstest.MapFS{"docs/compliance/x.md": {Data: []byte(table)}}
	var stream strings.Builder
	end := "pass"
	fmt.Fprintln(&stream, `{"Action":"start","Package":"socialregistry/a"}`)
	for _, action := range actions {
		name, what, _ := strings.Cut(action, " ")
		fmt.Fprintf(&stream, "{\"Action\":%q,\"Package\":\"socialregistry/a\",\"Test\":%q}\n", what, name)
		if what == "fail" {
			end = "fail"
		}
	}
	fmt.Fprintf(&stream, "{\"Action\":%q,\"Package\":\"socialregistry/a\"}\n", end)
	var out strings.Builder
	err := results(tree, strict, strings.NewReader(stream.String()), &out)
	return out.String(), err
}

// TestResults: what ends a run badly, and the closing line.
func TestResults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		strict  bool
		actions []string
		good    bool
		closing string
	}{
		"all pass":                   {true, []string{"TestOne pass", "TestTwo pass"}, true, "2 passed, 0 failed, 0 skipped\n"},
		"one fails":                  {true, []string{"TestOne pass", "TestTwo fail"}, false, "1 passed, 1 failed, 0 skipped\n"},
		"a named one did not run":    {false, []string{"TestTwo pass"}, false, "1 passed, 0 failed, 0 skipped\n"},
		"a skip without vectors":     {false, []string{"TestOne pass", "TestTwo skip"}, true, "1 passed, 0 failed, 1 skipped\n"},
		"a skip with vectors":        {true, []string{"TestOne pass", "TestTwo skip"}, false, "1 passed, 0 failed, 1 skipped\n"},
		"a named skip, no vectors":   {false, []string{"TestOne skip", "TestTwo pass"}, true, "1 passed, 0 failed, 1 skipped\n"},
		"a named skip, with vectors": {true, []string{"TestOne skip", "TestTwo pass"}, false, "1 passed, 0 failed, 1 skipped\n"},
		"nothing ran":                {false, nil, false, "0 passed, 0 failed, 0 skipped\n"},
	} {
		out, err := judge(t, tc.strict, tc.actions...)
		if (err == nil) != tc.good || !strings.HasSuffix(out, "\n"+tc.closing) {
			t.Errorf("%s: %v, said:\n%s", name, err, out)
		}
		if strings.Contains(out, "not run: 1") != strings.Contains(tc.closing, "1 skipped") {
			t.Errorf("%s: skips are not told:\n%s", name, out)
		}
	}
}
