package registry_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/internal/jobs"
	"socialregistry/registry"
)

// employee opens an account of staff: jobs run with the rights of one.
func (x *fixture) employee(t *testing.T, roles ...registry.Role) registry.Actor {
	t.Helper()
	name := "employee." + string(rune('a'+x.count(t, "account")))
	acc, err := x.CreateStaff(t.Context(), registry.System(), name, "six green kettles", roles)
	if err != nil {
		t.Fatal(err)
	}
	return registry.Actor{AccountID: acc.ID, Name: acc.Username, Roles: roles, Channel: registry.ChannelStaff}
}

// work works off every job that is due.
func (x *fixture) work(t *testing.T) {
	t.Helper()
	runner, err := jobs.New(jobs.Config{DB: x.DB, Handlers: x.JobHandlers(), Ended: x.JobEnded, Now: x.Clock.Now})
	if err == nil {
		_, err = runner.Drain(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// jobIn gives a job and holds it to a state.
func (x *fixture) jobIn(t *testing.T, id uuid.UUID, want registry.JobState) registry.Job {
	t.Helper()
	j, err := x.Job(t.Context(), registry.System(), id)
	if err != nil {
		t.Fatal(err)
	}
	if j.State != want {
		t.Errorf("job %+v, failure %+v; want it %s", j, j.Failure, want)
	}
	return j
}

func (x *fixture) startAudit(t *testing.T, a registry.Actor) registry.Job {
	t.Helper()
	j, err := x.StartAudit(t.Context(), a, true)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// A job is followed by who asked for it, and by those who see all; its result
// stays with it.
func TestJobIsFollowedByItsOwner(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx := t.Context()
		x.register(t, amina())
		auditor, registrar, admin := x.employee(t, registry.RoleAuditor), x.employee(t, registry.RoleRegistrar), x.employee(t, registry.RoleAdmin)
		j := x.startAudit(t, auditor)
		if j.State != registry.JobQueued || j.CreatedBy != auditor.Name || !j.CreatedAt.Equal(x.Clock.Now()) || !j.EndedAt.IsZero() {
			t.Errorf("queued: %+v", j)
		}
		x.work(t)
		done := x.jobIn(t, j.ID, registry.JobDone)
		var found registry.AuditResult
		if err := json.Unmarshal(done.Result, &found); err != nil || found.Checked != 2 || found.Found != 0 {
			t.Errorf("result %s, %v; want a person checked twice", done.Result, err)
		}
		if done.Progress != 2 || done.Total != 2 || done.Attempts != 1 || !done.EndedAt.Equal(x.Clock.Now()) || done.Failure != nil {
			t.Errorf("done: %+v", done)
		}

		for _, a := range []registry.Actor{auditor, admin} {
			if got, err := x.Job(ctx, a, j.ID); err != nil || got.ID != j.ID {
				t.Errorf("%s reads %v, %v", a.Name, got.ID, err)
			}
		}
		_, err := x.Job(ctx, registrar, j.ID)
		wantFault(t, err, fault.NotFound, "no_such_job")
		_, err = x.CancelJob(ctx, registrar, j.ID)
		wantFault(t, err, fault.NotFound, "no_such_job")
		_, err = x.CancelJob(ctx, auditor, j.ID)
		wantFault(t, err, fault.Conflict, "job_ended")
		_, err = x.Job(ctx, self(uuid.New()), j.ID)
		wantFault(t, err, fault.Forbidden, "not_allowed")
		_, err = x.Jobs(ctx, registry.Actor{}, registry.JobQuery{})
		wantFault(t, err, fault.Unauthenticated, "sign_in_required")
	})
}

func TestJobsAreListedByPages(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		auditor, registrar := x.employee(t, registry.RoleAuditor), x.employee(t, registry.RoleRegistrar)
		var want []uuid.UUID // newest first
		for range 3 {
			want = slices.Insert(want, 0, x.startAudit(t, auditor).ID)
			x.work(t)
		}
		var got []uuid.UUID
		q := registry.JobQuery{Kind: "audit", State: registry.JobDone, Limit: 2}
		for pages := 0; pages == 0 || q.After != ""; pages++ {
			page, err := x.Jobs(t.Context(), auditor, q)
			if err != nil || pages > 2 {
				t.Fatal(pages, err)
			}
			for _, j := range page.Jobs {
				got = append(got, j.ID)
			}
			q.After = page.Next
		}
		if !slices.Equal(got, want) {
			t.Errorf("listed %v, want %v", got, want)
		}
		for _, none := range []struct {
			a registry.Actor
			q registry.JobQuery
		}{{registrar, registry.JobQuery{}}, {auditor, registry.JobQuery{State: registry.JobFailed}}, {auditor, registry.JobQuery{Kind: "imports"}}} {
			if page, err := x.Jobs(t.Context(), none.a, none.q); err != nil || len(page.Jobs) != 0 {
				t.Errorf("%+v lists %+v, %v; want none", none.q, page.Jobs, err)
			}
		}
		_, err := x.Jobs(t.Context(), auditor, registry.JobQuery{State: "over"})
		wantFault(t, err, fault.Invalid, "bad_query")
		_, err = x.Jobs(t.Context(), auditor, registry.JobQuery{After: "x"})
		wantFault(t, err, fault.Invalid, "bad_cursor")
	})
}

// The rights of a job are those of its account when it runs, and the scopes those
// of the token when it was asked for.
func TestJobRunsWithTheRightsOfTheMoment(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		ctx := t.Context()
		gone, demoted := x.employee(t, registry.RoleAuditor), x.employee(t, registry.RoleAuditor)
		j := x.startAudit(t, gone)
		if err := x.DisableStaff(ctx, registry.System(), gone.Name); err != nil {
			t.Fatal(err)
		}
		x.work(t)
		if got := x.jobIn(t, j.ID, registry.JobFailed); got.Failure == nil || got.Failure.Code != "account_disabled" || got.Attempts != 1 {
			t.Errorf("of a closed account: %+v, %+v", got, got.Failure)
		}

		j = x.startAudit(t, demoted)
		x.exec(t, "UPDATE role_assignment SET role = 'attester' WHERE account_id = ?", demoted.AccountID)
		x.work(t)
		if got := x.jobIn(t, j.ID, registry.JobFailed); got.Failure == nil || got.Failure.Code != "not_allowed" || got.Result != nil {
			t.Errorf("of an account that lost its role: %+v, %+v", got, got.Failure)
		}

		byToken := x.employee(t, registry.RoleAdmin)
		byToken.Scopes = []registry.Scope{registry.ScopeSettingsRead}
		j = x.startAudit(t, byToken)
		x.work(t)
		x.jobIn(t, j.ID, registry.JobDone)
		j = x.startAudit(t, byToken)
		x.exec(t, "UPDATE job_request SET scopes = 'people:read' WHERE job_id = ?", j.ID)
		x.work(t)
		if got := x.jobIn(t, j.ID, registry.JobFailed); got.Failure == nil || got.Failure.Code != "insufficient_scope" {
			t.Errorf("by a token without the scope: %+v, %+v", got, got.Failure)
		}
		byToken.Scopes = []registry.Scope{registry.ScopeImportsWrite}
		if _, err := x.Job(ctx, byToken, j.ID); err != nil {
			t.Errorf("a token does not follow the job of its account: %v", err)
		}
	})
}

func TestJobIsCancelledBeforeItRuns(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		auditor, other, admin := x.employee(t, registry.RoleAuditor), x.employee(t, registry.RoleAuditor), x.employee(t, registry.RoleAdmin)
		j := x.startAudit(t, auditor)
		if again := x.startAudit(t, auditor); again.ID != j.ID {
			t.Error("the same work is asked for twice, and is two jobs")
		}
		_, err := x.StartAudit(t.Context(), other, true)
		wantFault(t, err, fault.Conflict, "job_exists")
		_, err = x.CancelJob(t.Context(), other, j.ID)
		wantFault(t, err, fault.Forbidden, "not_allowed")
		if got, err := x.CancelJob(t.Context(), admin, j.ID); err != nil || got.State != registry.JobCancelled || got.CancelledBy != admin.Name {
			t.Errorf("cancelled: %+v, %v", got, err)
		}
		x.work(t)
		if got := x.jobIn(t, j.ID, registry.JobCancelled); got.Attempts != 0 {
			t.Errorf("a cancelled job was begun: %+v", got)
		}
	})
}
