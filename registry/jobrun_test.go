package registry_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/internal/jobs"
	"socialregistry/registry"
)

// drain works off what is due with handlers of one kind.
func (x *fixture) drain(t *testing.T, kind string, handler jobs.Handler) {
	t.Helper()
	runner, err := jobs.New(jobs.Config{DB: x.DB, Handlers: map[string]jobs.Handler{kind: handler}, Now: x.Clock.Now})
	if err == nil {
		_, err = runner.Drain(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// uploaded keeps a file of three people, checked.
func (x *fixture) uploaded(t *testing.T, a registry.Actor) uuid.UUID {
	t.Helper()
	id, err := x.UploadImport(t.Context(), a, strings.NewReader(three), create())
	if err == nil {
		_, err = x.CheckImport(t.Context(), a, id, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// An import that is cancelled while it runs has changed nothing, and can be asked
// for again; two that apply one file apply it once.
func TestJobIsCancelledBeforeItsMerge(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx, a := t.Context(), x.employee(t, registry.RoleRegistrar)
		id := x.uploaded(t, a)
		j, err := x.StartImportApply(ctx, a, id)
		if err != nil {
			t.Fatal(err)
		}
		apply := x.JobHandlers()["import_apply"]
		x.drain(t, "import_apply", func(ctx context.Context, run *jobs.Run) error {
			if got, err := x.CancelJob(ctx, a, run.ID); err != nil || !got.Cancelling || got.State != registry.JobRunning {
				t.Errorf("asked to end: %+v, %v", got, err)
			}
			return apply(ctx, run)
		})
		if got := x.jobIn(t, j.ID, registry.JobCancelled); got.Result != nil || got.Failure != nil || got.Cancelling {
			t.Errorf("cancelled: %+v", got)
		}
		b, err := x.ImportBatch(ctx, a, id)
		if err != nil || b.State != registry.ImportChecked || !b.HasFile || x.count(t, "registrant")+x.count(t, "change_log")+x.count(t, "identifier") != 0 {
			t.Errorf("a cancelled import changed something: %+v, %v", b, err)
		}

		j, err = x.StartImportApply(ctx, a, id)
		if err != nil {
			t.Fatal(err)
		}
		x.drain(t, "import_apply", func(ctx context.Context, run *jobs.Run) error { // its first worker dies behind the merge
			if _, err := x.ApplyImport(ctx, a, id, nil); err != nil {
				t.Error(err)
			}
			return apply(ctx, run)
		})
		if got := x.jobIn(t, j.ID, registry.JobDone); !strings.Contains(strings.ReplaceAll(string(got.Result), " ", ""), `"already_applied":true`) || x.count(t, "registrant") != 3 {
			t.Errorf("applied twice: %s, %d people", got.Result, x.count(t, "registrant"))
		}
	})
}

// A failure that may pass is tried again; what it was is for the log alone.
func TestJobIsTriedAgain(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		a := x.employee(t, registry.RoleAdmin)
		x.exec(t, "ALTER TABLE stat_refresh RENAME TO stat_elsewhere")
		j, err := x.StartStatistics(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		x.work(t)
		if got := x.jobIn(t, j.ID, registry.JobQueued); got.Attempts != 1 || got.Failure != nil {
			t.Errorf("after one failure: %+v", got)
		}
		var kept string
		if err := x.DB.Raw("SELECT error FROM job WHERE id = ?", j.ID).Scan(&kept).Error; err != nil || kept != "internal_error" {
			t.Errorf("kept %q, %v; want the code alone", kept, err)
		}
		x.exec(t, "UPDATE job SET max_attempts = 2")
		x.Clock.Add(time.Minute)
		x.work(t)
		if got := x.jobIn(t, j.ID, registry.JobFailed); got.Failure == nil || got.Failure.Code != "internal_error" || strings.Contains(got.Failure.Detail, "stat_refresh") {
			t.Errorf("failed: %+v", got.Failure)
		}
		x.exec(t, "ALTER TABLE stat_elsewhere RENAME TO stat_refresh")
		if j, err = x.StartStatistics(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		x.work(t)
		x.jobIn(t, j.ID, registry.JobDone)
	})
}

// A bulk switch goes on after a crash from the batch that was kept, and counts
// nobody twice.
func TestJobGoesOnFromItsCursor(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx, a := t.Context(), x.employee(t, registry.RoleAdmin)
		for range 2 {
			p := x.register(t, map[string]string{"full_name": "Amina Odhiambo"})
			if _, err := x.AddVersion(ctx, a, p.ID, "Survey", registry.Change{Set: map[string]string{"locality": "Quay"}, ExpectVersion: 1, Reason: "x"}, false); err != nil {
				t.Fatal(err)
			}
		}
		s := registry.DefaultSwitch{Label: "Survey", ExpectCount: 1, Reason: "accepted"}
		_, err := x.StartDefaultSwitch(ctx, a, s)
		wantFault(t, err, fault.Conflict, "count_changed")
		s.ExpectCount = 2
		j, err := x.StartDefaultSwitch(ctx, a, s)
		if err != nil {
			t.Fatal(err)
		}
		x.exec(t, `UPDATE job SET cursor = '{"Total":900,"Done":{"Switched":700,"Skipped":3}}' WHERE id = ?`, j.ID)
		x.exec(t, "UPDATE job SET args = args") // the arguments stay sealed
		x.work(t)
		got := x.jobIn(t, j.ID, registry.JobFailed) // 700 + 2 are more than were confirmed
		if got.Failure == nil || got.Failure.Code != "count_changed" {
			t.Errorf("more than were confirmed: %+v", got.Failure)
		}
		if j, err = x.StartDefaultSwitch(ctx, a, s); err != nil {
			t.Fatal(err)
		}
		x.exec(t, `UPDATE job SET cursor = '{"Total":5,"Done":{"Skipped":3}}' WHERE id = ?`, j.ID)
		x.work(t)
		got = x.jobIn(t, j.ID, registry.JobDone)
		if text := strings.ReplaceAll(string(got.Result), " ", ""); !strings.Contains(text, `"switched":2`) || !strings.Contains(text, `"skipped":3`) || got.Progress != 5 || got.Total != 5 {
			t.Errorf("went on: %s, %d of %d", text, got.Progress, got.Total)
		}
	})
}

// What the service does by itself is asked for once by several servers, and old
// jobs are forgotten.
func TestJobOfTheScheduleIsAskedForOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx := t.Context()
		other, err := registry.New(ctx, registry.Config{DB: x.DB, Master: x.Master, Now: x.Clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		ask := func() (total int) {
			var asked [2]int
			var both sync.WaitGroup
			for n, r := range []*registry.Registry{x.Registry, other} {
				both.Go(func() {
					var err error
					if asked[n], err = r.EnqueueDue(ctx); err != nil {
						t.Error(err)
					}
				})
			}
			both.Wait()
			return asked[0] + asked[1]
		}
		if n := ask(); n != 1 {
			t.Errorf("%d audits at the first start, want 1", n)
		}
		x.work(t)
		x.Clock.Add(24*time.Hour - time.Second)
		if n := ask(); n != 0 {
			t.Errorf("%d audits before the day is over", n)
		}
		x.Clock.Add(time.Second)
		if n := ask(); n != 1 {
			t.Errorf("%d audits after a day, want 1", n)
		}
		x.work(t)
		page, err := x.Jobs(ctx, admin(), registry.JobQuery{Kind: "audit", State: registry.JobDone})
		if err != nil || len(page.Jobs) != 2 || page.Jobs[0].CreatedBy != "system" {
			t.Errorf("the audits: %+v, %v", page.Jobs, err)
		}

		if n, err := x.PurgeJobs(ctx, 24*time.Hour); err != nil || n != 0 {
			t.Errorf("purged %d, %v; the older one ended a day ago", n, err)
		}
		x.Clock.Add(time.Second)
		if n, err := x.PurgeJobs(ctx, 24*time.Hour); err != nil || n != 1 || x.count(t, "job_request") != 1 {
			t.Errorf("purged %d, %v, %d are left; want the older one gone", n, err, x.count(t, "job_request"))
		}
		if _, err := x.PurgeJobs(ctx, 0); err == nil {
			t.Error("jobs are purged as they end")
		}
	})
}
