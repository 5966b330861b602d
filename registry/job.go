package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/jobs"
)

// Long work runs as jobs: whoever asks for one gets its id at once, and follows it
// from any server. internal/jobs keeps and runs them; here stand who asked and
// what came of it.

// JobState is where a job stands.
type JobState string

// The states of a job; the last three are its ends.
const (
	JobQueued    = JobState(jobs.Queued)
	JobRunning   = JobState(jobs.Running)
	JobDone      = JobState(jobs.Done)
	JobFailed    = JobState(jobs.Failed)
	JobCancelled = JobState(jobs.Cancelled)
)

// JobStates lists all states.
func JobStates() []JobState {
	return []JobState{JobQueued, JobRunning, JobDone, JobFailed, JobCancelled}
}

// Job is work that somebody has asked for.
type Job struct {
	ID          uuid.UUID
	Kind        string // what is done: import_check, audit and so on
	State       JobState
	Cancelling  bool  // it runs, and was asked to end
	Attempts    int   // how often it was begun
	Progress    int64 // units done, of Total; what a unit is depends on the kind
	Total       int64 // 0: not known
	Result      json.RawMessage
	Failure     *JobFailure // of a job that has failed
	CreatedBy   string
	CancelledBy string
	CreatedAt   time.Time
	EndedAt     time.Time // zero: it has not ended
}

// JobFailure says why a job failed, in words that are safe to show.
type JobFailure struct {
	Code   string
	Detail string
	Fields []fault.Field // names of fields, never their values
}

// JobQuery asks for some of the jobs that the actor may see.
type JobQuery struct {
	Kind  string   // "": every kind
	State JobState // "": every state
	After string   // JobPage.Next of the page before; "": the first page
	Limit int      // 0: 50; at most 200
}

// JobPage is one page of jobs, newest first.
type JobPage struct {
	Jobs []Job
	Next string // JobQuery.After of the next page; "" after the last
}

// jobRow is a row of job_request.
type jobRow struct {
	JobID       uuid.UUID             `gorm:"column:job_id;primaryKey"`
	AccountID   *uuid.UUID            `gorm:"column:account_id"`
	Actor       string                `gorm:"column:actor"`
	Roles       string                `gorm:"column:roles"`
	Channel     Channel               `gorm:"column:channel"`
	Scopes      optional              `gorm:"column:scopes"`
	CreatedAt   db.Time               `gorm:"column:created_at;autoCreateTime:false"`
	Result      optional              `gorm:"column:result"` // JSON
	ErrorCode   string                `gorm:"column:error_code"`
	ErrorDetail string                `gorm:"column:error_detail"`
	ErrorFields column[[]fault.Field] `gorm:"column:error_fields"`
	CancelledBy optional              `gorm:"column:cancelled_by"`
}

func (jobRow) TableName() string { return "job_request" }

func (row *jobRow) toJob(j jobs.Job) Job {
	out := Job{ID: row.JobID, Kind: j.Kind, State: JobState(j.State), Cancelling: j.Cancel && j.State == jobs.Running, Attempts: j.Attempts,
		Progress: j.Progress, Total: j.Total, CreatedBy: row.Actor, CancelledBy: string(row.CancelledBy), CreatedAt: row.CreatedAt.Time, EndedAt: j.EndedAt}
	if row.Result != "" {
		out.Result = json.RawMessage(row.Result)
	}
	if j.State == jobs.Failed {
		out.Failure = &JobFailure{row.ErrorCode, row.ErrorDetail, row.ErrorFields.V}
		if row.ErrorCode == "" { // its worker had no time to say so
			out.Failure.Code, out.Failure.Detail = "worker_lost", "The work was begun several times, and each time the server ended before it."
		}
	}
	return out
}

// follow says whose jobs the actor sees: everybody's, or those of the own account,
// by whatever token: a program that may ask for work may ask how it goes.
func (a Actor) follow() (all bool, err error) {
	if len((access{actor: a, roles: rolesFor(toFollowJobs), bySection: true}).staff()) == 0 {
		return false, a.refuse(toFollowJobs)
	}
	return a.check(toReadJobs) == nil, nil
}

// Jobs lists jobs: for administrators and auditors everybody's, else those of the
// own account. It returns Forbidden, or Invalid "bad_query" or "bad_cursor".
func (r *Registry) Jobs(ctx context.Context, a Actor, q JobQuery) (JobPage, error) {
	all, err := a.follow()
	if err != nil {
		return JobPage{}, err
	}
	if q.State != "" && !slices.Contains(JobStates(), q.State) {
		return JobPage{}, badQuery("state")
	}
	if checkText(q.Kind) != nil || len(q.Kind) > maxJobKind {
		return JobPage{}, badQuery("kind")
	}
	after, err := parseAfter(q.After)
	if err != nil {
		return JobPage{}, err
	}
	var page JobPage
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		page, err = jobPage(tx, a, all, q, after)
		return err
	})
	return page, err
}

// maxJobKind is in bytes.
const maxJobKind = 50

func jobPage(tx *gorm.DB, a Actor, all bool, q JobQuery, after uuid.UUID) (JobPage, error) {
	find := tx.Table("job_request").Joins("JOIN job ON job.id = job_request.job_id")
	if !all {
		find = find.Where("account_id = ?", a.AccountID)
	}
	if q.Kind != "" {
		find = find.Where("job.kind = ?", q.Kind)
	}
	if q.State != "" {
		find = find.Where("job.state = ?", q.State)
	}
	if after != uuid.Nil {
		find = find.Where("job_id < ?", after)
	}
	var rows []jobRow
	size := pageSize(q.Limit)
	if err := find.Select("job_request.*").Order("job_id DESC").Limit(size + 1).Scan(&rows).Error; err != nil {
		return JobPage{}, fmt.Errorf("list jobs: %w", err)
	}
	var page JobPage
	if len(rows) > size {
		rows = rows[:size]
		page.Next = formatAfter(rows[size-1].JobID)
	}
	var err error
	page.Jobs, err = jobsOf(tx, rows)
	return page, err
}

// jobsOf reads where the jobs of some rows stand.
func jobsOf(tx *gorm.DB, rows []jobRow) ([]Job, error) {
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.JobID
	}
	found, err := jobs.GetAll(tx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Job, len(rows))
	for i := range rows {
		out[i] = rows[i].toJob(found[rows[i].JobID])
	}
	return out, nil
}

// Job gives one job. It returns NotFound "no_such_job", also for somebody else's,
// or Forbidden.
func (r *Registry) Job(ctx context.Context, a Actor, id uuid.UUID) (Job, error) {
	all, err := a.follow()
	if err != nil {
		return Job{}, err
	}
	var j Job
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		j, err = readJob(tx, a, id, all)
		return err
	})
	return j, err
}

func readJob(tx *gorm.DB, a Actor, id uuid.UUID, all bool) (Job, error) {
	var row jobRow
	err := first(tx.Where("job_id = ?", id), &row, errNoJob())
	if err == nil && !all && (row.AccountID == nil || *row.AccountID != a.AccountID) {
		err = errNoJob()
	}
	if err != nil {
		return Job{}, err
	}
	list, err := jobsOf(tx, []jobRow{row})
	if err != nil {
		return Job{}, err
	}
	return list[0], nil
}

func errNoJob() error { return fault.New(fault.NotFound, "no_such_job", "There is no such job.") }
