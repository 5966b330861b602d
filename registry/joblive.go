package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// The kinds of jobs that people ask for.
const (
	JobAudit         = jobAudit
	JobDefaultSwitch = jobDefaultSwitch
	JobEnrolMany     = jobEnrolMany
	JobExport        = jobExport
	JobFieldIndex    = jobFieldIndex
	JobGroupEnd      = jobGroupEnd
	JobImportApply   = jobImportApply
	JobImportCheck   = jobImportCheck
	JobSourcePull    = jobSourcePull
	JobStatistics    = jobStatistics
)

// JobKinds lists them in the order in which people look for them.
func JobKinds() []string {
	return []string{JobImportCheck, JobImportApply, JobExport, JobSourcePull, JobStatistics, JobAudit, JobDefaultSwitch, JobEnrolMany, JobGroupEnd, JobFieldIndex}
}

// ImportJob gives the job that waits for an upload or works on it, to whoever sees
// the upload; ok is false if there is none. It returns NotFound or Forbidden.
func (r *Registry) ImportJob(ctx context.Context, a Actor, id uuid.UUID) (j Job, ok bool, err error) {
	if _, err := r.batch(ctx, a, id); err != nil {
		return Job{}, false, err
	}
	return r.liveJob(ctx, id.String(), jobImportCheck, jobImportApply)
}

// StatisticsJob gives the count that waits or runs, to whoever may read
// statistics; ok is false if there is none. It returns Forbidden.
func (r *Registry) StatisticsJob(ctx context.Context, a Actor) (j Job, ok bool, err error) {
	if err := a.checkWithin(toReadStats); err != nil {
		return Job{}, false, err
	}
	return r.liveJob(ctx, "all", jobStatistics)
}

// liveJob is the job of a key, of any of the kinds, that has not ended.
func (r *Registry) liveJob(ctx context.Context, key string, kinds ...string) (j Job, ok bool, err error) {
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		var rows []jobRow
		err := tx.Raw(`SELECT job_request.* FROM job JOIN job_request ON job_request.job_id = job.id
			WHERE job.kind IN ? AND job.unique_key = ? AND job.state IN ('queued', 'running') LIMIT 1`, kinds, key).Scan(&rows).Error
		if err != nil || len(rows) == 0 {
			return err
		}
		list, err := jobsOf(tx, rows)
		if err == nil {
			j, ok = list[0], true
		}
		return err
	})
	if err != nil {
		return Job{}, false, fmt.Errorf("look for a job: %w", err)
	}
	return j, ok, nil
}
