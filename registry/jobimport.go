package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/internal/jobs"
)

const (
	jobImportCheck = "import_check"
	jobImportApply = "import_apply"
)

// importArgs are the arguments of a job on an upload.
type importArgs struct {
	Import uuid.UUID `json:"import"`
}

// ImportJobResult is the result of a job on an upload: the counts of ImportResult.
// Its problems are read with ImportProblems.
type ImportJobResult struct {
	Import         uuid.UUID `json:"import"`
	Rows           int       `json:"rows"`
	Created        int       `json:"created"`
	Updated        int       `json:"updated"`
	Unchanged      int       `json:"unchanged"`
	Failed         int       `json:"failed"`
	Deactivated    int       `json:"deactivated"`
	ProblemCount   int       `json:"problem_count"`
	AlreadyApplied bool      `json:"already_applied"`
}

// StartImportCheck asks for the dry run of an upload: see CheckImport. The result
// of the job is an ImportJobResult. It returns NotFound, Forbidden, or Conflict
// "import_ended" or "job_exists".
func (r *Registry) StartImportCheck(ctx context.Context, a Actor, id uuid.UUID) (Job, error) {
	return r.startImport(ctx, a, id, true)
}

// StartImportApply asks for an upload that was checked to be applied: see
// ApplyImport. One that is cancelled, or killed, before its merge has committed
// has changed nothing. It returns what StartImportCheck returns, and Conflict
// "import_not_checked".
func (r *Registry) StartImportApply(ctx context.Context, a Actor, id uuid.UUID) (Job, error) {
	return r.startImport(ctx, a, id, false)
}

func (r *Registry) startImport(ctx context.Context, a Actor, id uuid.UUID, dry bool) (Job, error) {
	row, err := r.batch(ctx, a, id)
	if err != nil {
		return Job{}, err
	}
	if err := row.runnable(dry); err != nil {
		return Job{}, err
	}
	kind := jobImportApply
	if dry {
		kind = jobImportCheck
	}
	return r.startJob(ctx, a, kind, importArgs{id}, oneAtATime(id.String()))
}

// runnable tells whether an upload, or an undo, can be checked or applied. Errors: Conflict
// "import_ended" and "import_not_checked".
func (row *batchRow) runnable(dry bool) error {
	switch {
	case !row.waits(), dry && row.State == batchUndoing:
		return errImportEnded()
	case row.State != batchChecked && row.State != batchUndoing && !dry:
		return fault.New(fault.Conflict, "import_not_checked", "Check the file first.")
	}
	return nil
}

// workImport gives the work of a job on an upload. A job that is begun again reads
// the kept file from its first byte: until the merge commits there is nothing but
// staging, and each run has its own.
func (r *Registry) workImport(dry bool) jobWork {
	run := r.ApplyImport
	if dry {
		run = r.CheckImport
	}
	return func(ctx context.Context, a Actor, job *jobs.Run) (any, error) {
		var args importArgs
		if err := job.Args(&args); err != nil {
			return nil, err
		}
		size, err := r.uploadSize(ctx, args.Import)
		if err != nil {
			return nil, err
		}
		res, err := run(ctx, a, args.Import, func(p ImportProgress) {
			if p.Statement == "" { // the merge is one transaction: nobody writes beside it on SQLite
				job.Tell(ctx, p.Bytes, size)
			}
		})
		return ImportJobResult{Import: args.Import, Rows: res.Rows, Created: res.Created, Updated: res.Updated, Unchanged: res.Unchanged,
			Failed: res.Failed, Deactivated: res.Deactivated, ProblemCount: res.ProblemCount, AlreadyApplied: res.AlreadyApplied}, err
	}
}

// uploadSize is the size of a kept file in bytes or, of an undo, the people of the
// import; 0 if there is none.
func (r *Registry) uploadSize(ctx context.Context, id uuid.UUID) (size int64, err error) {
	err = r.db.WithContext(ctx).Raw(`SELECT size FROM blob WHERE id IN (SELECT blob_id FROM import_batch WHERE id = @id)
		UNION ALL SELECT s.created + s.updated FROM import_batch u JOIN import_batch s ON s.id = u.undoes WHERE u.id = @id`, map[string]any{"id": id}).Scan(&size).Error
	if err != nil {
		return 0, fmt.Errorf("read the size of an upload: %w", err)
	}
	return size, nil
}
