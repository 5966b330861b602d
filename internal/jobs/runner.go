package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Handler does the work of one kind. It must return soon after ctx ends: by a
// shutdown, a cancel, or because another worker took the job over.
type Handler func(ctx context.Context, r *Run) error

// Config is what a Runner needs. Zero durations and counts get a default.
type Config struct {
	DB       *db.DB
	Handlers map[string]Handler // by kind; jobs of other kinds are left alone
	Now      func() time.Time
	Log      *slog.Logger
	Lease    time.Duration // how soon a dead worker's job is taken up: 30 s
	Poll     time.Duration // how often an idle worker looks: 200 ms
	Workers  int           // handlers at the same time: 2; on SQLite more gain nothing

	// Ended, unless nil, writes in the transaction that ends a job whose worker
	// died: no handler is there to say what becomes of its work.
	Ended func(tx *gorm.DB, kind string, id uuid.UUID, state State) error
}

// Runner claims jobs and runs their handlers.
type Runner struct {
	Config
	kinds     []string
	name      string
	wake      chan struct{}
	lastSweep atomic.Int64 // when expired leases were last looked for, microseconds
}

// New makes a runner. It starts nothing.
func New(c Config) (*Runner, error) {
	if c.DB == nil || c.Now == nil || len(c.Handlers) == 0 {
		return nil, errors.New("jobs: a runner needs a database, a clock and handlers")
	}
	c.Lease = positive(c.Lease, 30*time.Second)
	c.Poll = positive(c.Poll, 200*time.Millisecond)
	c.Workers = positive(c.Workers, 2)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("jobs: name of this host: %w", err)
	}
	return &Runner{
		Config: c, kinds: slices.Sorted(maps.Keys(c.Handlers)),
		name: fmt.Sprintf("%s/%d", host, os.Getpid()), wake: make(chan struct{}, 1),
	}, nil
}

func positive[N time.Duration | int](n, otherwise N) N {
	if n > 0 {
		return n
	}
	return otherwise
}

// Wake makes an idle worker of this process look at once. Call it after the
// commit of an Enqueue; it never waits.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default: // one is on its way
	}
}

// Run works until ctx ends and every handler has returned. Jobs that the end of
// ctx interrupts go back to the queue at once. A database that is away is no
// reason to end: it is logged and tried again.
func (r *Runner) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range r.Workers {
		workers.Go(func() { r.work(ctx) })
	}
	workers.Wait()
	return nil
}

// Drain works, one job after the other, until none is due, and tells how many
// attempts it made. It returns the error of the database, or of ctx.
func (r *Runner) Drain(ctx context.Context) (attempts int, err error) {
	for ctx.Err() == nil {
		claimed, err := r.claim(ctx)
		if err != nil || claimed == nil {
			return attempts, err
		}
		r.handle(ctx, *claimed)
		attempts++
	}
	return attempts, context.Cause(ctx)
}

func (r *Runner) work(ctx context.Context) {
	for ctx.Err() == nil {
		claimed, err := r.claim(ctx)
		if err != nil && ctx.Err() == nil {
			r.Log.ErrorContext(ctx, "job claim", "error", err)
		}
		if claimed != nil {
			r.handle(ctx, *claimed)
			continue
		}
		r.idle(ctx)
	}
}

// idle waits for a wake-up, the next look or the end. The jitter keeps several
// processes from looking in step.
func (r *Runner) idle(ctx context.Context) {
	next := time.NewTimer(r.Poll + rand.N(r.Poll))
	defer next.Stop()
	select {
	case <-ctx.Done():
	case <-r.wake:
	case <-next.C:
	}
}
