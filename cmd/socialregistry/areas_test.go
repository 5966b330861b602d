package main

import (
	"os"
	"path/filepath"
	"testing"

	"socialregistry/internal/dbtest"
)

func TestAreasFromTheCommandLine(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		x := newTerminal(t, url)
		write := func(text string) string {
			path := filepath.Join(t.TempDir(), "areas.csv")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		good, bad := write("code,parent,name_en\nNL-W,NL,West\nNL,,Nowhereland\n"), write("code,parent,name_en\nA,B,A\n")
		x.want(0, "Dry run, nothing was changed. The import would give:\n2 areas: 2 created", "", "areas", "import", good, "--dry-run")
		x.want(0, "2 areas: 2 created, 0 updated, 0 unchanged", "", "areas", "import", good, "--reason", "the gazetteer")
		x.want(0, "2 areas: 0 created, 0 updated, 2 unchanged", "", "areas", "import", good)
		x.want(1, `line 2, column "parent"`, "", "areas", "import", bad)
		x.want(1, "1 problems", "", "areas", "import", bad, "--dry-run")
		x.want(0, "may sign in as field_worker", "six green kettles\n", "staff", "add", "amina", "--role", "field_worker")
	})
}
