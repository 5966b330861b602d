package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/jobs"
)

// jobWork does the work of one kind of job, for an actor with the rights of the
// moment. Each transaction of r.db.InTx under ctx commits only while the job is
// ours and not cancelled; run.Tell shows the progress. The result is kept as JSON of at most maxJobResult
// bytes: numbers and ids, no values of people. A job may be run again after a
// crash: from run.Cursor, or in a way that finds what is done.
type jobWork func(ctx context.Context, a Actor, run *jobs.Run) (result any, err error)

// maxJobResult is in bytes.
const maxJobResult = 64 << 10

// jobKinds is every kind of job and its work.
func (r *Registry) jobKinds() map[string]jobWork {
	return map[string]jobWork{
		jobAudit:         r.workAudit,
		jobDefaultSwitch: r.workDefaultSwitch,
		jobEnrolMany:     r.workEnrolMany,
		jobExport:        r.workExport,
		jobFieldIndex:    r.workFieldIndex,
		jobGroupEnd:      r.workGroupEnd,
		jobImportApply:   r.workImport(false),
		jobImportCheck:   r.workImport(true),
		jobSourcePull:    r.workSourcePull,
		jobStatistics:    r.workStatistics,
	}
}

// JobHandlers gives the work of every kind of job, for the runner of a server.
func (r *Registry) JobHandlers() map[string]jobs.Handler {
	handlers := map[string]jobs.Handler{}
	for kind, work := range r.jobKinds() {
		handlers[kind] = r.jobHandler(work)
	}
	return handlers
}

// jobOption changes how a job is enqueued.
type jobOption func(*jobs.Spec)

// oneAtATime makes of all jobs of a kind with this key one that waits or runs.
func oneAtATime(key string) jobOption { return func(s *jobs.Spec) { s.UniqueKey = key } }

// enqueue asks for work in the caller's transaction, and gives the id of the job.
// The caller has decided that the actor may. If a job of the same key is at work
// already, it gives that one to whoever asked for the same, and Conflict
// "job_exists" to others.
func (r *Registry) enqueue(tx *gorm.DB, now db.Time, a Actor, kind string, args any, options ...jobOption) (uuid.UUID, error) {
	sealed, err := r.sealArgs(kind, args)
	if err != nil {
		return uuid.Nil, err
	}
	spec := jobs.Spec{Kind: kind, Args: sealed, RunAt: now}
	for _, change := range options {
		change(&spec)
	}
	id, err := jobs.Enqueue(tx, spec)
	if err != nil {
		return uuid.Nil, err
	}
	row := jobRow{JobID: id, Actor: a.name(), Channel: a.channel(), CreatedAt: now, ErrorFields: column[[]fault.Field]{[]fault.Field{}}}
	if a.AccountID == uuid.Nil {
		row.Roles = joinRoles(a.Roles)
	} else {
		row.AccountID = &a.AccountID
	}
	if a.ByToken() {
		row.Scopes = optional(joinScopes(a.Scopes))
	}
	var there jobRow
	found := tx.Where("job_id = ?", id).Limit(1).Find(&there)
	switch {
	case found.Error != nil:
		return uuid.Nil, fmt.Errorf("look for a job: %w", found.Error)
	case found.RowsAffected == 0:
		err = tx.Create(&row).Error
	case !there.of(a):
		return uuid.Nil, fault.New(fault.Conflict, "job_exists", "Somebody else has asked for the same work, and it has not ended.")
	default:
		return id, r.sameArgs(tx, id, args)
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("keep who asked for a job: %w", err)
	}
	return id, nil
}

// sameArgs holds the arguments of a job that is at work against those of a request
// that would be answered with it. Error: Conflict "job_exists".
func (r *Registry) sameArgs(tx *gorm.DB, id uuid.UUID, args any) error {
	var stored string
	if err := tx.Raw(`SELECT CAST(args AS text) FROM job WHERE id = ?`, id).Scan(&stored).Error; err != nil {
		return fmt.Errorf("read the arguments of a job: %w", err)
	}
	there, err := r.openArgs([]byte(stored))
	if err != nil {
		return err
	}
	asked, err := argsText(args)
	if err == nil && !bytes.Equal(there, asked) {
		return fault.New(fault.Conflict, "job_exists", "This work is under way with other settings. Wait until it ends, or cancel it.")
	}
	return err
}

// startJob enqueues a job in a transaction of its own.
func (r *Registry) startJob(ctx context.Context, a Actor, kind string, args any, options ...jobOption) (Job, error) {
	var j Job
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		id, err := r.enqueue(tx, now, a, kind, args, options...)
		if err == nil {
			j, err = readJob(tx, a, id, true)
		}
		return err
	})
	return j, err
}

// sealedArgs are the arguments of a job as they are stored: what is searched for
// may be a person's name or number.
type sealedArgs struct {
	Kind   string `json:"kind"`
	Sealed []byte `json:"sealed"`
}

func (r *Registry) sealArgs(kind string, args any) (sealedArgs, error) {
	text, err := argsText(args)
	if err != nil {
		return sealedArgs{}, err
	}
	return sealedArgs{kind, r.jobKey.Seal(text, []byte(kind))}, nil
}

func argsText(args any) ([]byte, error) {
	if args == nil {
		args = struct{}{}
	}
	text, err := json.Marshal(args)
	if err != nil {
		return nil, fmt.Errorf("write the arguments of a job: %w", err)
	}
	return text, nil
}

func (r *Registry) openArgs(stored []byte) ([]byte, error) {
	var s sealedArgs
	if err := json.Unmarshal(stored, &s); err != nil {
		return nil, fmt.Errorf("read the arguments of a job: %w", err)
	}
	return r.jobKey.Open(s.Sealed, []byte(s.Kind))
}

// of tells whether it was this actor's account that asked.
func (row *jobRow) of(a Actor) bool {
	if row.AccountID == nil {
		return a.AccountID == uuid.Nil
	}
	return *row.AccountID == a.AccountID
}

// jobHandler runs one kind of work for whoever asked for it, and keeps what came
// of it in the transaction that ends the job.
func (r *Registry) jobHandler(work jobWork) jobs.Handler {
	return func(ctx context.Context, run *jobs.Run) error {
		var result []byte
		var failure error
		run.AtEnd(func(tx *gorm.DB, state jobs.State) error {
			if err := keepOutcome(tx, run.ID, state, result, failure); err != nil {
				return err
			}
			return r.JobEnded(tx, run.Kind, run.ID, state)
		})
		result, failure = r.work(ctx, run, work)
		if failure == nil || errors.Is(failure, jobs.ErrLost) || errors.Is(failure, jobs.ErrCancelled) {
			return failure
		}
		told := jobFailureOf(failure)
		return &jobs.Failure{Err: failure, Words: told.Code, Final: isFinal(failure)}
	}
}

func (r *Registry) work(ctx context.Context, run *jobs.Run, work jobWork) ([]byte, error) {
	if err := run.MapArgs(r.openArgs); err != nil {
		return nil, err
	}
	a, err := r.jobActor(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	ctx = db.Besides(ctx, func(tx *gorm.DB, _ db.Time) error { return run.Hold(tx) })
	result, err := work(ctx, a, run)
	if err != nil || result == nil {
		return nil, err
	}
	text, err := json.Marshal(result)
	if err == nil && len(text) > maxJobResult {
		err = fmt.Errorf("the result of a job of kind %s is too long", run.Kind)
	}
	return text, err
}

// jobActor is who asked, with the rights of today and the scopes of then. Error:
// Forbidden "account_disabled".
func (r *Registry) jobActor(ctx context.Context, id uuid.UUID) (Actor, error) {
	var a Actor
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		var row jobRow
		if err := first(tx.Where("job_id = ?", id), &row, errNoJob()); err != nil {
			return err
		}
		if row.AccountID == nil {
			a = Actor{Name: row.Actor, Channel: row.Channel}
			for name := range strings.FieldsSeq(row.Roles) {
				a.Roles = append(a.Roles, Role(name))
			}
			return nil
		}
		var account accountRow
		closed := fault.New(fault.Forbidden, "account_disabled", "The account that asked for this is closed.")
		err := first(tx.Where("id = ? AND disabled_at IS NULL", *row.AccountID), &account, closed)
		if err != nil {
			return err
		}
		if a, err = r.readActor(tx, account); err != nil {
			return err
		}
		if len(a.Roles) == 0 {
			return closed
		}
		a.Channel = row.Channel
		if row.Scopes != "" {
			a.Scopes = splitScopes(string(row.Scopes))
		}
		return nil
	})
	return a, err
}

// isFinal tells of failures that trying again does not mend. That somebody was in
// the way of one batch passes.
func isFinal(err error) bool {
	if fault.CodeOf(err) == codeChangedMeanwhile {
		return false
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Unauthenticated, fault.Forbidden, fault.NotFound, fault.Conflict, fault.Gone, fault.TooLarge:
		return true
	}
	return false
}

// jobFailureOf is what may be told of a failure: never its cause.
func jobFailureOf(err error) JobFailure {
	var f *fault.Error
	if errors.As(err, &f) && f.Kind != fault.Internal {
		return JobFailure{f.Code, f.Detail, f.Fields}
	}
	return JobFailure{Code: fault.CodeOf(err), Detail: "The work failed for reasons that the log of the server tells."}
}

// keepOutcome writes what came of an attempt.
func keepOutcome(tx *gorm.DB, id uuid.UUID, state jobs.State, result []byte, failure error) error {
	row := jobRow{JobID: id, ErrorFields: column[[]fault.Field]{[]fault.Field{}}}
	switch state {
	case jobs.Done:
		row.Result = optional(result)
	case jobs.Failed:
		told := jobFailureOf(failure)
		row.ErrorCode, row.ErrorDetail = told.Code, told.Detail
		if told.Fields != nil {
			row.ErrorFields.V = told.Fields
		}
	default:
		return nil
	}
	err := tx.Model(&row).Select("result", "error_code", "error_detail", "error_fields").Updates(&row).Error
	if err != nil {
		return fmt.Errorf("keep the outcome of a job: %w", err)
	}
	return nil
}

// goOn reads where the work of a job stands, as cursorText has written it, into
// cursor; of one that has only begun there is nothing to read.
func goOn(run *jobs.Run, cursor any) error {
	if run.Cursor == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(run.Cursor), cursor); err != nil {
		return fmt.Errorf("read where a job of kind %s stands: %w", run.Kind, err)
	}
	return nil
}

// cursorText writes where the work of a job stands, as JSON.
func cursorText(cursor any) string {
	text, err := json.Marshal(cursor)
	if err != nil {
		return "" // of our own plain structs it never fails; from the beginning, then
	}
	return string(text)
}
