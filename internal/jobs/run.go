package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync/atomic"
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
	atEnd  func(tx *gorm.DB, state State) error
	stop   context.CancelCauseFunc // ends the handler's context
	told   atomic.Int64            // when Tell wrote last, microseconds
}

// Failure is what a handler returns to say more of an attempt that failed. Any
// other error is kept with the job in its own words, and the job tried again.
type Failure struct {
	Err   error  // for the log
	Words string // what is kept with the job instead
	Final bool   // trying again is of no use: the job has failed
}

// Error gives the words of the cause.
func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Args decodes the arguments of the job into v.
func (x *Run) Args(v any) error {
	if err := json.Unmarshal([]byte(x.args), v); err != nil {
		return fmt.Errorf("jobs: arguments of %s: %w", x.Kind, err)
	}
	return nil
}

// MapArgs puts what f makes of the arguments in their place: whoever enqueued the
// job may have sealed them.
func (x *Run) MapArgs(f func(stored []byte) ([]byte, error)) error {
	args, err := f([]byte(x.args))
	if err != nil {
		return fmt.Errorf("jobs: arguments of %s: %w", x.Kind, err)
	}
	x.args = string(args)
	return nil
}

// Save stores how far the work is, in the transaction of that work, and renews
// the lease. It must be called in each such transaction, best as its last
// statement. ErrLost and ErrCancelled tell the handler to roll back and return.
func (x *Run) Save(tx *gorm.DB, cursor string, done, total int64) error {
	return x.renew(tx, "cursor = ?, progress = ?, total = ?, ", cursor, done, total)
}

// Hold renews the lease and stores nothing else. As the last statement of a
// transaction it keeps a worker that has lost the job, or whose job is cancelled,
// from committing: ErrLost and ErrCancelled are for rolling back.
func (x *Run) Hold(tx *gorm.DB) error { return x.renew(tx, "") }

// AtEnd lets f write in the transaction that ends this attempt, if the job is
// still ours: state is what becomes of the job, Queued if it is tried again. An
// error of f is logged, and leaves the job to the next worker.
func (x *Run) AtEnd(f func(tx *gorm.DB, state State) error) { x.atEnd = f }

// tellEvery is how often Tell writes at most.
const tellEvery = 500 * time.Millisecond

// Tell keeps how far the work is, now and then, where no transaction of the work
// could: it writes one of its own, so it must not be called in one. If the job is
// cancelled or lost, the handler's context ends.
func (x *Run) Tell(ctx context.Context, done, total int64) {
	now, last := time.Now().UnixMicro(), x.told.Load()
	if now-last < tellEvery.Microseconds() || !x.told.CompareAndSwap(last, now) {
		return
	}
	err := x.runner.DB.InTx(db.Besides(ctx, nil), x.runner.Now, func(tx *gorm.DB, _ db.Time) error {
		return x.renew(tx, "progress = ?, total = ?, ", done, total)
	})
	x.check(ctx, err)
}

// check ends the handler's context if the job is not ours any more. A database
// that is away is no verdict: the fence guards what is written.
func (x *Run) check(ctx context.Context, err error) (ours bool) {
	switch {
	case errors.Is(err, ErrLost), errors.Is(err, ErrCancelled):
		x.stop(err)
		return false
	case err != nil && ctx.Err() == nil:
		x.runner.Log.WarnContext(ctx, "job heartbeat", "job", x.ID, "job_kind", x.Kind, "error", err)
	}
	return true
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
	x.stop = stop
	beaten := make(chan struct{})
	go func() {
		defer close(beaten)
		x.beat(jobCtx)
	}()
	err := x.call(jobCtx)
	if cause := context.Cause(jobCtx); cause != nil && err != nil {
		err = cause // what ended the handler says more than how it ended
	}
	stop(nil)
	<-beaten
	if err != nil && ctx.Err() == nil && !errors.Is(err, ErrLost) && !errors.Is(err, ErrCancelled) {
		r.Log.WarnContext(ctx, "job attempt failed", "job", x.ID, "job_kind", x.Kind, "attempt", x.Attempts, "error", err)
	}
	if err := x.end(ctx, err); err != nil {
		r.Log.ErrorContext(ctx, "job end", "job", x.ID, "job_kind", x.Kind, "error", err)
	}
}

// call runs the handler. A panic fails this attempt, not the process.
func (x *Run) call(ctx context.Context) (err error) {
	defer func() {
		if recover() != nil { // the value may hold personal data: the stack does not
			x.runner.Log.ErrorContext(ctx, "job panic", "job", x.ID, "job_kind", x.Kind, "stack", string(debug.Stack()))
			err = errors.New("panic in the handler")
		}
	}()
	return x.runner.Handlers[x.Kind](ctx, x)
}

// beat renews the lease until ctx ends, and ends it if the job is not ours any
// more.
func (x *Run) beat(ctx context.Context) {
	tick := time.NewTicker(x.runner.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := x.runner.DB.InTx(ctx, x.runner.Now, func(tx *gorm.DB, _ db.Time) error { return x.Hold(tx) })
		if !x.check(ctx, err) {
			return
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
		state, err := x.endAs(tx, now, failure, shutdown)
		if err != nil || state == "" || x.atEnd == nil {
			return err
		}
		return x.atEnd(tx, state)
	})
}

// endAs writes the end of an attempt and gives the state of the job; "" if it is
// not ours any more.
func (x *Run) endAs(tx *gorm.DB, now db.Time, failure error, shutdown bool) (State, error) {
	var f *Failure
	final := errors.As(failure, &f) && f.Final
	switch {
	case failure == nil:
		return x.close(tx, now, Done, "")
	case errors.Is(failure, ErrCancelled):
		return x.close(tx, now, Cancelled, "")
	case shutdown && !final: // no fault of the job: at once, and not counted
		return x.requeue(tx, now, now, x.Attempts-1, "")
	case final || x.Attempts >= x.MaxAttempts:
		return x.close(tx, now, Failed, short(failure))
	}
	return x.requeue(tx, now, db.TimeOf(now.Add(backOff(x.Attempts))), x.Attempts, short(failure))
}

func (x *Run) close(tx *gorm.DB, now db.Time, state State, failure string) (State, error) {
	return x.stateAfter(tx, `state = ?, error = ?, ended_at = ?`, state, failure, now.UnixMicro())
}

// requeue gives the job back, unless somebody has asked to cancel it meanwhile.
func (x *Run) requeue(tx *gorm.DB, now, runAt db.Time, attempts int, failure string) (State, error) {
	return x.stateAfter(tx, `state = CASE WHEN cancel THEN 'cancelled' ELSE 'queued' END, ended_at = CASE WHEN cancel THEN CAST(? AS bigint) ELSE 0 END,
		run_at = ?, attempts = ?, error = ?`, now.UnixMicro(), runAt.UnixMicro(), attempts, failure)
}

func (x *Run) stateAfter(tx *gorm.DB, set string, args ...any) (state State, err error) {
	err = tx.Raw(`UPDATE job SET `+set+`, lease_until = 0 WHERE id = ? AND fence = ? AND state = 'running' RETURNING state`,
		append(args, x.ID, x.fence)...).Scan(&state).Error
	return state, err
}

// backOff is 2, 4, 8 ... seconds, at most about an hour, and up to a second more.
func backOff(attempts int) time.Duration {
	return time.Second<<min(attempts, 12) + rand.N(time.Second)
}

// short gives what is kept of a failure, at a readable length.
func short(err error) string {
	const limit = 500
	words := []rune(err.Error())
	if f := (*Failure)(nil); errors.As(err, &f) {
		words = []rune(f.Words)
	}
	return string(words[:min(len(words), limit)])
}
