package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"socialregistry/internal/dbtest"
)

// An empty file of a kind is printed, or written as a workbook, and an import reads
// what it names.
func TestImportTemplate(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		o := office{url: url}
		if err := o.do(t, "full_name\nAmina\n", "import", "-"); err != nil {
			t.Fatal(err)
		}
		if err := o.do(t, "", "import", "--template", "household"); err != nil {
			t.Fatal(err)
		}
		header := o.out.String()
		if !strings.HasPrefix(header, "group,member,role,start,") || strings.Count(header, "\n") != 1 {
			t.Errorf("printed %q", header)
		}
		if err := o.do(t, header+"A"+strings.Repeat(",", strings.Count(header, ","))+"\n", "import", "-", "--kind", "household", "--dry-run"); err == nil {
			o.says(t, "1 rows: ")
		} else if !strings.Contains(o.out.String(), "1 rows: ") {
			t.Error(err)
		}
		book := filepath.Join(t.TempDir(), "empty.xlsx")
		if err := o.do(t, "", "import", "--template", "person", book); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(book); err != nil || !strings.HasPrefix(string(b), "PK") {
			t.Errorf("%.10q, %v", b, err)
		}
		if err := o.do(t, "", "import", book); err != nil {
			t.Error(err, o.errOut.String())
		}
		o.says(t, "0 rows: ")
		if err := o.do(t, "", "import", "--template", "person", book); err == nil {
			t.Error("a file that is there is written over")
		}
		none := book + ".csv"
		if err := o.do(t, "", "import", "--template", "crowd", none); err == nil {
			t.Error("there is a template of crowds")
		}
		if _, err := os.Stat(none); !os.IsNotExist(err) {
			t.Errorf("something is left of it: %v", err)
		}
	})
}
