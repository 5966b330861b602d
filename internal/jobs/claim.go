package jobs

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Queued and expired jobs are looked for by two statements: one with OR over
// both partial indexes is 500 times slower when the queue is long.
const (
	ready   = `state = 'queued' AND run_at <= ? AND kind IN ? ORDER BY run_at LIMIT 1`
	expired = `state = 'running' AND lease_until < ? AND kind IN ? ORDER BY lease_until LIMIT 1`
)

// claim takes one job, or gives nil if there is none to take.
func (r *Runner) claim(ctx context.Context) (*row, error) {
	claimed, err := r.take(ctx, ready)
	if claimed != nil || err != nil || !r.sweepIsDue() {
		return claimed, err
	}
	if err := r.endExpired(ctx); err != nil {
		return nil, err
	}
	return r.take(ctx, expired)
}

// sweepIsDue says yes to one worker each half lease.
func (r *Runner) sweepIsDue() bool {
	now, last := r.Now().UnixMicro(), r.lastSweep.Load()
	return now-last > r.Lease.Microseconds()/2 && r.lastSweep.CompareAndSwap(last, now)
}

// take looks first without a write lock, since an idle worker on SQLite would
// otherwise stop the writers each time it looks.
func (r *Runner) take(ctx context.Context, which string) (*row, error) {
	var found []string
	now := r.Now().UnixMicro()
	if err := r.DB.WithContext(ctx).Raw(`SELECT id FROM job WHERE `+which, now, r.kinds).Scan(&found).Error; err != nil {
		return nil, fmt.Errorf("look for a job: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	var rows []row
	err := r.DB.InTx(ctx, r.Now, func(tx *gorm.DB, now db.Time) error {
		rows = nil
		return tx.Raw(`UPDATE job SET state = 'running', fence = fence + 1, attempts = attempts + 1, lease_until = ?, worker = ?
			WHERE id = (SELECT id FROM job WHERE `+which+r.DB.Dialect.SkipLocked()+`) RETURNING `+columns,
			r.leaseFrom(now), r.name, now.UnixMicro(), r.kinds).Scan(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("claim a job: %w", err)
	}
	if len(rows) == 0 { // another worker was faster, or a dead one's transaction is still being rolled back
		if which == expired {
			r.lastSweep.Store(0) // so look again soon, not half a lease later
		}
		return nil, nil
	}
	return &rows[0], nil
}

// endExpired ends jobs whose worker died and that are not to be tried again:
// cancelled ones, and those that have ended their worker every time.
func (r *Runner) endExpired(ctx context.Context) error {
	return r.DB.InTx(ctx, r.Now, func(tx *gorm.DB, now db.Time) error {
		var ended []row
		err := tx.Raw(`UPDATE job SET state = CASE WHEN cancel THEN 'cancelled' ELSE 'failed' END, error = 'its worker ended without a word', ended_at = ?
			WHERE state = 'running' AND lease_until < ? AND kind IN ? AND (cancel OR attempts >= max_attempts)
			RETURNING id, kind, state`, now.UnixMicro(), now.UnixMicro(), r.kinds).Scan(&ended).Error
		if err != nil {
			return fmt.Errorf("end expired jobs: %w", err)
		}
		for _, j := range ended {
			if r.Ended == nil {
				break
			}
			if err := r.Ended(tx, j.Kind, j.ID, j.State); err != nil {
				return fmt.Errorf("end expired jobs: %w", err)
			}
		}
		return nil
	})
}

func (r *Runner) leaseFrom(now db.Time) int64 { return now.Add(r.Lease).UnixMicro() }
