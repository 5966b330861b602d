package jobs_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/jobs"
)

// The outbox: no job without its change.
func TestEnqueueIsRolledBackWithItsTransaction(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		boom := errors.New("boom")
		var id uuid.UUID
		err := d.InTx(t.Context(), newClock().now, func(tx *gorm.DB, now db.Time) (err error) {
			id, err = jobs.Enqueue(tx, jobs.Spec{Kind: "k", RunAt: now})
			return errors.Join(err, boom)
		})
		if !errors.Is(err, boom) || id == uuid.Nil {
			t.Fatalf("id %v, error %v", id, err)
		}
		if _, err := jobs.Get(d.DB, id); !errors.Is(err, jobs.ErrNotFound) {
			t.Errorf("Get = %v, want ErrNotFound", err)
		}
	})
}

func TestEnqueueRefuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := db.TimeOf(newClock().now())
		for name, s := range map[string]jobs.Spec{
			"no kind":     {RunAt: now},
			"no time":     {Kind: "k"},
			"not as JSON": {Kind: "k", RunAt: now, Args: math.NaN()},
		} {
			if id, err := jobs.Enqueue(d.DB, s); err == nil {
				t.Errorf("%s: enqueued %v", name, id)
			}
		}
		if n := count(t, d, "SELECT count(*) FROM job"); n != 0 {
			t.Errorf("%d jobs written", n)
		}
	})
}

func TestUniqueKeyHoldsWhileTheJobIsLive(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := newClock()
		spec := jobs.Spec{Kind: "import", UniqueKey: "file-1"}
		first := enqueue(t, d, clock.now, spec)
		if again := enqueue(t, d, clock.now, spec); again != first {
			t.Errorf("a second live job %v beside %v", again, first)
		}
		others := map[uuid.UUID]bool{
			first: true,
			enqueue(t, d, clock.now, jobs.Spec{Kind: "import", UniqueKey: "file-2"}): true,
			enqueue(t, d, clock.now, jobs.Spec{Kind: "export", UniqueKey: "file-1"}): true,
			enqueue(t, d, clock.now, jobs.Spec{Kind: "import"}):                      true,
			enqueue(t, d, clock.now, jobs.Spec{Kind: "import"}):                      true,
		}
		if len(others) != 5 {
			t.Errorf("%d jobs, want 5: another key, another kind, and no key twice", len(others))
		}
		if err := jobs.Cancel(d.DB, db.TimeOf(clock.now()), first); err != nil {
			t.Fatal(err)
		}
		if after := enqueue(t, d, clock.now, spec); after == first {
			t.Error("an ended job still holds its key")
		}
	})
}

func TestCancelQueuedJob(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := newClock()
		now := db.TimeOf(clock.now())
		id := enqueue(t, d, clock.now, jobs.Spec{Kind: "k"})
		if err := jobs.Cancel(d.DB, now, id); err != nil {
			t.Fatal(err)
		}
		if j := get(t, d, id); j.State != jobs.Cancelled || !j.EndedAt.Equal(now.Time) {
			t.Errorf("job = %+v, want cancelled at %v", j, now)
		}
		if err := jobs.Cancel(d.DB, now, id); !errors.Is(err, jobs.ErrEnded) {
			t.Errorf("second cancel = %v, want ErrEnded", err)
		}
		if err := jobs.Cancel(d.DB, now, uuid.New()); !errors.Is(err, jobs.ErrNotFound) {
			t.Errorf("cancel of nothing = %v, want ErrNotFound", err)
		}
	})
}

func TestJobRunsNotBeforeItsTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := newClock()
		ran := make(chan string, 10)
		handler := func(name string) jobs.Handler {
			return jobHandler(func(*jobs.Run) error { ran <- name; return nil })
		}
		at := db.TimeOf(clock.now().Add(time.Minute))
		later := enqueue(t, d, clock.now, jobs.Spec{Kind: "later", RunAt: at})
		clock.move(time.Minute - time.Microsecond)
		start(t, d, clock.now, map[string]jobs.Handler{"later": handler("later"), "now": handler("now")})
		marker := enqueue(t, d, clock.now, jobs.Spec{Kind: "now"})
		await(t, d, marker, in(jobs.Done))
		if j := get(t, d, later); j.State != jobs.Queued || len(ran) != 1 {
			t.Errorf("a microsecond early: %+v", j)
		}
		clock.move(time.Microsecond)
		if j := await(t, d, later, in(jobs.Done)); j.Attempts != 1 || !j.EndedAt.Equal(at.Time) {
			t.Errorf("job = %+v", j)
		}
	})
}
