package main

import (
	"os"
	"path/filepath"
	"testing"

	"socialregistry/internal/dbtest"
)

// A registrar of one area: the role is given within bounds, and the one without
// is taken; the list says what each account has.
func TestRolesWithinBoundsFromTheCommandLine(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		x := newTerminal(t, url)
		areas := filepath.Join(t.TempDir(), "areas.csv")
		if err := os.WriteFile(areas, []byte("code,parent,name_en\nNL,,Nowhereland\nNL-W,NL,West\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		x.want(0, "", "", "areas", "import", areas)
		x.want(0, "amina may sign in", "six green kettles", "staff", "add", "amina", "--role", "registrar")
		x.want(1, "There is no such area", "", "staff", "grant", "amina", "--role", "registrar", "--area", "NL-X")
		x.want(1, "no staff account with this name", "", "staff", "grant", "nobody", "--role", "registrar")
		x.want(2, "--role", "", "staff", "grant", "amina")
		x.want(2, "--role", "", "staff", "grant", "amina", "--role", "registrant")
		x.want(1, "at least one role", "", "staff", "revoke", "amina", "--role", "registrar")
		x.want(0, "amina is registrar (area NL-W, kind person).", "", "staff", "grant", "amina", "--role", "registrar", "--area", "NL-W", "--kind", "person", "--reason", "moved")
		x.want(1, "already", "", "staff", "grant", "amina", "--role", "registrar", "--area", "NL-W", "--kind", "person")
		x.want(1, "no such role with these bounds", "", "staff", "revoke", "amina", "--role", "registrar", "--area", "NL-W")
		x.want(0, "amina is no longer registrar.", "", "staff", "revoke", "amina", "--role", "registrar", "--reason", "moved")
		x.want(0, "registrar (area NL-W, kind person)", "", "staff", "list")
	})
}
