package registry_test

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"
	"time"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// TestExportAsJob: the file waits a day for whoever asked for it; auditors see the
// record without the file, and the registrant sees who took what for what.
func TestExportAsJob(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx := t.Context()
		p, other := x.register(t, amina()), x.register(t, map[string]string{"full_name": "Somebody Else"})
		asker, colleague := x.employee(t, registry.RoleRegistrar), x.employee(t, registry.RoleRegistrar)
		ask := registry.ExportRequest{Fields: []string{"given_name"}, Query: registry.Query{Text: "Amina"}, Purpose: "winter aid"}
		j, err := x.StartExport(ctx, asker, ask)
		if err != nil {
			t.Fatal(err, fields(err))
		}
		page, err := x.Downloads(ctx, asker, "", 0)
		if err != nil || len(page.Downloads) != 1 || page.Downloads[0].State != "queued" || page.Downloads[0].Job != j.ID {
			t.Fatalf("queued: %+v, %v", page, err)
		}
		id := page.Downloads[0].ID
		_, err = x.ExportFile(ctx, asker, id)
		wantFault(t, err, fault.Conflict, "export_not_ready")
		wantFault(t, x.DropExportFile(ctx, asker, id), fault.Conflict, "export_not_ready")
		x.work(t)
		var res registry.ExportResult
		done := x.jobIn(t, j.ID, registry.JobDone)
		if err := json.Unmarshal(done.Result, &res); err != nil || res.ID != id || res.Rows != 1 || done.Progress != 1 {
			t.Errorf("result %s, progress %d", done.Result, done.Progress)
		}
		file, err := x.ExportFile(ctx, asker, id)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(file)
		if want := "registration_number,version_no,given_name\n" + p.Number + ",1,Amina\n"; err != nil || string(text) != want || file.Size != int64(len(want)) ||
			file.Name != "person-20261122-120000.csv" {
			t.Errorf("file %q of %d bytes: %q, %v", file.Name, file.Size, text, err)
		}
		var piece []byte
		if err := x.DB.Raw("SELECT piece FROM blob_piece").Row().Scan(&piece); err != nil || bytes.Contains(piece, []byte("Amina")) {
			t.Errorf("the file is stored as it is (%v)", err)
		}

		for _, a := range []registry.Actor{colleague, admin(), actor(registry.RoleAuditor)} {
			if _, err := x.ExportFile(ctx, a, id); err == nil {
				t.Errorf("%s opens somebody else's file", a.Name)
			}
		}
		if got, err := x.Download(ctx, actor(registry.RoleAuditor), id); err != nil || got.Rows != 1 || got.Purpose != "winter aid" || got.CreatedBy != asker.Name {
			t.Errorf("auditor sees %+v, %v", got, err)
		}
		_, err = x.Download(ctx, colleague, id)
		wantFault(t, err, fault.NotFound, "no_such_export")
		if page, err := x.Downloads(ctx, colleague, "", 0); err != nil || len(page.Downloads) != 0 {
			t.Errorf("a colleague lists %+v, %v", page, err)
		}
		wantFault(t, x.DropExportFile(ctx, colleague, id), fault.NotFound, "no_such_export")

		if page, err := x.DownloadsOf(ctx, self(p.ID), p.ID, "", 0); err != nil || len(page.Downloads) != 1 || page.Downloads[0].Purpose != "winter aid" {
			t.Errorf("the registrant sees %+v, %v", page, err)
		}
		if page, err := x.DownloadsOf(ctx, self(other.ID), other.ID, "", 0); err != nil || len(page.Downloads) != 0 {
			t.Errorf("another registrant sees %+v, %v", page, err)
		}
		_, err = x.DownloadsOf(ctx, self(other.ID), p.ID, "", 0)
		wantFault(t, err, fault.NotFound, "no_such_person")
		_, err = x.DownloadsOf(ctx, registrar(), p.ID, "", 0)
		wantFault(t, err, fault.Forbidden, "not_allowed")

		x.Clock.Add(24 * time.Hour)
		_, err = x.ExportFile(ctx, asker, id)
		wantFault(t, err, fault.Gone, "file_expired")
		if _, err := x.SweepBlobs(ctx); err != nil || x.count(t, "blob") != 0 || x.count(t, "export") != 1 {
			t.Errorf("swept: %d files, %d records, %v", x.count(t, "blob"), x.count(t, "export"), err)
		}
	})
}

// TestExportJobHasTheRightsOfTheMoment: who lost the role in between gets nothing, and
// an attempt that is begun again counts once.
func TestExportJobHasTheRightsOfTheMoment(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx := t.Context()
		x.register(t, amina())
		asker := x.employee(t, registry.RoleRegistrar)
		ask := registry.ExportRequest{Fields: []string{"sex"}, Purpose: "p", Format: registry.ExportXLSX}
		j, err := x.StartExport(ctx, asker, ask)
		if err != nil {
			t.Fatal(err)
		}
		x.exec(t, "INSERT INTO export_part (export_id, seq, first_no, last_no, numbers) SELECT id, 0, 1, 1, ? FROM export", db.Bytes{1}) // of an attempt that was killed
		x.work(t)
		x.jobIn(t, j.ID, registry.JobDone)
		if n := x.count(t, "export_part"); n != 1 {
			t.Errorf("%d parts, want 1", n)
		}
		if j, err = x.StartExport(ctx, asker, ask); err != nil {
			t.Fatal(err)
		}
		x.exec(t, "UPDATE role_assignment SET role = 'auditor' WHERE account_id = ?", asker.AccountID)
		x.work(t)
		if got := x.jobIn(t, j.ID, registry.JobFailed); got.Failure == nil || got.Failure.Code != "not_allowed" {
			t.Errorf("failure %+v", got.Failure)
		}
		page, err := x.Downloads(ctx, admin(), "", 1)
		if err != nil || len(page.Downloads) != 1 || page.Downloads[0].State != "failed" || page.Next == "" {
			t.Fatalf("%+v, %v", page, err)
		}
		if page, err = x.Downloads(ctx, admin(), page.Next, 1); err != nil || len(page.Downloads) != 1 || page.Downloads[0].State != "done" || page.Next != "" {
			t.Errorf("second page %+v, %v", page, err)
		}
		if id := page.Downloads[0].ID; x.DropExportFile(ctx, admin(), id) != nil || x.count(t, "blob") != 0 {
			t.Error("an administrator does not delete the file")
		}
	})
}
