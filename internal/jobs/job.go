package jobs

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// What the functions of this package return, to be told apart by errors.Is.
var (
	ErrNotFound  = errors.New("jobs: no such job")
	ErrEnded     = errors.New("jobs: the job has ended")
	ErrLost      = errors.New("jobs: another worker holds the job")
	ErrCancelled = errors.New("jobs: the job is cancelled")
)

// State is where a job stands. Queued and Running are live; the others are the
// ends.
type State string

// The states.
const (
	Queued    State = "queued"
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// DefaultMaxAttempts is how often a job is tried if its Spec does not say. With
// the back-off it spans about half an hour.
const DefaultMaxAttempts = 10

// Spec describes a job to enqueue.
type Spec struct {
	Kind        string  // names the handler
	Args        any     // a JSON object for the handler; nil is {}
	RunAt       db.Time // not before; the transaction's now for "at once"
	MaxAttempts int     // 0 is DefaultMaxAttempts
	UniqueKey   string  // "" is none; else one live job per kind and key
}

// Job is a job as stored.
type Job struct {
	ID          uuid.UUID
	Kind        string
	State       State
	RunAt       time.Time
	Attempts    int // claims so far; one that ended by a shutdown does not count
	MaxAttempts int
	Cursor      string // where the work stands, in the handler's own words
	Progress    int64  // units done, of Total
	Total       int64
	Cancel      bool      // somebody has asked to end it
	Error       string    // of the last failed attempt
	EndedAt     time.Time // zero while it is live
}

// Enqueue writes a job in the caller's transaction and gives its id. If a live
// job of the same kind and unique key is there, it writes none and gives that
// one's id: it may be running already and not see what the caller has just
// written. Call Runner.Wake after the commit.
func Enqueue(tx *gorm.DB, s Spec) (uuid.UUID, error) {
	if s.Kind == "" || s.RunAt.IsZero() {
		return uuid.Nil, errors.New("jobs: enqueue: a job needs a kind and a time to run")
	}
	args, err := encodeArgs(s.Args)
	if err != nil {
		return uuid.Nil, fmt.Errorf("jobs: enqueue %s: %w", s.Kind, err)
	}
	if s.MaxAttempts <= 0 {
		s.MaxAttempts = DefaultMaxAttempts
	}
	// The live job that stood in the way may end between the two statements; then
	// the second round writes.
	for range 3 {
		id, err := insert(tx, s, args)
		if err == nil && id == uuid.Nil {
			id, err = findLive(tx, s)
		}
		if err != nil {
			return uuid.Nil, fmt.Errorf("jobs: enqueue %s: %w", s.Kind, err)
		}
		if id != uuid.Nil {
			return id, nil
		}
	}
	return uuid.Nil, fmt.Errorf("jobs: enqueue %s: jobs of its unique key come and go too fast", s.Kind)
}

func encodeArgs(args any) (string, error) {
	if args == nil {
		return "{}", nil
	}
	b, err := json.Marshal(args)
	return string(b), err
}

// insert gives uuid.Nil if the unique key is taken.
func insert(tx *gorm.DB, s Spec, args string) (uuid.UUID, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, err
	}
	var key *string
	if s.UniqueKey != "" {
		key = &s.UniqueKey
	}
	return one(tx.Raw(`INSERT INTO job (id, kind, args, state, run_at, max_attempts, unique_key) VALUES (?, ?, ?, 'queued', ?, ?, ?)
		ON CONFLICT DO NOTHING RETURNING id`, id, s.Kind, args, s.RunAt.UnixMicro(), s.MaxAttempts, key))
}

func findLive(tx *gorm.DB, s Spec) (uuid.UUID, error) {
	return one(tx.Raw(`SELECT id FROM job WHERE kind = ? AND unique_key = ? AND state IN ('queued', 'running')`, s.Kind, s.UniqueKey))
}

// one gives the id in the only row, or uuid.Nil if there is no row.
func one(q *gorm.DB) (uuid.UUID, error) {
	var ids []uuid.UUID
	if err := q.Scan(&ids).Error; err != nil || len(ids) == 0 {
		return uuid.Nil, err
	}
	return ids[0], nil
}

// Cancel ends a queued job, and asks the worker of a running one to stop: its
// handler's context ends, at the latest with the next heartbeat. The errors are
// ErrNotFound and ErrEnded.
func Cancel(tx *gorm.DB, now db.Time, id uuid.UUID) error {
	q := tx.Exec(`UPDATE job SET cancel = true, ended_at = CASE state WHEN 'queued' THEN CAST(? AS bigint) ELSE 0 END,
		state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END
		WHERE id = ? AND state IN ('queued', 'running')`, now.UnixMicro(), id)
	if q.Error != nil {
		return fmt.Errorf("jobs: cancel: %w", q.Error)
	}
	if q.RowsAffected == 1 {
		return nil
	}
	if _, err := Get(tx, id); err != nil {
		return err
	}
	return ErrEnded
}

// Get reads one job; ErrNotFound if there is none.
func Get(tx *gorm.DB, id uuid.UUID) (Job, error) {
	var rows []row
	if err := tx.Raw(`SELECT `+columns+` FROM job WHERE id = ?`, id).Scan(&rows).Error; err != nil {
		return Job{}, fmt.Errorf("jobs: get: %w", err)
	}
	if len(rows) == 0 {
		return Job{}, ErrNotFound
	}
	return rows[0].toJob(), nil
}

// GetAll reads jobs by id; ids that name none are left out.
func GetAll(tx *gorm.DB, ids []uuid.UUID) (map[uuid.UUID]Job, error) {
	var rows []row
	if len(ids) == 0 {
		return nil, nil
	}
	if err := tx.Raw(`SELECT `+columns+` FROM job WHERE id IN ?`, ids).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("jobs: get several: %w", err)
	}
	found := make(map[uuid.UUID]Job, len(rows))
	for _, r := range rows {
		found[r.ID] = r.toJob()
	}
	return found, nil
}

// Purge deletes jobs that ended before a moment, at most limit, and tells how
// many there were.
func Purge(tx *gorm.DB, before db.Time, limit int) (int, error) {
	q := tx.Exec(`DELETE FROM job WHERE id IN (SELECT id FROM job WHERE ended_at > 0 AND ended_at < ? ORDER BY ended_at LIMIT ?)`, before.UnixMicro(), limit)
	if q.Error != nil {
		return 0, fmt.Errorf("jobs: purge: %w", q.Error)
	}
	return int(q.RowsAffected), nil
}

// columns are those of row.
const columns = "id, kind, args, state, run_at, fence, attempts, max_attempts, cursor, progress, total, cancel, error, ended_at"

// row is a row of table job. Its times are microseconds, one type with one
// order on both databases.
type row struct {
	ID          uuid.UUID `gorm:"column:id"`
	Kind        string    `gorm:"column:kind"`
	Args        string    `gorm:"column:args"`
	State       State     `gorm:"column:state"`
	RunAt       int64     `gorm:"column:run_at"`
	Fence       int64     `gorm:"column:fence"`
	Attempts    int       `gorm:"column:attempts"`
	MaxAttempts int       `gorm:"column:max_attempts"`
	Cursor      string    `gorm:"column:cursor"`
	Progress    int64     `gorm:"column:progress"`
	Total       int64     `gorm:"column:total"`
	Cancel      bool      `gorm:"column:cancel"`
	Error       string    `gorm:"column:error"`
	EndedAt     int64     `gorm:"column:ended_at"`
}

func (r row) toJob() Job {
	j := Job{
		ID: r.ID, Kind: r.Kind, State: r.State, RunAt: time.UnixMicro(r.RunAt).UTC(), Attempts: r.Attempts, MaxAttempts: r.MaxAttempts,
		Cursor: r.Cursor, Progress: r.Progress, Total: r.Total, Cancel: r.Cancel, Error: r.Error,
	}
	if r.EndedAt != 0 {
		j.EndedAt = time.UnixMicro(r.EndedAt).UTC()
	}
	return j
}
