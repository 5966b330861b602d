package registry

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/jobs"
)

// toStart says what lets somebody ask for a kind of job, any of them, and so end
// an own one. A job whose kind does not stand here is for administrators to end.
func toStart(kind string) []action {
	switch kind {
	case jobAudit:
		return []action{toAudit}
	case jobDefaultSwitch:
		return []action{toSetDefault}
	case jobExport:
		return []action{toExport}
	case jobFieldIndex:
		return []action{toIndexField}
	case jobGroupEnd:
		return []action{toKeepMembers}
	case jobImportApply, jobImportCheck:
		return []action{toImport, toAttest} // an upload of decisions
	case jobSourcePull:
		return []action{toPullSources}
	case jobStatistics:
		return []action{toCountStats}
	}
	return []action{toEndJobs}
}

// CancelJob ends a job that waits, and asks one that runs to stop: what it has not
// committed by then is not done. Whoever has the right to ask for such a job, by the
// scopes of the token too, ends those of the own account; administrators end all of
// them. It stands in the history of settings (job:ID). It gives the job as it stands
// then, and returns NotFound "no_such_job", Conflict "job_ended", or Forbidden.
func (r *Registry) CancelJob(ctx context.Context, a Actor, id uuid.UUID) (Job, error) {
	all, err := a.follow()
	if err != nil {
		return Job{}, err
	}
	var j Job
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		was, err := readJob(tx, a, id, all)
		if err != nil {
			return err
		}
		if err := mayCancel(tx, a, was); err != nil {
			return err
		}
		err = jobs.Cancel(tx, now, id)
		if errors.Is(err, jobs.ErrEnded) {
			return fault.New(fault.Conflict, "job_ended", "This job has ended.")
		}
		if err != nil {
			return err
		}
		j, err = r.keepCancel(tx, a, was, now)
		return err
	})
	return j, err
}

// mayCancel decides about a job that the actor sees.
func mayCancel(tx *gorm.DB, a Actor, j Job) error {
	refused := a.check(toEndJobs)
	if _, err := readJob(tx, a, j.ID, false); refused == nil || err != nil {
		return refused
	}
	for _, act := range toStart(j.Kind) {
		if refused = a.checkWithin(act); refused == nil {
			return nil
		}
	}
	return refused
}

// jobLog is what the history of settings says of a job that somebody ends.
type jobLog struct {
	Kind       string   `json:"kind"`
	State      JobState `json:"state"`
	Cancelling bool     `json:"cancelling"`
	AskedBy    string   `json:"asked_by"`
}

func jobLogOf(j Job) jobLog { return jobLog{j.Kind, j.State, j.Cancelling, j.CreatedBy} }

// keepCancel keeps who was the first to end a job, and gives the job.
func (r *Registry) keepCancel(tx *gorm.DB, a Actor, was Job, now db.Time) (Job, error) {
	first := tx.Exec(`UPDATE job_request SET cancelled_by = ? WHERE job_id = ? AND cancelled_by IS NULL`, a.name(), was.ID)
	if first.Error != nil {
		return Job{}, fmt.Errorf("cancel a job: %w", first.Error)
	}
	j, err := readJob(tx, a, was.ID, true)
	if err != nil || first.RowsAffected == 0 {
		return j, err
	}
	if j.State == JobCancelled { // it waited: no worker is there to say so
		if err := r.JobEnded(tx, j.Kind, j.ID, jobs.Cancelled); err != nil {
			return Job{}, err
		}
	}
	return j, r.logAdmin(tx, a, "cancelled", now, "job:"+j.ID.String(), jobLogOf(was), jobLogOf(j))
}

// JobEnded lets what a job was working on follow the end of an attempt, in the
// transaction that writes it: by its worker, by whoever cancels it while it waits, or
// by the one who finds its worker dead (jobs.Config.Ended). state is what becomes of
// the job; Queued if it is tried again.
func (r *Registry) JobEnded(tx *gorm.DB, kind string, id uuid.UUID, state jobs.State) error {
	switch {
	case state == jobs.Done:
		return nil // its last step has said so
	case kind == jobExport:
		return r.leaveExport(tx, id, state)
	case kind == jobSourcePull && state != jobs.Queued:
		return r.leavePull(tx, id, state)
	}
	return nil
}
