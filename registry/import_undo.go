package registry

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/csvio"
)

// An import that was applied is taken back by another change set, never by
// deleting what happened: an undo is an import of its own, whose rows are the
// entries of the change log that the first one wrote. UndoImport makes it,
// CheckImport tells what it would do, ApplyImport does it, in batches of one
// transaction each: one that was killed goes on where it stood.

// CodeChangedSince says that something of an import cannot be taken back, because
// it was changed after it.
const CodeChangedSince = "changed_since"

// undoBatch is how many people one transaction of an undo holds.
const undoBatch = 200

// UndoImport prepares the undo of an import that was applied and gives its id, for
// CheckImport and ApplyImport; asked again before that was applied, it gives the
// same. What an undo has left can be taken back by another one. It returns NotFound,
// Forbidden, or Conflict "import_not_applied", "import_undone" or "undo_of_undo":
// whoever wants the values of an import again uploads the file again.
func (r *Registry) UndoImport(ctx context.Context, a Actor, id uuid.UUID, reason string) (uuid.UUID, error) {
	source, err := r.batch(ctx, a, id)
	if err == nil {
		err = a.checkUpload(source.Carries)
	}
	if err == nil {
		err = source.undoable()
	}
	if err == nil {
		reason, err = cleanReason(reason)
	}
	if err != nil {
		return uuid.Nil, err
	}
	if reason == "" {
		reason = "undo of an import"
	}
	undo, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, fmt.Errorf("begin an undo: %w", err)
	}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		// of an undo that ends at this moment, either is first
		if err := tx.Raw(`SELECT * FROM import_batch WHERE id = ?`+r.db.Dialect.ForUpdate(), id).Scan(&source).Error; err != nil {
			return fmt.Errorf("lock an import: %w", err)
		}
		if err := source.undoable(); err != nil {
			return err
		}
		row := source
		row.asUndo(undo, id, a.name(), reason, now)
		return tx.Create(&row).Error
	})
	if !r.db.Dialect.IsDuplicate(err) {
		return undo, err
	}
	var there []uuid.UUID
	err = r.db.WithContext(ctx).Raw(`SELECT id FROM import_batch WHERE undoes = ? AND state NOT IN ?`, id, []ImportState{batchApplied, batchRefused, batchDiscarded}).Scan(&there).Error
	if err == nil && len(there) == 0 {
		err = errImportEnded() // it was applied or given up meanwhile
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("find an undo: %w", err)
	}
	return there[0], nil
}

// undoable tells whether the import can be taken back.
func (row *batchRow) undoable() error {
	switch {
	case row.Undoes != nil:
		return fault.New(fault.Conflict, "undo_of_undo", "This is an undo itself. Upload the file again instead.")
	case row.State == batchUndone:
		return fault.New(fault.Conflict, "import_undone", "This import was taken back already.")
	case row.State == batchApplied && row.Kind != PersonKind:
		return fault.New(fault.Conflict, "undo_of_groups", "An import of groups cannot be taken back as a whole. End the groups one by one.")
	case row.State != batchApplied || row.TxNo == nil:
		return fault.New(fault.Conflict, "import_not_applied", "This import has changed nothing.")
	}
	return nil
}

// asUndo makes of the copy of an import the undo of it.
func (row *batchRow) asUndo(id, of uuid.UUID, actor, reason string, now db.Time) {
	*row = batchRow{ID: id, Name: row.Name, Mode: row.Mode, Carries: row.Carries, Kind: row.Kind, Mapping: row.Mapping, Reason: reason,
		Actor: actor, State: batchUploaded, Ignored: row.Ignored, Undoes: &of, CreatedAt: now}
}

// undoRun is one run of an undo.
type undoRun struct {
	r        *Registry
	actor    Actor
	row      batchRow // the undo
	source   batchRow // the import that is taken back
	progress func(ImportProgress)
	result   ImportResult // of this run; of an undo on its way, what was done before as well
	found    problems
}

func (r *Registry) runUndo(ctx context.Context, a Actor, row batchRow, dry bool, progress func(ImportProgress)) (ImportResult, error) {
	u := &undoRun{r: r, actor: a, row: row, progress: progress}
	u.actor.Channel = ChannelCSV
	if progress == nil {
		u.progress = func(ImportProgress) {}
	}
	if err := a.checkUpload(row.Carries); err != nil {
		return ImportResult{}, err
	}
	source, err := r.batch(ctx, a, *row.Undoes)
	if err != nil {
		return ImportResult{}, err
	}
	u.source = source
	if row.State == batchApplied && !dry {
		res := row.toBatch().Result
		res.AlreadyApplied = true
		return res, nil
	}
	if err := row.runnable(dry); err != nil {
		return ImportResult{}, err
	}
	if dry {
		err = u.check(ctx)
	} else {
		err = u.apply(ctx)
	}
	return u.result, err
}

// check is the dry run.
func (u *undoRun) check(ctx context.Context) error {
	u.begin()
	u.result.DryRun = true
	for after, more := uuid.Nil, true; more; {
		err := u.r.db.Read(ctx, func(tx *gorm.DB) error {
			page, err := u.page(tx, after, db.TimeOf(u.r.now()), "")
			if err != nil {
				return err
			}
			for _, rev := range page {
				u.count(rev)
				after = rev.id
			}
			more = len(page) == undoBatch
			return nil
		})
		if err != nil {
			return err
		}
		u.progress(ImportProgress{Rows: u.result.Rows, Bytes: int64(u.result.Rows)})
	}
	return u.r.db.InTx(ctx, u.r.now, func(tx *gorm.DB, now db.Time) error {
		return u.save(tx, batchChecked, now, batchUploaded, batchChecked)
	})
}

// apply goes through the people of the import, batch by batch.
func (u *undoRun) apply(ctx context.Context) error {
	for more := true; more; {
		err := u.r.db.InTx(ctx, u.r.now, func(tx *gorm.DB, now db.Time) (err error) {
			more, err = u.applySome(tx, now)
			return err
		})
		if err != nil {
			return err
		}
		u.progress(ImportProgress{Rows: u.result.Rows, Bytes: int64(u.result.Rows)})
	}
	return nil
}

// applySome takes back one batch. The row of the undo is the lock: of two runs at
// once, each batch is taken by one.
func (u *undoRun) applySome(tx *gorm.DB, now db.Time) (more bool, err error) {
	if err := tx.Raw(`SELECT * FROM import_batch WHERE id = ?`+u.r.db.Dialect.ForUpdate(), u.row.ID).Scan(&u.row).Error; err != nil {
		return false, fmt.Errorf("lock an undo: %w", err)
	}
	u.begin()
	after := uuid.Nil
	switch u.row.State {
	case batchUndoing:
		after = *u.row.UndoAfter
		u.result = u.row.toBatch().Result
		u.result.Problems, u.found.count = nil, u.result.ProblemCount
	case batchApplied: // by the other run
		u.result = u.row.toBatch().Result
		return false, nil
	case batchChecked:
	default:
		return false, errImportEnded()
	}
	page, err := u.page(tx, after, now, u.r.db.Dialect.ForUpdate())
	if err != nil {
		return false, err
	}
	for _, rev := range page {
		if err := u.store(tx, rev); err != nil {
			return false, err
		}
		u.count(rev)
		after = rev.id
	}
	u.row.UndoAfter = &after
	if len(page) == undoBatch {
		return true, u.save(tx, batchUndoing, now, batchChecked, batchUndoing)
	}
	return false, errors.Join(u.end(tx), u.save(tx, batchApplied, now, batchChecked, batchUndoing))
}

// end makes the import undone if nothing of it is left. Else it stays applied, so
// that whoever may takes the rest back; its file can be sent again either way.
func (u *undoRun) end(tx *gorm.DB) error {
	state := batchApplied
	if u.found.count == 0 {
		state = batchUndone
	}
	done := tx.Exec(`UPDATE import_batch SET state = ?, fingerprint = CASE WHEN ? > 0 THEN NULL ELSE fingerprint END WHERE id = ? AND state = ?`,
		state, u.result.Deactivated, u.source.ID, batchApplied)
	if done.Error != nil {
		return fmt.Errorf("end an undo: %w", done.Error)
	}
	return nil
}

func (u *undoRun) begin() {
	u.found, u.result = problems{}, ImportResult{Batch: u.row.ID}
}

// count adds what becomes of one person.
func (u *undoRun) count(rev *reversal) {
	u.result.Rows++
	switch {
	case rev.deactivates:
		u.result.Deactivated++
	case rev.changes():
		u.result.Updated++
	case len(rev.problems) > 0:
		u.result.Failed++
	default:
		u.result.Unchanged++
	}
	u.result.Decisions.TakenBack += len(rev.decisions)
	u.result.Decisions.Failed += rev.kept
	for _, p := range rev.problems {
		u.found.add(p)
	}
}

// save writes where the undo stands, and its problems after those that are there.
// A check, and the first batch after it, begin anew.
func (u *undoRun) save(tx *gorm.DB, state ImportState, now db.Time, from ...ImportState) error {
	u.result.Problems, u.result.ProblemCount = u.found.list, u.found.count
	res, d := u.result, u.result.Decisions
	first := 0
	if u.row.State == batchUndoing {
		first = u.row.ProblemCount
	} else if err := tx.Exec(`DELETE FROM import_error WHERE batch_id = ?`, u.row.ID).Error; err != nil {
		return fmt.Errorf("clear the problems of an undo: %w", err)
	}
	done := tx.Model(&batchRow{}).Where("id = ? AND state IN ?", u.row.ID, from).Updates(map[string]any{
		"state": state, "row_count": res.Rows, "updated": res.Updated, "unchanged": res.Unchanged, "failed": res.Failed, "deactivated": res.Deactivated,
		"taken_back": d.TakenBack, "refused": d.Failed, "problem_count": res.ProblemCount, "ended_at": now, "undo_after": u.row.UndoAfter})
	if done.Error == nil && done.RowsAffected == 0 {
		return errImportEnded()
	}
	var rows []errorRow
	for i, p := range u.found.list {
		if first+i < MaxProblems {
			rows = append(rows, errorRow{u.row.ID, first + i + 1, p.Line, p.Column, p.Code, p.Words})
		}
	}
	if done.Error != nil || len(rows) == 0 {
		return done.Error
	}
	return tx.CreateInBatches(rows, 500).Error
}

// page reads the next people of the import and works out how each is put back.
func (u *undoRun) page(tx *gorm.DB, after uuid.UUID, now db.Time, lock string) ([]*reversal, error) {
	if u.source.TxNo == nil || u.source.EndedAt == nil {
		return nil, nil
	}
	var entries []changeRow
	err := tx.Raw(`SELECT registrant_id, chain_no, at, actor, diff FROM change_log
		WHERE tx_no = ? AND at = ? AND registrant_id > ? ORDER BY registrant_id LIMIT ?`, *u.source.TxNo, *u.source.EndedAt, after, undoBatch).Scan(&entries).Error
	if err != nil {
		return nil, fmt.Errorf("read what an import did: %w", err)
	}
	if len(entries) == 0 {
		return nil, nil
	}
	p, revs, err := u.load(tx, entries, now, lock)
	if err != nil {
		return nil, err
	}
	for _, rev := range revs {
		if err := p.reverse(rev); err != nil {
			return nil, err
		}
	}
	return revs, nil
}

// problemOf is a problem with taking back something of one record.
func problemOf(number, field, code, words string) csvio.Problem {
	return csvio.Problem{Column: field, Code: code, Words: number + ": " + words}
}
