package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Run is one attempt at a job: what its handler is given.
type Run struct {
	Job    // as it was claimed
	args   string
	fence  int64
	runner *Runner
}

// Args decodes the arguments of the job into v.
func (x *Run) Args(v any) error {
	if err := json.Unmarshal([]byte(x.args), v); err != nil {
		return fmt.Errorf("jobs: arguments of %s: %w", x.Kind, err)
	}
	return nil
}

// Save stores how far the work is, in the transaction of that work, and renews
// the lease. It must be called in each such transaction, best as its last
// statement. ErrLost and ErrCancelled tell the handler to roll back and return.
func (x *Run) Save(tx *gorm.DB, cursor string, done, total int64) error {
	return x.renew(tx, "cursor = ?, progress = ?, total = ?, ", cursor, done, total)
}

// renew extends the lease if the job is still ours.
func (x *Run) renew(tx *gorm.DB, set string, args ...any) error {
	lease := x.runner.leaseFrom(db.TimeOf(x.runner.Now()))
	var cancel []bool
	err := tx.Raw(`UPDATE job SET `+set+`lease_until = ? WHERE id = ? AND fence = ? AND state = 'running' RETURNING cancel`,
		append(args, lease, x.ID, x.fence)...).Scan(&cancel).Error
	switch {
	case err != nil:
		return fmt.Errorf("jobs: renew lease: %w", err)
	case len(cancel) == 0:
		return ErrLost
	case cancel[0]:
		return ErrCancelled
	}
	return nil
}

// handle runs one claimed job to the end of this attempt.
func (r *Runner) handle(ctx context.Context, claimed row) {
	x := &Run{Job: claimed.toJob(), args: claimed.Args, fence: claimed.Fence, runner: r}
	jobCtx, stop := context.WithCancelCause(ctx)
	beaten := make(chan struct{})
	go func() {
		defer close(beaten)
		x.beat(jobCtx, stop)
	}()
	err := x.call(jobCtx)
	if cause := context.Cause(jobCtx); cause != nil && err != nil {
		err = cause // what ended the handler says more than how it ended
	}
	stop(nil)
	<-beaten
	if err := x.end(ctx, err); err != nil {
		r.Log.ErrorContext(ctx, "job end", "job", x.ID, "kind", x.Kind, "error", err)
	}
}

// call runs the handler. A panic fails this attempt, not the process.
func (x *Run) call(ctx context.Context) (err error) {
	defer func() {
		if recover() != nil { // the value may hold personal data: the stack does not
			x.runner.Log.ErrorContext(ctx, "job panic", "job", x.ID, "kind", x.Kind, "stack", string(debug.Stack()))
			err = errors.New("panic in the handler")
		}
	}()
	return x.runner.Handlers[x.Kind](ctx, x)
}

// beat renews the lease until ctx ends, and ends it if the job is not ours any
// more. A database that is away is no verdict: the fence guards what is written.
func (x *Run) beat(ctx context.Context, stop context.CancelCauseFunc) {
	tick := time.NewTicker(x.runner.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := x.runner.DB.InTx(ctx, x.runner.Now, func(tx *gorm.DB, _ db.Time) error { return x.renew(tx, "") })
		switch {
		case errors.Is(err, ErrLost), errors.Is(err, ErrCancelled):
			stop(err)
			return
		case err != nil && ctx.Err() == nil:
			x.runner.Log.WarnContext(ctx, "job heartbeat", "job", x.ID, "kind", x.Kind, "error", err)
		}
	}
}

// endLimit is how long the end of an attempt may take to write, also in a
// shutdown.
const endLimit = 10 * time.Second

// end writes how the attempt ended, if the job is still ours.
func (x *Run) end(ctx context.Context, failure error) error {
	if errors.Is(failure, ErrLost) {
		return nil
	}
	shutdown := ctx.Err() != nil && failure != nil && !errors.Is(failure, ErrCancelled)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endLimit)
	defer cancel()
	return x.runner.DB.InTx(ctx, x.runner.Now, func(tx *gorm.DB, now db.Time) error {
		switch {
		case failure == nil:
			return x.close(tx, now, Done, "")
		case errors.Is(failure, ErrCancelled):
			return x.close(tx, now, Cancelled, "")
		case shutdown: // no fault of the job: at once, and not counted
			return x.requeue(tx, now, now, x.Attempts-1, "")
		case x.Attempts >= x.MaxAttempts:
			return x.close(tx, now, Failed, short(failure))
		}
		return x.requeue(tx, now, db.TimeOf(now.Add(backOff(x.Attempts))), x.Attempts, short(failure))
	})
}

func (x *Run) close(tx *gorm.DB, now db.Time, state State, failure string) error {
	return tx.Exec(`UPDATE job SET state = ?, error = ?, ended_at = ?, lease_until = 0 WHERE id = ? AND fence = ? AND state = 'running'`,
		state, failure, now.UnixMicro(), x.ID, x.fence).Error
}

// requeue gives the job back, unless somebody has asked to cancel it meanwhile.
func (x *Run) requeue(tx *gorm.DB, now, runAt db.Time, attempts int, failure string) error {
	return tx.Exec(`UPDATE job SET state = CASE WHEN cancel THEN 'cancelled' ELSE 'queued' END, ended_at = CASE WHEN cancel THEN CAST(? AS bigint) ELSE 0 END,
		run_at = ?, attempts = ?, error = ?, lease_until = 0 WHERE id = ? AND fence = ? AND state = 'running'`,
		now.UnixMicro(), runAt.UnixMicro(), attempts, failure, x.ID, x.fence).Error
}

// backOff is 2, 4, 8 ... seconds, at most about an hour, and up to a second more.
func backOff(attempts int) time.Duration {
	return time.Second<<min(attempts, 12) + rand.N(time.Second)
}

// short keeps an error to a readable length.
func short(err error) string {
	const limit = 500
	words := []rune(err.Error())
	return string(words[:min(len(words), limit)])
}
