package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/jobs"
)

// jobHandler is a handler that needs no context.
func jobHandler(f func(*jobs.Run) error) jobs.Handler {
	return func(_ context.Context, x *jobs.Run) error { return f(x) }
}

func TestTwoRunnersRunEachJobOnce(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		const total = 1000
		var mu sync.Mutex
		runs, byRunner := map[int]int{}, map[int]int{}
		all := make(chan struct{})
		clock := newClock()
		handler := func(runner int) jobs.Handler {
			return jobHandler(func(x *jobs.Run) error {
				var args struct{ N int }
				if err := x.Args(&args); err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				runs[args.N]++
				byRunner[runner]++
				if len(runs) == total {
					close(all)
				}
				return nil
			})
		}
		pools := []*db.DB{open(t, url), open(t, url)} // as two processes have
		err := pools[0].InTx(t.Context(), clock.now, func(tx *gorm.DB, now db.Time) error {
			for n := range total {
				if _, err := jobs.Enqueue(tx, jobs.Spec{Kind: "k", RunAt: now, Args: map[string]int{"N": n}}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var stops []func()
		for i, d := range pools {
			stops = append(stops, start(t, d, clock.now, map[string]jobs.Handler{"k": handler(i)}))
		}
		receive(t, all)
		for _, stop := range stops {
			stop()
		}
		for n, times := range runs {
			if times != 1 {
				t.Errorf("job %d ran %d times", n, times)
			}
		}
		if done := count(t, pools[0], "SELECT count(*) FROM job WHERE state = 'done' AND attempts = 1"); done != total {
			t.Errorf("%d jobs done at the first attempt, want %d", done, total)
		}
		if len(byRunner) != 2 {
			t.Errorf("only one runner worked: %v", byRunner)
		}
	})
}

// wait holds a handler up, whatever becomes of its context, until the test says
// go on or has ended.
func wait(t *testing.T, goOn <-chan struct{}) {
	select {
	case <-goOn:
	case <-t.Context().Done():
	}
}

func open(t *testing.T, url string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// A worker that is frozen past its lease is overtaken; woken, it can write
// nothing under the job any more.
func TestFrozenWorkerLosesItsFence(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		exec(t, d, "CREATE TABLE step (n int)")
		clock := newClock()
		claimed, verdict := make(chan int, 2), make(chan error, 2)
		thaw, finish := make(chan struct{}), make(chan struct{})
		handler := jobHandler(func(x *jobs.Run) error {
			claimed <- x.Attempts
			if x.Attempts == 1 {
				wait(t, thaw)
			}
			err := d.InTx(context.Background(), clock.now, func(tx *gorm.DB, _ db.Time) error {
				return errors.Join(tx.Exec("INSERT INTO step VALUES (?)", x.Attempts).Error, x.Save(tx, "end", 1, 1))
			})
			verdict <- err
			if x.Attempts == 2 {
				wait(t, finish) // still running when the frozen one wakes
			}
			return err
		})
		id := enqueue(t, d, clock.now, jobs.Spec{Kind: "k"})
		start(t, d, clock.now, map[string]jobs.Handler{"k": handler})
		receive(t, claimed)
		clock.move(2 * time.Hour)
		if attempt := receive(t, claimed); attempt != 2 {
			t.Errorf("attempt %d took over, want 2", attempt)
		}
		if err := receive(t, verdict); err != nil {
			t.Error(err)
		}
		before := get(t, d, id)
		close(thaw)
		if err := receive(t, verdict); !errors.Is(err, jobs.ErrLost) {
			t.Errorf("the frozen worker's save = %v, want ErrLost", err)
		}
		if n := count(t, d, "SELECT sum(n) FROM step"); n != 2 {
			t.Errorf("sum of steps = %d, want that of attempt 2 only", n)
		}
		if now := get(t, d, id); now != before {
			t.Errorf("the frozen worker changed the job from %+v to %+v", before, now)
		}
		close(finish)
		await(t, d, id, in(jobs.Done))
	})
}

// The frozen worker's verdict must not end the job of its successor either.
func TestOvertakenWorkerCannotEndTheJob(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := newClock()
		claimed := make(chan int, 2)
		release := map[int]chan struct{}{1: make(chan struct{}), 2: make(chan struct{})}
		handler := jobHandler(func(x *jobs.Run) error {
			claimed <- x.Attempts
			wait(t, release[x.Attempts])
			return nil
		})
		id := enqueue(t, d, clock.now, jobs.Spec{Kind: "k"})
		marker := enqueue(t, d, clock.now, jobs.Spec{Kind: "k2", RunAt: db.TimeOf(clock.now().Add(150 * time.Minute))})
		start(t, d, clock.now, map[string]jobs.Handler{"k": handler, "k2": jobHandler(func(*jobs.Run) error { return nil })})
		receive(t, claimed)
		clock.move(2 * time.Hour)
		receive(t, claimed)
		close(release[1])
		clock.move(30 * time.Minute) // the worker of attempt 1 is free again and takes the marker
		await(t, d, marker, in(jobs.Done))
		if j := get(t, d, id); j.State != jobs.Running || j.Attempts != 2 {
			t.Errorf("job = %+v, want attempt 2 running", j)
		}
		close(release[2])
		await(t, d, id, in(jobs.Done))
	})
}

func TestCancelOfARunningJobEndsItsHandler(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		d, other := open(t, url), open(t, url)
		clock := newClock()
		running := make(chan struct{})
		handler := func(ctx context.Context, x *jobs.Run) error {
			close(running)
			<-ctx.Done()
			return ctx.Err()
		}
		id := enqueue(t, d, clock.now, jobs.Spec{Kind: "k"})
		start(t, d, clock.now, map[string]jobs.Handler{"k": handler}, func(c *jobs.Config) { c.Lease = 15 * time.Millisecond })
		receive(t, running)
		if err := jobs.Cancel(other.DB, db.TimeOf(clock.now()), id); err != nil {
			t.Fatal(err)
		}
		if j := await(t, d, id, func(j jobs.Job) bool { return j.State != jobs.Running }); j.State != jobs.Cancelled || j.EndedAt.IsZero() {
			t.Errorf("job = %+v, want cancelled", j)
		}
	})
}

func TestCancelIsSeenBySaveWhichRollsBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		exec(t, d, "CREATE TABLE step (n int)")
		clock := newClock()
		running, goOn := make(chan struct{}), make(chan struct{})
		handler := jobHandler(func(x *jobs.Run) error {
			close(running)
			wait(t, goOn)
			return d.InTx(context.Background(), clock.now, func(tx *gorm.DB, _ db.Time) error {
				return errors.Join(tx.Exec("INSERT INTO step VALUES (1)").Error, x.Save(tx, "1", 1, 2))
			})
		})
		id := enqueue(t, d, clock.now, jobs.Spec{Kind: "k"})
		start(t, d, clock.now, map[string]jobs.Handler{"k": handler})
		receive(t, running)
		if err := jobs.Cancel(d.DB, db.TimeOf(clock.now()), id); err != nil {
			t.Fatal(err)
		}
		close(goOn)
		if j := await(t, d, id, in(jobs.Cancelled)); j.Cursor != "" || j.Progress != 0 {
			t.Errorf("job = %+v, want no progress", j)
		}
		if n := count(t, d, "SELECT count(*) FROM step"); n != 0 {
			t.Error("the work of a cancelled step is there")
		}
	})
}

func TestShutdownGivesTheJobBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := newClock()
		running := make(chan string, 2)
		handler := func(ctx context.Context, x *jobs.Run) error {
			running <- x.Cursor
			if x.Cursor != "" {
				return nil
			}
			if err := d.InTx(ctx, clock.now, func(tx *gorm.DB, _ db.Time) error { return x.Save(tx, "line 7", 7, 10) }); err != nil {
				return err
			}
			<-ctx.Done()
			return fmt.Errorf("copy: %w", ctx.Err())
		}
		handlers := map[string]jobs.Handler{"k": handler}
		id := enqueue(t, d, clock.now, jobs.Spec{Kind: "k"})
		stop := start(t, d, clock.now, handlers)
		receive(t, running)
		await(t, d, id, func(j jobs.Job) bool { return j.Progress == 7 })
		stop()
		if j := get(t, d, id); j.State != jobs.Queued || j.Attempts != 0 || j.Error != "" || !j.RunAt.Equal(clock.now()) {
			t.Errorf("after the shutdown: %+v, want queued at once, attempt not counted", j)
		}
		start(t, d, clock.now, handlers)
		if cursor := receive(t, running); cursor != "line 7" {
			t.Errorf("taken up at %q, want line 7", cursor)
		}
		if j := await(t, d, id, in(jobs.Done)); j.Attempts != 1 || j.Total != 10 {
			t.Errorf("job = %+v", j)
		}
	})
}

func TestFailureBacksOffAndEndsAfterMaxAttempts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := newClock()
		id := enqueue(t, d, clock.now, jobs.Spec{Kind: "k", MaxAttempts: 3})
		start(t, d, clock.now, map[string]jobs.Handler{"k": jobHandler(func(x *jobs.Run) error {
			if x.Attempts == 2 {
				panic("Amina's value")
			}
			return errors.New("the peer is away")
		})})
		for attempt, least := range map[int]time.Duration{1: 2 * time.Second} {
			j := await(t, d, id, func(j jobs.Job) bool { return j.State == jobs.Queued && j.Attempts == attempt })
			if wait := j.RunAt.Sub(clock.now()); wait < least || wait >= least+time.Second || j.Error != "the peer is away" {
				t.Errorf("attempt %d: again in %v, error %q; want %v and a bit", attempt, wait, j.Error, least)
			}
		}
		clock.move(3 * time.Second)
		j := await(t, d, id, func(j jobs.Job) bool { return j.State == jobs.Queued && j.Attempts == 2 })
		if wait := j.RunAt.Sub(clock.now()); wait < 4*time.Second || wait >= 5*time.Second || strings.Contains(j.Error, "Amina") || j.Error == "" {
			t.Errorf("after a panic: again in %v, error %q; want 4 s and a bit, and no value of the panic", wait, j.Error)
		}
		clock.move(5 * time.Second)
		if j := await(t, d, id, in(jobs.Failed)); j.Attempts != 3 || j.Error != "the peer is away" || !j.EndedAt.Equal(clock.now()) {
			t.Errorf("job = %+v, want failed after 3", j)
		}
	})
}

// A job that kills its process each time must not do so for ever.
func TestJobWhoseWorkersDieEnds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := newClock()
		poison := enqueue(t, d, clock.now, jobs.Spec{Kind: "k", MaxAttempts: 1})
		unwanted := enqueue(t, d, clock.now, jobs.Spec{Kind: "k"})
		exec(t, d, "UPDATE job SET state = 'running', attempts = 1, fence = 1, lease_until = 1") // as two dead workers leave them
		if err := jobs.Cancel(d.DB, db.TimeOf(clock.now()), unwanted); err != nil {
			t.Fatal(err)
		}
		start(t, d, clock.now, map[string]jobs.Handler{"k": jobHandler(func(x *jobs.Run) error {
			t.Errorf("%v ran again", x.ID)
			return nil
		})})
		await(t, d, poison, in(jobs.Failed))
		await(t, d, unwanted, in(jobs.Cancelled))
	})
}

func TestJobOfAnUnknownKindIsLeftAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := newClock()
		unknown := enqueue(t, d, clock.now, jobs.Spec{Kind: "of a newer release"})
		known := enqueue(t, d, clock.now, jobs.Spec{Kind: "k"})
		start(t, d, clock.now, map[string]jobs.Handler{"k": jobHandler(func(*jobs.Run) error { return nil })})
		await(t, d, known, in(jobs.Done))
		if j := get(t, d, unknown); j.State != jobs.Queued || j.Attempts != 0 {
			t.Errorf("job = %+v, want untouched", j)
		}
	})
}

func TestWakeMakesAnIdleRunnerLookAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := newClock()
		r, err := jobs.New(jobs.Config{DB: d, Now: clock.now, Poll: 24 * time.Hour, Workers: 1,
			Handlers: map[string]jobs.Handler{"k": jobHandler(func(*jobs.Run) error { return nil })}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = r.Run(ctx) })
		defer running.Wait()
		defer cancel()
		id := enqueue(t, d, clock.now, jobs.Spec{Kind: "k"})
		r.Wake()
		await(t, d, id, in(jobs.Done))
	})
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	if _, err := jobs.New(jobs.Config{}); err == nil {
		t.Error("a runner without anything was made")
	}
}
