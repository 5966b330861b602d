package jobs_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/jobs"
)

// A change and its message are one transaction; the message goes out at least
// once, each time under the same key, so that its receiver can drop the second.
func TestOutboxSendsUnderOneKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		exec(t, d, "CREATE TABLE change (n int)")
		clock := newClock()
		var message uuid.UUID
		err := d.InTx(t.Context(), clock.now, func(tx *gorm.DB, now db.Time) (err error) {
			message, err = jobs.Enqueue(tx, jobs.Spec{Kind: "webhook", RunAt: now, Args: map[string]string{"event": "changed"}})
			return errors.Join(err, tx.Exec("INSERT INTO change VALUES (1)").Error)
		})
		if err != nil {
			t.Fatal(err)
		}
		sent := make(chan uuid.UUID, 3)
		start(t, d, clock.now, map[string]jobs.Handler{"webhook": jobHandler(func(x *jobs.Run) error {
			var args struct{ Event string }
			if err := x.Args(&args); err != nil || args.Event != "changed" {
				t.Errorf("arguments %+v, %v", args, err)
			}
			sent <- x.ID // the receiver has it
			if x.Attempts == 1 {
				return errors.New("the answer was lost")
			}
			return nil
		})})
		keys := []uuid.UUID{receive(t, sent)}
		await(t, d, message, in(jobs.Queued))
		clock.move(time.Minute)
		keys = append(keys, receive(t, sent))
		await(t, d, message, in(jobs.Done))
		if !slices.Equal(keys, []uuid.UUID{message, message}) {
			t.Errorf("sent under %v, want %s twice", keys, message)
		}
	})
}
