package registry

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// An upload is an import in three steps that may be hours and processes apart:
// UploadImport keeps the file, sealed, in the database; CheckImport is the dry
// run; ApplyImport does it. The file is deleted when it has been applied, is given
// up, or was left alone for uploadLife.

const (
	// MaxUpload is the greatest size of an uploaded file in bytes.
	MaxUpload = 512 << 20
	// uploadLife is how long an uploaded file waits after the last look at it.
	uploadLife = 7 * 24 * time.Hour
)

// UploadImport keeps a file for CheckImport and ApplyImport; o.DryRun is not
// looked at. It returns Forbidden, TooLarge, or Invalid for options that are not
// right and "upload_malformed" for a file that was cut off on its way.
func (r *Registry) UploadImport(ctx context.Context, a Actor, src io.Reader, o ImportOptions) (uuid.UUID, error) {
	im, err := r.newImport(ctx, a, o)
	if err != nil {
		return uuid.Nil, err
	}
	if _, err := r.SweepImports(ctx); err != nil {
		return uuid.Nil, err
	}
	file, err := r.writeBlob(ctx, src, MaxUpload)
	if err != nil {
		return uuid.Nil, err
	}
	row := batchRowOf(im, batchUploaded)
	row.SHA256, row.Blob = file.SHA256, &file.ID
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error {
		if err := takeBlob(tx, file.ID, time.Time{}); err != nil {
			return err
		}
		return tx.Create(&row).Error
	})
	if err != nil {
		return uuid.Nil, fmt.Errorf("record an upload: %w", err)
	}
	return im.batch, nil
}

func errImportEnded() error {
	return fault.New(fault.Conflict, "import_ended", "This import has been applied or given up.")
}

func errImportFileChanged() error {
	return fault.New(fault.Conflict, "import_file_changed", "The kept file is not the one that was uploaded. Nothing was changed; upload it again.")
}

// CheckImport is the dry run of an upload; it may be repeated. It returns what
// Import returns, NotFound, or Conflict "import_ended" or "import_file_changed".
func (r *Registry) CheckImport(ctx context.Context, a Actor, id uuid.UUID, progress func(ImportProgress)) (ImportResult, error) {
	return r.runUpload(ctx, a, id, true, progress)
}

// ApplyImport applies an upload that was checked. Done twice, the second one
// finds it AlreadyApplied. It returns what Import returns, NotFound, or Conflict
// "import_not_checked", "import_ended" or "import_file_changed".
func (r *Registry) ApplyImport(ctx context.Context, a Actor, id uuid.UUID, progress func(ImportProgress)) (ImportResult, error) {
	return r.runUpload(ctx, a, id, false, progress)
}

func (r *Registry) runUpload(ctx context.Context, a Actor, id uuid.UUID, dry bool, progress func(ImportProgress)) (ImportResult, error) {
	if _, err := r.SweepImports(ctx); err != nil {
		return ImportResult{}, err
	}
	row, err := r.batch(ctx, a, id)
	if err != nil {
		return ImportResult{}, err
	}
	if row.Undoes != nil {
		return r.runUndo(ctx, a, row, dry, progress)
	}
	if row.State == batchApplied && !dry {
		res := row.toBatch().Result
		res.AlreadyApplied = true
		return res, nil
	}
	if err := row.runnable(dry); err != nil {
		return ImportResult{}, err
	}
	im, err := r.newImport(ctx, a, row.options(dry, progress))
	if err != nil {
		return ImportResult{}, err
	}
	im.batch, im.stored, im.kept, im.result.Batch = id, true, hex.EncodeToString(row.SHA256), id
	file, err := r.openBlob(ctx, *row.Blob)
	if err != nil {
		return ImportResult{}, err
	}
	res, err := im.run(ctx, file)
	if errors.Is(err, errBlobCut) {
		err = errImportFileChanged()
	}
	if err == nil && res.AlreadyApplied && !dry {
		err = r.DiscardImport(ctx, a, id)
	}
	if res.AlreadyApplied && fault.CodeOf(err) == fault.CodeOf(errImportEnded()) {
		err = nil // it was this very upload that was applied, by somebody else
	}
	return res, err
}

// options are those that came with an upload.
func (row *batchRow) options(dry bool, progress func(ImportProgress)) ImportOptions {
	o := ImportOptions{Name: row.Name, Mode: row.Mode, Carries: row.Carries, AllOrNothing: row.AllOrNothing, DryRun: dry,
		Mapping: row.Mapping.V, Saved: row.savedKey(), saved: row.Saved.V, Kind: row.Kind, Dates: row.DateOrder, Reason: row.Reason, Label: row.Label, Progress: progress}
	if row.CollectedAt != nil {
		o.CollectedAt = row.CollectedAt.Time
	}
	return o
}

// SweepImports gives up the uploads that were left alone for a week, deletes their
// files, and tells how many there were. Every import does so first; a server does
// it now and then.
func (r *Registry) SweepImports(ctx context.Context) (n int, err error) {
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		const old = `state IN ? AND blob_id IS NOT NULL AND coalesce(ended_at, created_at) <= ?`
		waits, before := []ImportState{batchUploaded, batchChecked, batchRefused}, db.TimeOf(now.Add(-uploadLife))
		files := tx.Exec(`UPDATE blob SET expires_at = ? WHERE id IN (SELECT blob_id FROM import_batch WHERE `+old+`)`, now, waits, before)
		done := tx.Exec(`UPDATE import_batch SET state = ?, blob_id = NULL WHERE `+old, batchDiscarded, waits, before)
		n = int(done.RowsAffected)
		return errors.Join(files.Error, done.Error, sweepBlobs(tx, now).Error)
	})
	if err != nil {
		return 0, fmt.Errorf("sweep old uploads: %w", err)
	}
	return n, nil
}

// DiscardImport gives up an upload and deletes its file. It returns NotFound,
// Forbidden, or Conflict "import_ended".
func (r *Registry) DiscardImport(ctx context.Context, a Actor, id uuid.UUID) error {
	if _, err := r.batch(ctx, a, id); err != nil {
		return err
	}
	return r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error {
		done := tx.Exec(`UPDATE import_batch SET state = ? WHERE id = ? AND state IN ?`, batchDiscarded, id, waiting())
		if done.Error != nil {
			return fmt.Errorf("give up an import: %w", done.Error)
		}
		if done.RowsAffected == 0 {
			return errImportEnded()
		}
		return dropFile(tx, id)
	})
}
