package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"socialregistry/internal/dbtest"
)

func TestExportCommand(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		o := &office{url: url}
		if err := o.do(t, "full_name,sex\n=Amina,female\nDawit,male\n", "import", "-"); err != nil {
			t.Fatal(err, o.errOut.String())
		}
		file := filepath.Join(t.TempDir(), "list.csv")
		args := []string{"export", "--fields", "full_name,sex", "--purpose", "a list", "--value", "sex=female"}
		if err := o.do(t, "", append(args[:5:5], "-o", file)...); err != nil {
			t.Fatal(err)
		}
		o.says(t, "2 rows")
		b, err := os.ReadFile(file)
		info, err2 := os.Stat(file)
		if err != nil || err2 != nil || info.Mode().Perm() != 0o600 || !strings.Contains(string(b), ",1,'=Amina,female\n") || strings.Count(string(b), "\n") != 3 {
			t.Errorf("%s with %v: %v", b, info.Mode(), err)
		}
		if err := o.do(t, "", append(args[:5:5], "-o", file)...); err == nil {
			t.Error("a file that is there is written over")
		}
		if err := o.do(t, "", append(args[:5:5], "-o", "-", "--query", "dawit", "--attested-only", "--with-attestations")...); err != nil {
			t.Fatal(err)
		}
		o.says(t, "full_name:attestation", ",1,,NEW,,,,,NEW,,,\n")
		if err := o.do(t, "", append(args[:5:5], "-o", "-", "--programme", "none", "--enrolment", "ENROLLED")...); err == nil || !strings.Contains(err.Error(), "search cannot be understood") {
			t.Errorf("a programme that is not there: %v", err)
		}
		other := file + ".xlsx"
		if err := o.do(t, "", "export", "--fields", "shoe", "--purpose", "p", "--format", "xlsx", "-o", other); err == nil {
			t.Error("a field that is not there is written")
		}
		if _, err := os.Stat(other); !os.IsNotExist(err) {
			t.Errorf("something is left of it: %v", err)
		}
	})
}
