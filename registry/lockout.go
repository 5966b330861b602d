package registry

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// MaxFailures wrong tries in a row lock a name for LockFor. A try counts when it
// begins and is taken back when it was right, so that a hundred at once are
// still only MaxFailures.
const (
	MaxFailures = 5
	LockFor     = 15 * time.Minute
)

// Refusal is the cause inside a fault of SignIn and Activate: what a page may
// tell besides the words. It is the same for names that exist and names that do
// not.
type Refusal struct {
	TriesLeft int       // before the lock
	Until     time.Time // end of the lock; zero: not locked
}

// refusalAfter is the refusal of a wrong try that leaves so many; the one that
// leaves none locks.
func refusalAfter(left int, now time.Time) *Refusal {
	if left > 0 {
		return &Refusal{TriesLeft: left}
	}
	return &Refusal{Until: now.Add(LockFor)}
}

func (r *Refusal) Error() string {
	if !r.Until.IsZero() {
		return "locked until " + r.Until.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("%d tries left", r.TriesLeft)
}

// countTry writes down one more try for a name and gives how many are left
// after it. Error: Limited while the name is locked.
func countTry(tx *gorm.DB, name db.Bytes, now db.Time) (left int, err error) {
	window := db.TimeOf(now.Add(-LockFor)) // a try before this moment is forgotten
	var failures int
	res := tx.Raw("INSERT INTO sign_in_failure AS f (name_hash, failures, last_at) VALUES (?, 1, ?)"+
		" ON CONFLICT (name_hash) DO UPDATE SET"+
		" failures = CASE WHEN f.last_at <= ? THEN 1 ELSE f.failures + 1 END, last_at = excluded.last_at"+
		" WHERE f.failures < ? OR f.last_at <= ? RETURNING failures",
		name, now, window, MaxFailures, window).Scan(&failures)
	if res.Error != nil {
		return 0, fmt.Errorf("count the try: %w", res.Error)
	}
	if res.RowsAffected > 0 {
		return MaxFailures - failures, forgetOldTries(tx, now)
	}
	var last db.Time
	if err := tx.Raw("SELECT last_at FROM sign_in_failure WHERE name_hash = ?", name).Row().Scan(&last); err != nil {
		return 0, fmt.Errorf("read the lock: %w", err)
	}
	return 0, fault.Wrap(fault.Limited, "sign_in_locked", "Too many wrong tries. Wait a while, then try again.", &Refusal{Until: last.Add(LockFor)})
}

// clearTries forgets the tries for a name: the last one was right.
func clearTries(tx *gorm.DB, name db.Bytes) error {
	if err := tx.Exec("DELETE FROM sign_in_failure WHERE name_hash = ?", name).Error; err != nil {
		return fmt.Errorf("clear tries: %w", err)
	}
	return nil
}

// forgetOldTries keeps the table from growing with names that were only guessed.
func forgetOldTries(tx *gorm.DB, now db.Time) error {
	err := tx.Exec("DELETE FROM sign_in_failure WHERE last_at <= ?", db.TimeOf(now.Add(-24*time.Hour))).Error
	if err != nil {
		return fmt.Errorf("forget old tries: %w", err)
	}
	return nil
}
