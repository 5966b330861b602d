package registry

import (
	"context"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/jobs"
)

const jobDefaultSwitch = "default_switch"

// SwitchJobResult is the result of a job of kind default_switch: see SwitchResult.
type SwitchJobResult struct {
	Switched    int `json:"switched"`
	Skipped     int `json:"skipped"`
	Conflicting int `json:"conflicting"`
}

// StartDefaultSwitch asks for SetDefaultByLabel as a job; s.After is not looked at.
// The result of the job is a SwitchJobResult. One that is cancelled keeps the
// batches that have committed. It returns what SetDefaultByLabel returns.
func (r *Registry) StartDefaultSwitch(ctx context.Context, a Actor, s DefaultSwitch) (Job, error) {
	if err := a.checkWithin(toSetDefault); err != nil {
		return Job{}, err
	}
	s, err := s.clean()
	if err != nil {
		return Job{}, err
	}
	s.After = ""
	if _, err := r.confirmSwitch(ctx, a, s, uuid.Nil); err != nil {
		return Job{}, err
	}
	return r.startJob(ctx, a, jobDefaultSwitch, s)
}

// switchCursor is where a switch stands.
type switchCursor struct {
	Total int64 // people who were to be switched at the beginning
	Done  SwitchResult
}

// workDefaultSwitch is the work of a job of kind default_switch: each batch keeps
// where the job stands in its own transaction, so that nobody counts twice.
func (r *Registry) workDefaultSwitch(ctx context.Context, a Actor, run *jobs.Run) (any, error) {
	var s DefaultSwitch
	if err := run.Args(&s); err != nil {
		return nil, err
	}
	if err := a.checkWithin(toSetDefault); err != nil {
		return nil, err
	}
	at, err := r.beginSwitch(ctx, a, s, run)
	if err != nil {
		return nil, err
	}
	for more := true; more; more = at.Done.Next != "" {
		after, err := parseAfter(at.Done.Next)
		if err != nil {
			return nil, err
		}
		keep := func(tx *gorm.DB, batch SwitchResult) error {
			next := at
			next.Done.add(batch)
			return run.Save(tx, cursorText(next), next.done(), next.Total)
		}
		batch, err := r.switchSome(ctx, a, s, after, s.ExpectCount-at.Done.Switched, keep)
		if err != nil {
			return nil, err
		}
		at.Done.add(batch)
	}
	return SwitchJobResult{at.Done.Switched, at.Done.Skipped, at.Done.Conflicting}, nil
}

func (at switchCursor) done() int64 {
	return int64(at.Done.Switched + at.Done.Skipped + at.Done.Conflicting)
}

// beginSwitch gives where a switch goes on from.
func (r *Registry) beginSwitch(ctx context.Context, a Actor, s DefaultSwitch, run *jobs.Run) (at switchCursor, err error) {
	if run.Cursor != "" {
		return at, goOn(run, &at)
	}
	n, err := r.confirmSwitch(ctx, a, s, uuid.Nil)
	at.Total = int64(n.ToSwitch)
	return at, err
}
