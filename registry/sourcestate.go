package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/jobs"
)

// SourceState tells whether a source goes on by itself.
type SourceState string

// The states.
const (
	SourceReady SourceState = "ready"
	// SourceCursorRefused: the other system did not take the cursor of the last pull,
	// and the source keeps its cursor. It is sent again by the next one, and the first page that comes makes the source
	// ready; if none ever does, somebody lets it begin anew.
	SourceCursorRefused SourceState = "cursor_refused"
)

const codeCursorRefused = "cursor_refused"

// errCursorRefused says what becomes of a source whose cursor is kept, and of one
// that begins each pull with the first page.
func errCursorRefused(kept bool, cause error) error {
	words := "The other system does not take the cursor that it gave. The next pull begins with the first page."
	if kept {
		words = "The other system does not take the cursor that it gave. Let the source begin anew."
	}
	return fault.Wrap(fault.Conflict, codeCursorRefused, words, cause)
}

// sourceStand is what the history of settings says of a source that begins anew.
type sourceStand struct {
	State  SourceState `json:"state"`
	GoesOn bool        `json:"goes_on"`
}

// RestartSource forgets the cursor of a source: the next pull begins with the first
// page, and one at work ends ("pull_overtaken"). What was pulled stays, and comes
// again as unchanged. It returns Forbidden, Invalid for the reason, or NotFound
// "no_such_source".
func (r *Registry) RestartSource(ctx context.Context, a Actor, key, reason string) (Source, error) {
	reason, err := a.readSetting(toPullSources, reason)
	if err != nil {
		return Source{}, err
	}
	var s Source
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		row, err := loadSource(tx, key, r.db.Dialect.ForUpdate())
		if err != nil {
			return err
		}
		was := sourceStand{row.State, row.Position != ""}
		row.Position, row.State, row.Turn = "", SourceReady, row.Turn+1
		if err := tx.Model(&row).Select("position", "state", "turn").Updates(&row).Error; err != nil {
			return fmt.Errorf("restart a source: %w", err)
		}
		s = row.toSource()
		return r.logAdmin(tx, a, reason, now, "source:"+key, was, sourceStand{State: row.State})
	})
	return s, err
}

// leavePull ends the pull of a job that came to nothing, if its worker could not.
func (r *Registry) leavePull(tx *gorm.DB, job uuid.UUID, state jobs.State) error {
	code := "worker_lost"
	if state == jobs.Cancelled {
		code = "cancelled"
	}
	err := tx.Exec(`UPDATE source_run SET state = ?, error_code = ?, ended_at = ? WHERE id = ? AND state = ?`,
		PullFailed, code, db.TimeOf(r.now()), job, PullRunning).Error
	if err != nil {
		return fmt.Errorf("end the pull of a job: %w", err)
	}
	return nil
}
