package jobs_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/jobs"
)

func TestMain(m *testing.M) {
	url := os.Getenv(childURL)
	if url == "" {
		dbtest.Main(m)
	}
	if err := child(url); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// testClock stands still until it is moved.
type testClock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *testClock {
	return &testClock{at: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
}

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *testClock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// start runs a runner until the test ends or stop is called; stop waits for it.
// The lease is an hour of the test's clock: no heartbeat comes by itself.
func start(t *testing.T, d *db.DB, now func() time.Time, handlers map[string]jobs.Handler, change ...func(*jobs.Config)) (stop func()) {
	t.Helper()
	c := jobs.Config{DB: d, Handlers: handlers, Now: now, Lease: time.Hour, Poll: 2 * time.Millisecond}
	for _, f := range change {
		f(&c)
	}
	r, err := jobs.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}

func enqueue(t *testing.T, d *db.DB, now func() time.Time, s jobs.Spec) uuid.UUID {
	t.Helper()
	var id uuid.UUID
	err := d.InTx(t.Context(), now, func(tx *gorm.DB, now db.Time) (err error) {
		if s.RunAt.IsZero() {
			s.RunAt = now
		}
		id, err = jobs.Enqueue(tx, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func get(t *testing.T, d *db.DB, id uuid.UUID) jobs.Job {
	t.Helper()
	j, err := jobs.Get(d.DB, id)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// limit is far above what any wait here takes.
const limit = 60 * time.Second

// await waits until a job is as wanted.
func await(t *testing.T, d *db.DB, id uuid.UUID, want func(jobs.Job) bool) jobs.Job {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		j := get(t, d, id)
		if want(j) {
			return j
		}
		if time.Now().After(deadline) {
			t.Fatalf("the job stays %+v", j)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func in(state jobs.State) func(jobs.Job) bool {
	return func(j jobs.Job) bool { return j.State == state }
}

// receive waits for a value from a handler.
func receive[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(limit):
		t.Fatal("nothing came from the handler")
	}
	return v
}

func exec(t *testing.T, d *db.DB, statement string) {
	t.Helper()
	if err := d.Exec(statement).Error; err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, d *db.DB, query string) (n int) {
	t.Helper()
	if err := d.Raw(query).Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}
