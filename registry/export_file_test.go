package registry_test

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/jobs"
	"socialregistry/registry"
)

// started asks for a download by a job, and gives both.
func (x *fixture) started(t *testing.T, a registry.Actor, fields_ ...string) (registry.Job, uuid.UUID) {
	t.Helper()
	j, err := x.StartExport(t.Context(), a, registry.ExportRequest{Fields: fields_, Purpose: "winter aid"})
	if err != nil {
		t.Fatal(err, fields(err))
	}
	page, err := x.Downloads(t.Context(), registry.System(), "", 1)
	if err != nil || len(page.Downloads) != 1 || page.Downloads[0].Job != j.ID {
		t.Fatalf("%+v, %v", page, err)
	}
	return j, page.Downloads[0].ID
}

// written is started and worked off.
func (x *fixture) written(t *testing.T, a registry.Actor, fields ...string) uuid.UUID {
	t.Helper()
	j, id := x.started(t, a, fields...)
	x.work(t)
	x.jobIn(t, j.ID, registry.JobDone)
	return id
}

func (x *fixture) wantExport(t *testing.T, id uuid.UUID, want registry.ExportState) {
	t.Helper()
	d, err := x.Download(t.Context(), registry.System(), id)
	ended := want != "queued" && want != "running"
	if err != nil || d.State != want || d.EndedAt.IsZero() == ended {
		t.Errorf("the record is %+v, %v; want it %s", d, err, want)
	}
}

// A file that was written is for an account that still has the rights to all of it.
func TestAFileIsHeldToTheRightsOfToday(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		x.define(t, registry.Field{Key: "clinic_note", Type: registry.TypeText, Label: label("Note"), Searchable: true, SeeBy: []registry.Role{registry.RoleRegistrar}})
		x.register(t, map[string]string{"full_name": "Amina", "region": "NL-W", "clinic_note": "asthma"})
		asker := x.employee(t, registry.RoleRegistrar)
		open := func(a registry.Actor, id uuid.UUID) error {
			f, err := x.ExportFile(t.Context(), a, id)
			if err == nil {
				_, err = io.Copy(io.Discard, f)
			}
			return err
		}
		names, notes := x.written(t, asker, "full_name"), x.written(t, asker, "full_name", "clinic_note")
		j, err := x.StartExport(t.Context(), asker, registry.ExportRequest{Fields: []string{"full_name"}, Purpose: "p", Query: registry.Query{Equals: map[string]string{"clinic_note": "asthma"}}})
		if err != nil {
			t.Fatal(err, fields(err))
		}
		x.work(t)
		x.jobIn(t, j.ID, registry.JobDone)
		page, err := x.Downloads(t.Context(), asker, "", 1)
		if err != nil {
			t.Fatal(err)
		}
		found := page.Downloads[0].ID
		for _, id := range []uuid.UUID{names, notes, found} {
			if err := open(asker, id); err != nil {
				t.Error(err)
			}
		}
		now := asker // an attester by now: not told the note
		now.Roles = []registry.Role{registry.RoleAttester}
		if err := open(now, names); err != nil {
			t.Error(err)
		}
		for _, id := range []uuid.UUID{notes, found} {
			err := open(now, id)
			wantFault(t, err, fault.Forbidden, "not_visible")
			if got := strings.Join(fields(err), ","); got != "clinic_note:not_visible" {
				t.Errorf("fields %s", got)
			}
		}
		now.Roles = []registry.Role{registry.RoleAuditor}
		wantFault(t, open(now, names), fault.Forbidden, "not_allowed")
		wantFault(t, open(scoped(asker, registry.ScopePeopleRead), names), fault.Forbidden, "insufficient_scope")

		west := asker
		west.Grants = []registry.Grant{{Role: registry.RoleRegistrar, Area: "NL-W"}}
		wantFault(t, open(west, names), fault.Forbidden, "bounds_changed")
		x.exec(t, "UPDATE role_assignment SET area = 'NL-W' WHERE account_id = ?", asker.AccountID)
		names = x.written(t, west, "full_name")
		for _, a := range []registry.Actor{west, asker} { // the same bounds, and wider ones
			if err := open(a, names); err != nil {
				t.Error(err)
			}
		}
		east := asker
		east.Grants = []registry.Grant{{Role: registry.RoleRegistrar, Area: "NL-E"}, {Role: registry.RoleRegistrar, Area: "NL-W", Kind: "household"}}
		wantFault(t, open(east, names), fault.Forbidden, "bounds_changed")
	})
}

// The record of a download ends as its job does, however that ended.
func TestADownloadEndsAsItsJob(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx := t.Context()
		x.register(t, amina())
		asker := x.employee(t, registry.RoleRegistrar)

		j, id := x.started(t, asker, "sex")
		if got, err := x.CancelJob(ctx, asker, j.ID); err != nil || got.State != registry.JobCancelled {
			t.Fatal(got, err)
		}
		x.wantExport(t, id, "cancelled")

		export := x.JobHandlers()["export"]
		j, id = x.started(t, asker, "sex")
		x.drain(t, "export", func(ctx context.Context, run *jobs.Run) error {
			if _, err := x.CancelJob(ctx, asker, run.ID); err != nil {
				t.Error(err)
			}
			x.wantExport(t, id, "queued") // until its worker stops
			return export(ctx, run)
		})
		x.jobIn(t, j.ID, registry.JobCancelled)
		x.wantExport(t, id, "cancelled")

		j, id = x.started(t, asker, "sex")
		x.exec(t, "ALTER TABLE record_key RENAME TO record_key_away") // a failure that may pass
		x.work(t)
		x.exec(t, "ALTER TABLE record_key_away RENAME TO record_key")
		x.jobIn(t, j.ID, registry.JobQueued)
		x.wantExport(t, id, "queued")
		x.exec(t, "UPDATE role_assignment SET role = 'auditor' WHERE account_id = ?", asker.AccountID)
		x.Clock.Add(time.Minute)
		x.work(t)
		x.jobIn(t, j.ID, registry.JobFailed)
		x.wantExport(t, id, "failed")

		j, id = x.started(t, asker, "sex") // its worker dies again and again
		x.exec(t, "UPDATE job SET state = 'running', attempts = max_attempts, lease_until = 1 WHERE id = ?", j.ID)
		x.exec(t, "UPDATE export SET state = 'running' WHERE id = ?", id)
		x.Clock.Add(time.Hour)
		x.work(t)
		x.jobIn(t, j.ID, registry.JobFailed)
		x.wantExport(t, id, "failed")
		page, err := x.AdminHistoryPage(ctx, admin(), "export:"+id.String(), "", 0)
		if err != nil || len(page.Entries) != 2 || !strings.Contains(string(page.Entries[1].New), `"failed"`) || page.Entries[1].Actor != "system" {
			t.Errorf("history %+v, %v", page.Entries, err)
		}
	})
}

// A worker that lost a download, before it began or by a failure of its own, leaves
// the winner's alone.
func TestALostDownloadIsLeftAlone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		asker := x.employee(t, registry.RoleRegistrar)
		export := x.JobHandlers()["export"]
		role := func(name string) {
			x.exec(t, "UPDATE role_assignment SET role = ? WHERE account_id = ?", name, asker.AccountID)
		}
		win := func() { // another server finds the lease run out
			x.Clock.Add(time.Hour)
			x.work(t)
		}
		for name, lose := range map[string]jobs.Handler{
			"before": func(ctx context.Context, run *jobs.Run) error {
				win()
				return export(ctx, run)
			},
			"failed": func(ctx context.Context, run *jobs.Run) error {
				role("auditor")
				err := export(ctx, run)
				role("registrar")
				win()
				return err
			},
		} {
			j, id := x.started(t, asker, "given_name")
			x.drain(t, "export", lose)
			if got := x.jobIn(t, j.ID, registry.JobDone); got.Attempts != 2 {
				t.Errorf("%s: %d attempts", name, got.Attempts)
			}
			x.wantExport(t, id, "done")
			file, err := x.ExportFile(t.Context(), asker, id)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			text, err := io.ReadAll(file)
			if want := "registration_number,version_no,given_name\n" + p.Number + ",1,Amina\n"; err != nil || string(text) != want {
				t.Errorf("%s: %q, %v", name, text, err)
			}
		}
		if n := x.count(t, "export_part"); n != 2 {
			t.Errorf("%d parts of two downloads", n)
		}
	})
}

// A file that was finished, and may have been opened, stays as it was when the end
// of its job is lost: the next attempt records the end, and nothing else.
func TestAFinishedDownloadIsNotBegunAnew(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		asker := x.employee(t, registry.RoleRegistrar)
		j, id := x.started(t, asker, "given_name")
		want := "registration_number,version_no,given_name\n" + p.Number + ",1,Amina\n"
		open := func(when string) {
			file, err := x.ExportFile(t.Context(), asker, id)
			if err != nil {
				t.Fatal(when, err)
			}
			if text, err := io.ReadAll(file); err != nil || string(text) != want {
				t.Errorf("%s: %q, %v; want %q", when, text, err, want)
			}
		}
		export := x.JobHandlers()["export"]
		x.drain(t, "export", func(ctx context.Context, run *jobs.Run) error {
			err := export(ctx, run)
			open("before the end of the job")
			later := x.register(t, map[string]string{"given_name": "Berta"})
			x.Clock.Add(time.Hour) // the lease runs out
			x.work(t)
			if page, err := x.DownloadsOf(t.Context(), registry.System(), later.ID, "", 10); err != nil || len(page.Downloads) != 0 {
				t.Errorf("who came later was downloaded: %+v, %v", page, err)
			}
			return err
		})
		got := x.jobIn(t, j.ID, registry.JobDone)
		var result registry.ExportResult
		if err := json.Unmarshal(got.Result, &result); err != nil || got.Attempts != 2 || result != (registry.ExportResult{ID: id, Rows: 1}) {
			t.Errorf("%d attempts, result %s, %v", got.Attempts, got.Result, err)
		}
		open("after the second attempt")
		x.wantExport(t, id, "done")
		if page, err := x.DownloadsOf(t.Context(), registry.System(), p.ID, "", 10); err != nil || len(page.Downloads) != 1 {
			t.Errorf("whose records they are: %+v, %v", page, err)
		}
		if page, err := x.AdminHistoryPage(t.Context(), admin(), "export:"+id.String(), "", 0); err != nil || len(page.Entries) != 2 {
			t.Errorf("history %+v, %v", page.Entries, err)
		}
	})
}

// Who asks about one record among many downloads is told page by page; a page looks
// through a part of them only.
func TestDownloadsOfARecordComeInPages(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		p := x.register(t, amina())
		a := registrar()
		ask := registry.ExportRequest{Fields: []string{"sex"}, Purpose: "p"}
		first, err := x.Export(t.Context(), a, io.Discard, ask, nil)
		if err != nil {
			t.Fatal(err)
		}
		others := make([]map[string]any, 600)
		for i := range others {
			others[i] = map[string]any{"id": uuid.Must(uuid.NewV7()), "actor": "a", "kind": "person", "fields": "[]", "attested_only": false, "attestations": false,
				"format": "csv", "purpose": "p", "query": db.Bytes{1}, "kid": "k", "wrapped": db.Bytes{1}, "kek": "k", "state": "done", "rows_written": 0,
				"bounds": "[]", "created_at": db.TimeOf(x.Clock.Now())}
		}
		if err := x.DB.WithContext(t.Context()).Table("export").CreateInBatches(others, 200).Error; err != nil {
			t.Fatal(err)
		}
		last, err := x.Export(t.Context(), a, io.Discard, ask, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []uuid.UUID
		pages, after := 0, ""
		for ; pages == 0 || after != ""; pages++ {
			page, err := x.DownloadsOf(t.Context(), self(p.ID), p.ID, after, 50)
			if err != nil || pages > 2 {
				t.Fatal(pages, err)
			}
			for _, d := range page.Downloads {
				got = append(got, d.ID)
			}
			after = page.Next
		}
		if pages != 2 || len(got) != 2 || got[0] != last.ID || got[1] != first.ID {
			t.Errorf("%v on %d pages, want %v and %v on 2", got, pages, last.ID, first.ID)
		}
	})
}
