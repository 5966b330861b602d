package main

import (
	"strings"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
)

// A database with status lists and no record of them outside is not served until
// somebody says what it is.
func TestBackupCommands(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		values := map[string]string{"DATABASE_URL": url, "SR_MASTER_KEY": testMaster, "SR_LISTEN": "127.0.0.1:0", "SR_STATE_DIR": t.TempDir()}
		serveOnce(t, values)
		d, err := db.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		now := db.TimeOf(time.Now())
		err = d.Exec("INSERT INTO status_list (issuer, id, kind, ends_at, seq, size, next_index, revision, created_at) VALUES ('', 'l1', 'token', ?, 1, 131072, 256, 0, ?)", now, now).Error
		if err == nil {
			err = d.Exec("DELETE FROM issuer_witness").Error // its server has ended long ago
		}
		if err != nil {
			t.Fatal(err)
		}
		d.Close()
		serveOnce(t, values) // its own folder
		d, err = db.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Exec("DELETE FROM issuer_witness").Error; err != nil {
			t.Fatal(err)
		}
		d.Close()
		values["SR_STATE_DIR"] = t.TempDir()
		if code, said := runWith(t, values, "serve"); code != 1 || !strings.Contains(said, "socialregistry backup accept --reason") {
			t.Errorf("without a record: %d, %s", code, said)
		}
		if code, said := runWith(t, values, "backup", "accept"); code != 2 {
			t.Errorf("without a reason: %d, %s", code, said)
		}
		if code, said := runWith(t, values, "backup", "accept", "--reason", "a new disk"); code != 0 || !strings.Contains(said, "Start the server") {
			t.Errorf("accept: %d, %s", code, said)
		}
		serveOnce(t, values)
		if code, said := runWith(t, values, "backup", "restored", "--reason", "x"); code != 1 || !strings.Contains(said, "The journal is there") {
			t.Errorf("with a record: %d, %s", code, said)
		}
		values["SR_STATE_DIR"] = t.TempDir()
		if code, said := runWith(t, values, "backup", "restored", "--reason", "the disk is gone"); code != 0 || !strings.Contains(said, "Generation 2") {
			t.Errorf("restored: %d, %s", code, said)
		}
	})
}
