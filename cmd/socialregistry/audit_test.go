package main

import (
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
)

func TestAuditTellsWhatIsDifferent(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		x := newTerminal(t, url)
		x.want(0, "0 records checked", "", "audit")
		x.want(0, "", "UIN,First Name,Region\nID-1,Amina,Coast\nID-2,Dawit,Rift\n", "import", "--label", "Census", "-")
		x.want(0, "2 change logs played again", "", "audit", "--chains")
		d, err := db.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if err := d.Exec(`UPDATE registrant SET region = 'Owner' WHERE region = 'Coast'`).Error; err != nil {
			t.Fatal(err)
		}
		x.want(1, "value\tregion", "", "audit")
		x.want(1, "the audit found 3 differences", "", "audit", "--chains")
	})
}
