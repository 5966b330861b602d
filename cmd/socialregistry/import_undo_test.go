package main

import (
	"regexp"
	"testing"

	"socialregistry/internal/dbtest"
)

// A file of values and decisions, and what takes it back.
func TestImportCarriesAndUndo(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		o := office{url: url}
		if err := o.do(t, "national_id,full_name,sex,sex:attestation\nKE-1,Mina Tal,female,ATTESTED\n", "import", "-", "--carries=both", "--ignore-unknown-columns"); err != nil {
			t.Fatal(err)
		}
		o.says(t, "1 rows: 1 created, 0 updated", "Decisions: 1 attested", "import --undo ")
		id := regexp.MustCompile(`--undo (\S+)`).FindStringSubmatch(o.out.String())[1]
		if err := o.do(t, "", "import", "--undo", id, "--dry-run"); err != nil {
			t.Fatal(err)
		}
		o.says(t, "Dry run", "1 people: 0 put back, 1 made inactive", "1 decisions taken back")
		if err := o.do(t, "", "import", "--undo", id); err != nil {
			t.Fatal(err)
		}
		o.says(t, "1 made inactive")
		for _, args := range [][]string{{"import", "--undo", id}, {"import", "--undo", "x"}, {"import", "-", "--undo", id}, {"import"}, {"import", "-", "--carries=states"}} {
			if err := o.do(t, "", args...); err == nil {
				t.Errorf("%v was carried out", args)
			}
		}
	})
}
