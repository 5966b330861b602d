package registry

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/csvio"
	"socialregistry/registry/mapping"
)

// ImportState is where an import stands.
type ImportState string

// The states. An import without an upload has only the last four.
const (
	batchUploaded  ImportState = "uploaded"  // the file is kept, nobody has looked at it
	batchChecked   ImportState = "checked"   // a dry run has ended
	batchRefused   ImportState = "refused"   // it cannot be applied as it is
	batchApplied   ImportState = "applied"   // the merge has committed
	batchDiscarded ImportState = "discarded" // given up, or applied before
	batchUndoing   ImportState = "undoing"   // an undo is on its way
	batchUndone    ImportState = "undone"    // applied, and taken back since
)

// ImportUploaded and the following are the states that ImportBatch shows.
const (
	ImportUploaded  = batchUploaded
	ImportChecked   = batchChecked
	ImportRefused   = batchRefused
	ImportApplied   = batchApplied
	ImportDiscarded = batchDiscarded
	ImportUndoing   = batchUndoing
	ImportUndone    = batchUndone
)

// ImportBatch is one import: what was asked for and what came of it.
type ImportBatch struct {
	ID           uuid.UUID
	Name         string
	Mode         ImportMode
	Carries      Carries
	AllOrNothing bool
	Mapping      map[string]string
	Saved        string // key of the saved mapping that it came with; "": none
	Kind         string // what a row is
	Dates        csvio.DateOrder
	Reason       string
	Label        string    // of the versions that it makes; "": none
	CollectedAt  time.Time // zero: unknown
	Actor        string
	State        ImportState
	HasFile      bool         // it can be checked and applied: the uploaded file is kept, or it is an undo
	Result       ImportResult // of the last run, without Problems: see ImportProblems
	CreatedAt    time.Time
	EndedAt      time.Time // of the last run; zero: none has ended
	Undoes       uuid.UUID // the import that this one takes back; Nil: it is no undo
}

// batchRow is a row of import_batch.
type batchRow struct {
	ID           uuid.UUID                 `gorm:"column:id;primaryKey"`
	Name         string                    `gorm:"column:name"`
	Mode         ImportMode                `gorm:"column:mode"`
	Carries      Carries                   `gorm:"column:carries"`
	AllOrNothing bool                      `gorm:"column:all_or_nothing"`
	Mapping      column[map[string]string] `gorm:"column:mapping"`
	DateOrder    csvio.DateOrder           `gorm:"column:date_order"`
	Reason       string                    `gorm:"column:reason"`
	Label        string                    `gorm:"column:label"`
	Kind         string                    `gorm:"column:kind"`
	Saved        column[*mapping.Mapping]  `gorm:"column:saved"`
	CollectedAt  *db.Time                  `gorm:"column:collected_at"`
	Actor        string                    `gorm:"column:actor"`
	State        ImportState               `gorm:"column:state"`
	SHA256       db.Bytes                  `gorm:"column:sha256"`
	Fingerprint  db.Bytes                  `gorm:"column:fingerprint"`
	Before       bool                      `gorm:"column:applied_before"`
	RowCount     int                       `gorm:"column:row_count"`
	Created      int                       `gorm:"column:created"`
	Updated      int                       `gorm:"column:updated"`
	Unchanged    int                       `gorm:"column:unchanged"`
	Failed       int                       `gorm:"column:failed"`
	Requested    int                       `gorm:"column:requested"`
	ProblemCount int                       `gorm:"column:problem_count"`
	Ignored      column[[]string]          `gorm:"column:ignored"`
	Blob         *uuid.UUID                `gorm:"column:blob_id"` // nil: no file waits
	CreatedAt    db.Time                   `gorm:"column:created_at;autoCreateTime:false"`
	EndedAt      *db.Time                  `gorm:"column:ended_at"`
	Attested     int                       `gorm:"column:attested"`
	Rejected     int                       `gorm:"column:rejected"`
	TakenBack    int                       `gorm:"column:taken_back"`
	Repeated     int                       `gorm:"column:repeated"`
	Refused      int                       `gorm:"column:refused"`
	TxNo         *int64                    `gorm:"column:tx_no"`
	Deactivated  int                       `gorm:"column:deactivated"`
	Undoes       *uuid.UUID                `gorm:"column:undoes"` // nil: it is no undo
	UndoAfter    *uuid.UUID                `gorm:"column:undo_after"`
}

func (batchRow) TableName() string { return "import_batch" }

// batchRowOf gives the row of an import that begins.
func batchRowOf(im *importRun, state ImportState) batchRow {
	chosen := maps.Clone(im.opt.Mapping)
	if chosen == nil {
		chosen = map[string]string{}
	}
	row := batchRow{ID: im.batch, Name: im.opt.Name, Mode: im.opt.Mode, Carries: im.opt.Carries, AllOrNothing: im.opt.AllOrNothing,
		Mapping: column[map[string]string]{chosen}, DateOrder: im.opt.Dates, Reason: im.opt.Reason, Label: im.opt.Label,
		Kind: im.opt.Kind, Saved: column[*mapping.Mapping]{im.opt.saved},
		Actor: im.actor.name(), State: state, Ignored: column[[]string]{[]string{}}, CreatedAt: im.at}
	if !im.opt.CollectedAt.IsZero() {
		collected := db.TimeOf(im.opt.CollectedAt)
		row.CollectedAt = &collected
	}
	return row
}

func (row *batchRow) toBatch() ImportBatch {
	b := ImportBatch{ID: row.ID, Name: row.Name, Mode: row.Mode, Carries: row.Carries, AllOrNothing: row.AllOrNothing, Mapping: row.Mapping.V,
		Saved: row.savedKey(), Kind: row.Kind, Dates: row.DateOrder, Reason: row.Reason, Label: row.Label, Actor: row.Actor, State: row.State, HasFile: row.waits(),
		CreatedAt: row.CreatedAt.Time,
		Result: ImportResult{Batch: row.ID, SHA256: hex.EncodeToString(row.SHA256), Rows: row.RowCount, Created: row.Created,
			Updated: row.Updated, Unchanged: row.Unchanged, Failed: row.Failed, Requested: row.Requested, Deactivated: row.Deactivated, Ignored: row.Ignored.V,
			ProblemCount: row.ProblemCount, DryRun: row.State == batchChecked, AlreadyApplied: row.Before,
			Decisions: DecisionCounts{row.Attested, row.Rejected, row.TakenBack, row.Repeated, row.Refused}}}
	if row.Undoes != nil {
		b.Undoes = *row.Undoes
	}
	if row.CollectedAt != nil {
		b.CollectedAt = row.CollectedAt.Time
	}
	if row.EndedAt != nil {
		b.EndedAt = row.EndedAt.Time
	}
	return b
}

// waits tells whether it can be checked or applied still.
func (row *batchRow) waits() bool {
	return row.Blob != nil || row.Undoes != nil && row.State != batchApplied && row.State != batchDiscarded
}

// errorRow is a row of import_error.
type errorRow struct {
	BatchID uuid.UUID `gorm:"column:batch_id;primaryKey"`
	No      int       `gorm:"column:no;primaryKey;autoIncrement:false"`
	Line    int       `gorm:"column:line"`
	Column  string    `gorm:"column:column_name"`
	Code    string    `gorm:"column:code"`
	Words   string    `gorm:"column:words"`
}

func (errorRow) TableName() string { return "import_error" }

// save records how the import ended, in a transaction of its own.
func (im *importRun) save(ctx context.Context, state ImportState) error {
	return im.r.db.InTx(ctx, im.r.now, func(tx *gorm.DB, _ db.Time) error { return im.saveIn(tx, state) })
}

// saveChecked records the end of a dry run.
func (im *importRun) saveChecked(ctx context.Context) error {
	return im.r.db.InTx(ctx, im.r.now, func(tx *gorm.DB, _ db.Time) error {
		err := im.checkAppliedBefore(tx)
		if errors.Is(err, errAppliedBefore) {
			im.nothingToDo()
		} else if err != nil {
			return err
		}
		if err := im.countRequests(tx); err != nil {
			return err
		}
		return im.saveIn(tx, batchChecked)
	})
}

// saveIn writes import_batch and import_error. An upload that is applied loses its
// file.
func (im *importRun) saveIn(tx *gorm.DB, state ImportState) error {
	row, err := im.endedRow(state)
	if err != nil {
		return err
	}
	if im.stored {
		err = im.updateBatch(tx, row)
	} else {
		err = tx.Create(&row).Error
	}
	if err != nil {
		return fmt.Errorf("record an import: %w", err)
	}
	if err := tx.Exec(`DELETE FROM import_error WHERE batch_id = ?`, im.batch).Error; err != nil {
		return fmt.Errorf("record problems: %w", err)
	}
	rows := make([]errorRow, len(im.result.Problems))
	for i, p := range im.result.Problems {
		rows[i] = errorRow{im.batch, i + 1, p.Line, p.Column, p.Code, p.Words}
	}
	if len(rows) == 0 {
		return nil
	}
	if err := tx.CreateInBatches(rows, 500).Error; err != nil {
		return fmt.Errorf("record problems: %w", err)
	}
	return nil
}

func (im *importRun) endedRow(state ImportState) (batchRow, error) {
	row := batchRowOf(im, state)
	res := im.result
	row.RowCount, row.Created, row.Updated, row.Unchanged = res.Rows, res.Created, res.Updated, res.Unchanged
	row.Requested = res.Requested
	row.Failed, row.ProblemCount, row.Before, row.TxNo = res.Failed, res.ProblemCount, res.AlreadyApplied, im.txNo
	d := res.Decisions
	row.Attested, row.Rejected, row.TakenBack, row.Repeated, row.Refused = d.Attested, d.Rejected, d.TakenBack, d.Repeated, d.Failed
	if res.Ignored != nil {
		row.Ignored.V = res.Ignored
	}
	row.EndedAt = &im.at
	if res.SHA256 == "" {
		return row, nil
	}
	var err error
	if row.SHA256, err = hex.DecodeString(res.SHA256); err != nil {
		return row, err
	}
	row.Fingerprint, err = im.fingerprint()
	return row, err
}

// waiting are the states of an upload that can still be applied or given up.
func waiting() []ImportState { return []ImportState{batchUploaded, batchChecked, batchRefused} }

// updateBatch writes the end of an upload's run, unless somebody has applied it
// or given it up meanwhile. The hash stays the one of the file that was sent.
func (im *importRun) updateBatch(tx *gorm.DB, row batchRow) error {
	done := tx.Model(&row).Where("state IN ?", waiting()).
		Select("state", "fingerprint", "applied_before", "row_count", "created", "updated", "unchanged", "failed", "requested", "problem_count", "ignored", "ended_at",
			"attested", "rejected", "taken_back", "repeated", "refused", "tx_no").Updates(&row)
	if done.Error != nil {
		return done.Error
	}
	if done.RowsAffected == 0 {
		return errImportEnded()
	}
	if row.State != batchApplied {
		return nil
	}
	return dropFile(tx, im.batch)
}

// dropFile deletes the file that waits for an import.
func dropFile(tx *gorm.DB, batch uuid.UUID) error {
	var files []uuid.UUID
	if err := tx.Raw(`SELECT blob_id FROM import_batch WHERE id = ? AND blob_id IS NOT NULL`, batch).Scan(&files).Error; err != nil {
		return fmt.Errorf("find an upload: %w", err)
	}
	if len(files) == 0 {
		return nil
	}
	if err := tx.Exec(`UPDATE import_batch SET blob_id = NULL WHERE id = ?`, batch).Error; err != nil {
		return fmt.Errorf("give up an upload: %w", err)
	}
	return dropBlob(tx, files[0])
}

// ImportBatch gives one import. It returns NotFound or Forbidden.
func (r *Registry) ImportBatch(ctx context.Context, a Actor, id uuid.UUID) (ImportBatch, error) {
	row, err := r.batch(ctx, a, id)
	if err != nil {
		return ImportBatch{}, err
	}
	return row.toBatch(), nil
}

func (r *Registry) batch(ctx context.Context, a Actor, id uuid.UUID) (batchRow, error) {
	query, err := a.batches(r.db.WithContext(ctx))
	if err != nil {
		return batchRow{}, err
	}
	var rows []batchRow
	if err := query.Where("id = ?", id).Find(&rows).Error; err != nil {
		return batchRow{}, fmt.Errorf("read an import: %w", err)
	}
	if len(rows) == 0 {
		if err := a.check(toImport); err != nil { // whether there is one is not for everybody
			return batchRow{}, err
		}
		return batchRow{}, fault.New(fault.NotFound, "no_such_import", "There is no such import.")
	}
	return rows[0], nil
}

// batches narrows a query to the imports that are for the actor: all of them for
// whoever may import, for others who may attest their own ones of decisions.
func (a Actor) batches(tx *gorm.DB) (*gorm.DB, error) {
	err := a.check(toImport)
	if err != nil && a.checkWithin(toAttest) == nil {
		return tx.Where("carries = ? AND actor = ?", CarriesAttestations, a.name()), nil
	}
	return tx, err
}

// ImportBatches lists imports, newest first; before is the id of the last one
// of the page before, or Nil. It returns Forbidden.
func (r *Registry) ImportBatches(ctx context.Context, a Actor, before uuid.UUID, limit int) ([]ImportBatch, error) {
	query, err := a.batches(r.db.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	query = query.Order("id DESC").Limit(min(max(limit, 1), 200))
	if before != uuid.Nil {
		query = query.Where("id < ?", before)
	}
	var rows []batchRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list imports: %w", err)
	}
	list := make([]ImportBatch, len(rows))
	for i := range rows {
		list[i] = rows[i].toBatch()
	}
	return list, nil
}

// ImportProblems gives up to limit problems of one import by line, from number
// after+1 on. It returns NotFound or Forbidden.
func (r *Registry) ImportProblems(ctx context.Context, a Actor, id uuid.UUID, after, limit int) ([]csvio.Problem, error) {
	if _, err := r.batch(ctx, a, id); err != nil {
		return nil, err
	}
	var rows []errorRow
	err := r.db.WithContext(ctx).Where("batch_id = ? AND no > ?", id, after).Order("no").Limit(min(max(limit, 1), MaxProblems)).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read problems: %w", err)
	}
	list := make([]csvio.Problem, len(rows))
	for i, row := range rows {
		list[i] = csvio.Problem{Line: row.Line, Column: row.Column, Code: row.Code, Words: row.Words}
	}
	return list, nil
}
