package registry

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/jobs"
)

const (
	jobExport = "export"

	// exportLife is how long the file of a download is kept.
	exportLife = 24 * time.Hour
	// maxExportFile is the greatest size of such a file in bytes.
	maxExportFile = 4 << 30
)

// exportArgs are the arguments of a job of kind export.
type exportArgs struct {
	ID uuid.UUID `json:"id"`
}

// StartExport asks for a download as a job, whose result is an ExportResult. The
// file is kept sealed for a day: see ExportFile. It returns what Export returns.
func (r *Registry) StartExport(ctx context.Context, a Actor, req ExportRequest) (Job, error) {
	req, err := r.checkExport(ctx, a, req)
	if err != nil {
		return Job{}, err
	}
	row, err := r.newExportRow(a, req)
	if err != nil {
		return Job{}, err
	}
	var j Job
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		id, err := r.enqueue(tx, now, a, jobExport, exportArgs{row.ID})
		if err != nil {
			return err
		}
		row.JobID = &id
		if err := r.storeExport(tx, a, &row, req, now); err != nil {
			return err
		}
		j, err = readJob(tx, a, id, true)
		return err
	})
	return j, err
}

// workExport is the work of a job of kind export. An attempt begins anew, as nobody
// was given anything of an earlier one; a file that was finished is left alone, as
// somebody may have been: only the end of its job was lost.
func (r *Registry) workExport(ctx context.Context, a Actor, run *jobs.Run) (any, error) {
	var args exportArgs
	if err := run.Args(&args); err != nil {
		return nil, err
	}
	row, req, err := r.beginExport(ctx, args.ID)
	if err != nil {
		return nil, err
	}
	if row.State == exportDone {
		return ExportResult{ID: row.ID, Rows: row.Rows}, nil
	}
	file, rows, err := r.keepExport(ctx, a, &row, req, func(done, total int64) { run.Tell(ctx, done, total) })
	if err != nil {
		return nil, err // what becomes of the record, the end of the job says: see leaveExport
	}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		until := db.TimeOf(now.Add(exportLife))
		if err := takeBlob(tx, file.ID, until.Time); err != nil {
			return err
		}
		row.Bounds.V = a.to(toExport).staff()
		return r.endExport(tx, a, &row, exportEnd{rows: rows, state: exportDone, blob: &file.ID, until: &until}, now)
	})
	return ExportResult{ID: row.ID, Rows: rows}, err
}

// beginExport reads what was asked for and forgets an earlier attempt, unless that
// one finished the file.
func (r *Registry) beginExport(ctx context.Context, id uuid.UUID) (row exportRow, req ExportRequest, err error) {
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error {
		row, err = loadExport(tx, id)
		if err != nil || row.State == exportDone {
			return err
		}
		row.State = exportRunning
		if err := tx.Model(&row).Select("state").Updates(&row).Error; err != nil {
			return fmt.Errorf("begin a download: %w", err)
		}
		if err := tx.Exec(`DELETE FROM export_part WHERE export_id = ?`, id).Error; err != nil {
			return fmt.Errorf("begin a download: %w", err)
		}
		return nil
	})
	if err == nil {
		req, err = r.exportRequest(&row)
	}
	return row, req, err
}

// keepExport writes the file into a blob, for an actor with the rights of today.
func (r *Registry) keepExport(ctx context.Context, a Actor, row *exportRow, req ExportRequest, progress func(done, total int64)) (file blob, rows int64, err error) {
	if req, err = r.checkExport(ctx, a, req); err != nil {
		return blob{}, 0, err
	}
	group, ctx := errgroup.WithContext(ctx)
	in, out := io.Pipe()
	group.Go(func() error {
		var err error
		rows, err = r.writeExport(ctx, a, row.ID, out, req, progress)
		out.CloseWithError(err) // nil is io.EOF
		return err
	})
	group.Go(func() error {
		var err error
		file, err = r.writeBlob(ctx, in, maxExportFile)
		in.CloseWithError(err)
		return err
	})
	return file, rows, group.Wait()
}

func loadExport(tx *gorm.DB, id uuid.UUID) (exportRow, error) {
	var row exportRow
	err := first(tx.Where("id = ?", id), &row, errNoExport())
	return row, err
}

func errNoExport() error {
	return fault.New(fault.NotFound, "no_such_export", "There is no such download.")
}

// of tells whether it was this actor's account that asked.
func (row *exportRow) of(a Actor) bool {
	if row.AccountID == nil {
		return a.AccountID == uuid.Nil
	}
	return *row.AccountID == a.AccountID
}
