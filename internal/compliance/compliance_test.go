package compliance_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"socialregistry/internal/compliance"
)

const page = "docs/compliance/x.md"

func tree(table string) fstest.MapFS {
	return fstest.MapFS{
		page:                      {Data: []byte("# X\n\n| line | requirement | where | tests | open |\n|---|---|---|---|---|\n" + table)},
		"registry/attest.go":      {Data: []byte("package registry\n")},
		"registry/attest_test.go": {Data: []byte("package registry_test\n\nfunc TestAttest(t *testing.T) {}\n\nfunc (s suite) TestMethod() {}\n")},
	}
}

func checkRows(t *testing.T, tree fs.FS, lines ...string) []error {
	t.Helper()
	rows, err := compliance.Rows(tree, page)
	if err != nil {
		t.Fatal(err)
	}
	return compliance.CheckRows(tree, rows, lines)
}

func TestRowsHoldTheTree(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		table string
		want  string // part of the only fault, "" for none
	}{
		"good":             {"| P1 | x | `registry/attest.go` | `registry.TestAttest` | |\n", ""},
		"good with sub":    {"| P1 | x | `registry/*.go` | `registry.TestAttest/21` | some |\n", ""},
		"open":             {"| P1 | x | | | all of it |\n", ""},
		"no such test":     {"| P1 | x | | `registry.TestAttestation` | |\n", "no test registry.TestAttestation"},
		"a method":         {"| P1 | x | | `registry.TestMethod` | |\n", "no test registry.TestMethod"},
		"wrong folder":     {"| P1 | x | | `issuer.TestAttest` | |\n", "no test issuer.TestAttest"},
		"no such file":     {"| P1 | x | `registry/gone.go` | `registry.TestAttest` | |\n", "no registry/gone.go"},
		"a test as open":   {"| P1 | x | | `registry.TestAttest` | `registry.TestAttest` |\n", "among what is open"},
		"doubled line":     {"| P1 | x | | | o |\n| P1 | x | | | o |\n", "P1 has 2 rows"},
		"line not in spec": {"| P1 | x | | | o |\n| P9 | x | | | o |\n", "P9 is no line"},
		"missing line":     {"| P2 | x | | | o |\n", "P1 has 0 rows"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := []string{"P1"}
			if name == "missing line" {
				lines = []string{"P1", "P2"}
			}
			wrong := checkRows(t, tree(tc.table), lines...)
			if tc.want == "" && len(wrong) != 0 {
				t.Errorf("got %v, want nothing", wrong)
			}
			if tc.want != "" && (len(wrong) != 1 || !strings.Contains(wrong[0].Error(), tc.want)) {
				t.Errorf("got %v, want one fault with %q", wrong, tc.want)
			}
		})
	}
}

func TestRowsRefuseWhatSaysNothing(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]string{
		"neither test nor open": "| P1 | x | | | |\n",
		"not a test":            "| P1 | x | | `Attest` | |\n",
		"a cell too few":        "| P1 | x | | o |\n",
		"no row":                "",
	} {
		if rows, err := compliance.Rows(tree(table), page); err == nil {
			t.Errorf("%s: got %v, want an error", name, rows)
		}
	}
}

func TestFoundingLines(t *testing.T) {
	t.Parallel()
	r := compliance.Founding()
	if got := fmt.Sprintln(len(r.Lines), r.Lines[0], r.Lines[5], r.Lines[6], r.Lines[26]); got != "27 P1 P6 R1 R21\n" {
		t.Errorf("lines: %s", got)
	}
	missing := compliance.CheckEntries(fstest.MapFS{"go.mod": {}}, r.Entries)
	if len(missing) != len(r.Entries)-1 {
		t.Errorf("%d missing entries, want all but go.mod: %v", len(missing), missing)
	}
	if got := compliance.CheckModules([]string{"gorm.io/gorm"}, r.Modules); len(got) != len(r.Modules)-1 {
		t.Errorf("missing modules: %v", got)
	}
	if got := compliance.CheckModules(r.Modules, r.Modules); len(got) != 0 {
		t.Errorf("missing modules: %v", got)
	}
}

func TestWhereIs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"# A\n\n## Where is …\n| q | f |\n| a | `registry/attest.go` |\n":                          0,
		"# A\n\n## Where is …\n| q | f |\n| a | `registry/*.go` |\n| b | `registry/gone.go` |\n":   1,
		"# A\n\n## Where is …\n| q | f |\n\n## Next\n| b | `registry/gone.go` |\n":                 1,
		"# A\n\n## Other\n| a | `registry/attest.go` |\n":                                          1,
		"# A\n\n## Where is …\n| a | `registry/attest.go` |\n\n## Next\n| b | `registry/gone` |\n": 0,
	} {
		files := tree("")
		files["README.md"] = &fstest.MapFile{Data: []byte(text)}
		if got := compliance.CheckWhereIs(files); len(got) != want {
			t.Errorf("%q: got %v, want %d faults", text, got, want)
		}
	}
	if got := compliance.CheckWhereIs(tree("")); len(got) != 1 {
		t.Errorf("without README: %v", got)
	}
}
