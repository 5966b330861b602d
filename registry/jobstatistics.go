package registry

import (
	"context"

	"socialregistry/internal/jobs"
)

const jobStatistics = "statistics"

// StatisticsJobResult is the result of a job of kind statistics.
type StatisticsJobResult struct {
	Counted bool `json:"counted"` // false: another count was begun meanwhile, and its numbers are newer
}

// StartStatistics asks for a job that counts the statistics anew, however old they
// are. It returns Forbidden, or Conflict "job_exists".
func (r *Registry) StartStatistics(ctx context.Context, a Actor) (Job, error) {
	if err := a.check(toCountStats); err != nil {
		return Job{}, err
	}
	return r.startJob(ctx, a, jobStatistics, nil, oneAtATime("all"))
}

// workStatistics is the work of a job of kind statistics.
func (r *Registry) workStatistics(ctx context.Context, a Actor, _ *jobs.Run) (any, error) {
	counted, err := r.RefreshStatistics(ctx, a, 0)
	return StatisticsJobResult{counted}, err
}
