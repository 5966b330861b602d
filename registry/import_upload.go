package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/seal"
)

// An upload is an import in three steps that may be hours and processes apart:
// UploadImport keeps the file, sealed, in the database; CheckImport is the dry
// run; ApplyImport does it. The file is deleted when it has been applied, is given
// up, or was left alone for uploadLife.

const (
	// MaxUpload is the greatest size of an uploaded file in bytes.
	MaxUpload  = 512 << 20
	pieceSize  = 256 << 10
	sealedFile = "import_file"

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
	key, wrapped := r.keys.NewRecord(im.batch)
	row := batchRowOf(im, batchUploading)
	row.FileKID, row.FileWrapped, row.FileKEK = optional(wrapped.KID), wrapped.Key, optional(wrapped.KEK)
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error { return tx.Create(&row).Error })
	var sum []byte
	if err == nil {
		sum, err = r.keepFile(ctx, im.batch, key, src)
	}
	if err == nil {
		err = r.uploaded(ctx, im.batch, sum)
	}
	if err != nil {
		clean := context.WithoutCancel(ctx) // the pieces go with the batch (ON DELETE CASCADE)
		return uuid.Nil, errors.Join(err, r.db.WithContext(clean).Exec(`DELETE FROM import_batch WHERE id = ?`, im.batch).Error)
	}
	return im.batch, nil
}

// keepFile stores the file piece by piece, so that a slow sender holds no
// transaction open, and gives its SHA-256.
func (r *Registry) keepFile(ctx context.Context, batch uuid.UUID, key seal.Record, src io.Reader) ([]byte, error) {
	sum, buf := sha256.New(), make([]byte, pieceSize)
	for seq, size := 0, 0; ; seq++ {
		n, end := fill(src, buf)
		if errors.Is(end, io.ErrUnexpectedEOF) {
			return nil, fault.Wrap(fault.Invalid, "upload_malformed", "The file did not arrive whole. Send it again.", end)
		}
		if end != nil && end != io.EOF {
			return nil, fmt.Errorf("read an upload: %w", end)
		}
		if n == 0 {
			return sum.Sum(nil), nil
		}
		sum.Write(buf[:n])
		if size += n; size > MaxUpload {
			return nil, fault.New(fault.TooLarge, "upload_too_large", fmt.Sprintf("The file has more than %d MB: split it.", MaxUpload>>20))
		}
		piece := db.Bytes(key.Seal(sealedFile, strconv.Itoa(seq), buf[:n]))
		if err := r.db.WithContext(ctx).Exec(`INSERT INTO import_file (batch_id, seq, piece) VALUES (?, ?, ?)`, batch, seq, piece).Error; err != nil {
			return nil, fmt.Errorf("keep an upload: %w", err)
		}
		if end == io.EOF {
			return sum.Sum(nil), nil
		}
	}
}

// fill reads until buf is full or src ends. Only io.EOF is the end of a file:
// io.ErrUnexpectedEOF says that the sender was cut off, and of io.ReadFull one
// could not tell the two apart.
func fill(src io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var m int
		m, err = src.Read(buf[n:])
		n += m
	}
	return n, err
}

func (r *Registry) uploaded(ctx context.Context, batch uuid.UUID, sum db.Bytes) error {
	done := r.db.WithContext(ctx).Exec(`UPDATE import_batch SET state = ?, sha256 = ? WHERE id = ? AND state = ?`, batchUploaded, sum, batch, batchUploading)
	if done.Error != nil {
		return fmt.Errorf("record an upload: %w", done.Error)
	}
	if done.RowsAffected == 0 {
		return errImportEnded()
	}
	return nil
}

func errImportEnded() error {
	return fault.New(fault.Conflict, "import_ended", "This import has been applied or given up.")
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
	switch {
	case row.State == batchApplied && !dry:
		res := row.toBatch().Result
		res.AlreadyApplied = true
		return res, nil
	case row.FileKID == "":
		return ImportResult{}, errImportEnded()
	case row.State != batchChecked && !dry:
		return ImportResult{}, fault.New(fault.Conflict, "import_not_checked", "Check the file first.")
	}
	im, err := r.newImport(ctx, a, row.options(dry, progress))
	if err != nil {
		return ImportResult{}, err
	}
	im.batch, im.stored, im.kept, im.result.Batch = id, true, hex.EncodeToString(row.SHA256), id
	key, err := r.keys.OpenRecord(id, seal.Wrapped{KID: string(row.FileKID), Key: row.FileWrapped, KEK: string(row.FileKEK)})
	if err != nil {
		return ImportResult{}, err
	}
	res, err := im.run(ctx, &fileReader{ctx: ctx, r: r, batch: id, key: key})
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
	o := ImportOptions{Name: row.Name, Mode: row.Mode, AllOrNothing: row.AllOrNothing, DryRun: dry,
		Mapping: row.Mapping.V, Dates: row.DateOrder, Reason: row.Reason, Label: row.Label, Progress: progress}
	if row.CollectedAt != nil {
		o.CollectedAt = row.CollectedAt.Time
	}
	return o
}

// SweepImports gives up the uploads that were left alone for a week, deletes
// their files and what is left of uploads that were cut off by the end of a
// process, and tells how many there were. Every import does so first; a server
// does it now and then.
func (r *Registry) SweepImports(ctx context.Context) (n int, err error) {
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		old := tx.Exec(`UPDATE import_batch SET state = ?, file_kid = NULL, file_wrapped = NULL, file_kek = NULL
			WHERE state IN ? AND file_kid IS NOT NULL AND coalesce(ended_at, created_at) <= ?`,
			batchDiscarded, []ImportState{batchUploaded, batchChecked, batchRefused}, db.TimeOf(now.Add(-uploadLife)))
		files := tx.Exec(`DELETE FROM import_file WHERE batch_id IN (SELECT id FROM import_batch WHERE file_kid IS NULL)`)
		cut := tx.Exec(`DELETE FROM import_batch WHERE state = ? AND created_at <= ?`, batchUploading, db.TimeOf(now.Add(-staleAfter)))
		n = int(old.RowsAffected + cut.RowsAffected)
		return errors.Join(old.Error, files.Error, cut.Error)
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
		done := tx.Exec(`UPDATE import_batch SET state = ? WHERE id = ? AND state NOT IN ?`, batchDiscarded, id, []ImportState{batchApplied, batchDiscarded})
		if done.Error != nil {
			return fmt.Errorf("give up an import: %w", done.Error)
		}
		if done.RowsAffected == 0 {
			return errImportEnded()
		}
		return dropFile(tx, id)
	})
}

// fileReader reads an uploaded file from its sealed pieces.
type fileReader struct {
	ctx   context.Context
	r     *Registry
	batch uuid.UUID
	key   seal.Record
	seq   int
	rest  []byte
}

func (f *fileReader) Read(p []byte) (int, error) {
	if len(f.rest) == 0 {
		var pieces []db.Bytes
		err := f.r.db.WithContext(f.ctx).Raw(`SELECT piece FROM import_file WHERE batch_id = ? AND seq = ?`, f.batch, f.seq).Scan(&pieces).Error
		if err != nil {
			return 0, fmt.Errorf("read an upload: %w", err)
		}
		if len(pieces) == 0 {
			return 0, io.EOF
		}
		if f.rest, err = f.key.Open(sealedFile, strconv.Itoa(f.seq), pieces[0]); err != nil {
			return 0, err
		}
		f.seq++
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}
