package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/jobs"
)

// schedule is work that the servers ask for by themselves.
type schedule struct {
	name  string
	every time.Duration
	kind  string
	args  any
	key   string // as oneAtATime
}

// schedules lists it.
func schedules() []schedule {
	return []schedule{
		{name: "daily audit", every: 24 * time.Hour, kind: jobAudit, args: auditArgs{}, key: auditKey(false)},
	}
}

// EnqueueDue asks for the work of the service's own schedule that is due, and tells
// how many jobs it has made. Every server calls it now and then: of several, one
// asks. Work of that kind that somebody else has asked for counts as done.
func (r *Registry) EnqueueDue(ctx context.Context) (n int, err error) {
	for _, s := range schedules() {
		made := false
		err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
			made = false
			due, err := takeTurn(tx, s, now)
			if err != nil || !due {
				return err
			}
			_, err = r.enqueue(tx, now, System(), s.kind, s.args, oneAtATime(s.key))
			if made = err == nil; fault.CodeOf(err) == "job_exists" {
				err = nil
			}
			return err
		})
		if err != nil {
			return n, fmt.Errorf("ask for the %s: %w", s.name, err)
		}
		if made {
			n++
		}
	}
	return n, nil
}

// takeTurn tells whether it is time, and if so that this caller was the first to
// ask: the row decides between two servers.
func takeTurn(tx *gorm.DB, s schedule, now db.Time) (bool, error) {
	first := tx.Exec(`INSERT INTO job_schedule (name, asked_at) VALUES (?, ?) ON CONFLICT DO NOTHING`, s.name, now)
	if first.Error != nil || first.RowsAffected == 1 {
		return first.Error == nil, first.Error
	}
	again := tx.Exec(`UPDATE job_schedule SET asked_at = ? WHERE name = ? AND asked_at <= ?`, now, s.name, db.TimeOf(now.Add(-s.every)))
	return again.RowsAffected == 1, again.Error
}

// purgeBatch is how many jobs are deleted in one transaction.
const purgeBatch = 1000

// PurgeJobs deletes jobs that ended longer ago than keep, with their results, and
// tells how many there were.
func (r *Registry) PurgeJobs(ctx context.Context, keep time.Duration) (n int64, err error) {
	if keep <= 0 {
		return 0, errors.New("purge jobs: what has just ended is not purged")
	}
	for {
		var some int
		err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
			some, err = jobs.Purge(tx, db.TimeOf(now.Add(-keep)), purgeBatch)
			return err
		})
		n += int64(some)
		if err != nil || some < purgeBatch {
			return n, err
		}
	}
}
