package issuer_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

const (
	interleavings = 1000
	writers       = 32
)

// Once the follower has reached the end of the change log, every credential
// whose status is valid holds only values that are attested now, whatever edits,
// rejections and issues ran into each other.
func TestInterleavedWritesLeaveNoStaleCredential(t *testing.T) {
	t.Parallel()
	r := newRace(t, func(d *db.DB) *db.DB { return d }, 20*time.Millisecond)
	r.run(interleavings)
	valid, stale := r.judge()
	t.Logf("%d interleavings: %d issued, %d refused; %d valid at the end", interleavings, r.issued.Load(), r.refused.Load(), valid)
	if len(stale) > 0 {
		t.Errorf("%d valid credentials hold values that are not attested: %v", len(stale), stale)
	}
	if valid != interleavings/4 { // those whose write did not touch them
		t.Errorf("%d valid, want %d", valid, interleavings/4)
	}
	if r.issued.Load() < interleavings/2 || r.refused.Load() < interleavings/4 {
		t.Errorf("issued %d, refused %d: the races miss a side", r.issued.Load(), r.refused.Load())
	}
	if r.slipped.Load() > 0 {
		t.Errorf("%d writes went through a locked record", r.slipped.Load())
	}
}

// The same with the lock taken out: the test above has to fail then, or it shows
// nothing.
func TestWithoutTheLockStaleCredentialsStayValid(t *testing.T) {
	t.Parallel()
	r := newRace(t, withoutLock, 5*time.Second)
	r.run(interleavings / 10)
	valid, stale := r.judge()
	t.Logf("without the lock: %d of %d valid credentials are stale", len(stale), valid)
	if len(stale) == 0 {
		t.Error("taking the lock out was not noticed")
	}
}

// unlocked is a dialect that locks no row for reading.
type unlocked struct{ db.Dialect }

func (unlocked) ForShare() string { return "" }

func withoutLock(d *db.DB) *db.DB {
	c := *d
	c.Dialect = unlocked{d.Dialect}
	return &c
}

// race lets issues and writes run into each other.
type race struct {
	t        *testing.T
	w        *world
	ctx      context.Context
	patience time.Duration // how long a reservation stays open for the write behind the gate

	issued, refused, slipped atomic.Int64
}

// meeting says where in the reserving transaction of one issue its write begins.
// It travels in the context of the issue.
type meeting struct {
	race  *race
	after bool // behind the gate, not before it
	once  sync.Once
	write func() error
	done  chan error
}

type meetingKey struct{}

func newRace(t *testing.T, handle func(*db.DB) *db.DB, patience time.Duration) *race {
	// An issue that waits for its write holds a connection; the write needs another.
	d := openURL(t, dbtest.URL(t, "postgres")+"&pool_max_conns=80")
	r := &race{t: t, ctx: context.Background(), patience: patience}
	r.w = newWorld(t, d)
	r.w.Issuer = r.w.issuer(t, handle(d))
	must(t, d.Callback().Row().Before("gorm:row").Register("test:before_gate", func(tx *gorm.DB) { meet(tx, false) }))
	must(t, d.Callback().Row().After("gorm:row").Register("test:after_gate", func(tx *gorm.DB) { meet(tx, true) }))
	return r
}

// meet starts the write of the meeting in the context, if its place is here.
func meet(tx *gorm.DB, after bool) {
	m, ok := tx.Statement.Context.Value(meetingKey{}).(*meeting)
	if ok && m.after == after && strings.Contains(tx.Statement.SQL.String(), "registrant_gate") {
		m.once.Do(m.begin)
	}
}

// begin starts the write and waits until it is through, and the follower with
// it; but not for ever, for behind the gate the write has to wait for us.
func (m *meeting) begin() {
	through := make(chan struct{})
	go func() {
		m.done <- m.write()
		close(through)
	}()
	patience := m.race.patience
	if !m.after {
		patience = time.Minute // nothing holds it up
	}
	select {
	case <-through:
		if m.after {
			m.race.slipped.Add(1)
		}
		for range 3 {
			if _, _, err := m.race.w.Follow(m.race.ctx); err != nil {
				m.race.t.Error(err)
			}
		}
	case <-time.After(patience):
	}
}

// run makes n interleavings, 32 at a time, while a follower reads the log.
func (r *race) run(n int) {
	stop := make(chan struct{})
	var follower, workers sync.WaitGroup
	follower.Go(func() {
		pause := time.NewTicker(5 * time.Millisecond)
		defer pause.Stop()
		for {
			select {
			case <-stop:
				return
			case <-pause.C:
				if _, _, err := r.w.Follow(r.ctx); err != nil {
					r.t.Error(err)
					return
				}
			}
		}
	})
	var next atomic.Int64
	for range writers {
		workers.Go(func() {
			for k := next.Add(1); k <= int64(n); k = next.Add(1) {
				if err := r.one(int(k)); err != nil {
					r.t.Error(err)
					return
				}
			}
		})
	}
	workers.Wait()
	close(stop)
	follower.Wait()
}

// one lets the issue of one person's credential and one write meet. k picks the
// kind of write and the place where they meet.
func (r *race) one(k int) error {
	p, err := r.w.registry.Register(r.ctx, r.w.admin, registry.Change{Set: amina()})
	if err != nil {
		return err
	}
	if err := r.w.tryDecide(p.ID, registry.StateAttested, mandatory()...); err != nil {
		return fmt.Errorf("attest: %w", err)
	}
	m := &meeting{race: r, after: k%2 == 0, done: make(chan error, 1), write: r.writes(p.ID)[k/2%4]}
	_, err = r.w.ask(context.WithValue(r.ctx, meetingKey{}, m), r.w.token(r.t, p.ID, sd), sd, newHolder(r.t))
	switch {
	case err == nil:
		r.issued.Add(1)
	case oauth.CodeOf(err) == "credential_request_denied":
		r.refused.Add(1)
	default:
		return fmt.Errorf("issue: %w", err)
	}
	if err := <-m.done; err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// writes are the kinds of write: three that touch what is issued, and one that
// does not, after which the credential stays valid.
func (r *race) writes(id uuid.UUID) []func() error {
	return []func() error{
		func() error { return r.w.tryEdit(id, map[string]string{"given_name": "Aminata"}) },
		func() error { return r.w.tryDecide(id, registry.StateRejected, "family_name") },
		func() error { return r.w.tryEdit(id, map[string]string{"birth_date": ""}) },
		func() error { return r.w.tryEdit(id, map[string]string{"region": "South"}) },
	}
}

// judge lets the follower finish and gives how many credentials are valid and
// which of them hold a value that is not attested now.
func (r *race) judge() (valid int, stale []string) {
	r.w.follow(r.t)
	var people []uuid.UUID
	must(r.t, r.w.db.Raw("SELECT id FROM registrant").Scan(&people).Error)
	for _, id := range people {
		now, err := r.w.registry.Attested(r.ctx, id)
		must(r.t, err)
		for _, c := range r.w.live(r.t, id) {
			valid++
			for field, hash := range c.Fields {
				if string(now.Values[field].Hash) != string(hash) {
					stale = append(stale, fmt.Sprintf("%s of %s", field, c.ID))
				}
			}
		}
	}
	return valid, stale
}
