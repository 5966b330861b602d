package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/jobs"
)

const (
	jobAudit = "audit"

	auditPart     = 500 // records that are looked at between two savings of the cursor
	auditFindings = 100 // findings that are kept with the job
)

// auditArgs are the arguments of a job of kind audit.
type auditArgs struct {
	Chains bool `json:"chains"` // play the change logs again as well
}

// AuditResult is what an audit found. It holds no value of a person.
type AuditResult struct {
	Checked  int            `json:"checked"`  // people and groups looked at, once for drift and once for change logs
	Found    int            `json:"found"`    // all findings
	Findings []AuditFinding `json:"findings"` // the first 100 of them
}

// AuditFinding is a Drift.
type AuditFinding struct {
	ID    uuid.UUID `json:"id"` // of the person or group
	Kind  DriftKind `json:"kind"`
	Field string    `json:"field,omitempty"`
}

// StartAudit asks for a job that looks for drift in all records, and with chains
// plays every change log again: see DriftCheck and ChainCheck. Its result is an
// AuditResult. Of several that are asked for at once, one runs. It returns
// Forbidden, or Conflict "job_exists".
func (r *Registry) StartAudit(ctx context.Context, a Actor, chains bool) (Job, error) {
	if err := a.check(toAudit); err != nil {
		return Job{}, err
	}
	return r.startJob(ctx, a, jobAudit, auditArgs{chains}, oneAtATime(auditKey(chains)))
}

// auditKey keeps two audits of one sort from running at the same time.
func auditKey(chains bool) string {
	if chains {
		return "chains"
	}
	return "drift"
}

// auditCursor is where an audit stands.
type auditCursor struct {
	Chains bool // it is at the change logs
	After  string
	Result AuditResult
}

// workAudit is the work of a job of kind audit.
func (r *Registry) workAudit(ctx context.Context, a Actor, run *jobs.Run) (any, error) {
	var args auditArgs
	if err := run.Args(&args); err != nil {
		return nil, err
	}
	at := auditCursor{Result: AuditResult{Findings: []AuditFinding{}}}
	if err := goOn(run, &at); err != nil {
		return nil, err
	}
	total, err := r.countRecords(ctx)
	if err != nil {
		return nil, err
	}
	if args.Chains {
		total *= 2
	}
	for more := true; more; {
		if more, err = r.auditSome(ctx, a, &at, args); err != nil {
			return nil, err
		}
		err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error {
			return run.Save(tx, cursorText(at), int64(at.Result.Checked), total)
		})
		if err != nil {
			return nil, err
		}
	}
	return at.Result, nil
}

// auditSome looks at the next records and tells whether there are more.
func (r *Registry) auditSome(ctx context.Context, a Actor, at *auditCursor, args auditArgs) (more bool, err error) {
	check := r.DriftCheck
	if at.Chains {
		check = r.ChainCheck
	}
	page, err := check(ctx, a, at.After, auditPart)
	if err != nil {
		return false, err
	}
	at.Result.Checked += page.Checked
	at.Result.Found += len(page.Findings)
	for _, d := range page.Findings {
		if len(at.Result.Findings) < auditFindings {
			at.Result.Findings = append(at.Result.Findings, AuditFinding{d.RegistrantID, d.Kind, d.Field})
		}
	}
	at.After = page.Next
	if at.After == "" && args.Chains && !at.Chains {
		at.Chains = true
		return true, nil
	}
	return at.After != "", nil
}

func (r *Registry) countRecords(ctx context.Context) (n int64, err error) {
	if err := r.db.WithContext(ctx).Raw(`SELECT count(*) FROM registrant`).Scan(&n).Error; err != nil {
		return 0, fmt.Errorf("count records: %w", err)
	}
	return n, nil
}
