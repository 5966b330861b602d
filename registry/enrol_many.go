package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/jobs"
)

const jobEnrolMany = "enrol_many"

// MaxEnrolMany is how many people or groups one EnrolMany names.
const MaxEnrolMany = 1000

// EnrolMany asks that many people or groups get one status in a programme.
type EnrolMany struct {
	Programme string // code
	Status    EnrolmentStatus
	On        string // first day of the status; "": today
	Reason    string
	Numbers   []string // registration numbers; one that stands twice counts once

	// Query names everybody whom it finds, and not Numbers. After and Limit are not used.
	Query       *Query
	ExpectCount int // EnrolCount.ToMove as it was confirmed; only with Query
}

// EnrolManyResult is the result of a job of kind enrol_many.
type EnrolManyResult struct {
	Moved   int            `json:"moved"`
	Already int            `json:"already"` // they stood there before
	Refused []RefusedEntry `json:"refused"`

	MoreRefused int `json:"more_refused,omitempty"` // beside those that are named
}

// RefusedEntry is a registration number, and why nothing was done about it: a code
// of Enrol, or "not_found".
type RefusedEntry struct {
	Number string `json:"n"`
	Code   string `json:"c"`
}

// StartEnrolMany enrols many as a job, each as Enrol does: one that is refused
// stops none of the others. The result of the job is an EnrolManyResult; one that
// is cancelled keeps what it has done. It returns Forbidden, NotFound
// "no_such_programme", or Invalid "invalid_enrolment" (status: unknown_status; on:
// bad_date, date_in_future; numbers: required, too_many; programme: not_for_people), or with
// a Query "bad_query" and Conflict "count_changed" when more people would be moved than
// ExpectCount.
func (r *Registry) StartEnrolMany(ctx context.Context, a Actor, e EnrolMany) (Job, error) {
	e, err := r.checkMany(ctx, a, e)
	if err != nil {
		return Job{}, err
	}
	if e.Query != nil {
		n, err := r.countMany(ctx, a, e)
		switch {
		case err != nil:
			return Job{}, err
		case n.ToMove > e.ExpectCount:
			return Job{}, errEnrolMore()
		}
	}
	return r.startJob(ctx, a, jobEnrolMany, e)
}

// checkMany refuses what cannot be asked for, or not by this actor.
func (r *Registry) checkMany(ctx context.Context, a Actor, e EnrolMany) (EnrolMany, error) {
	if err := a.checkWithin(toEnrol); err != nil {
		return e, err
	}
	var err error
	if e.Reason, err = cleanReason(e.Reason); err != nil {
		return e, err
	}
	p, err := r.Programme(ctx, e.Programme)
	if err != nil {
		return e, err
	}
	if e.Query != nil && !slices.Contains(p.Kinds, PersonKind) {
		return e, fault.InvalidFields("invalid_enrolment", "The enrolment cannot be accepted.", []fault.Field{{Name: "programme", Code: "not_for_people", Detail: "The programme is not for people."}})
	}
	return r.cleanMany(a, e)
}

// cleanMany checks what is asked for, and settles the day.
func (r *Registry) cleanMany(a Actor, e EnrolMany) (EnrolMany, error) {
	var bad []fault.Field
	if !slices.Contains(EnrolmentStatuses(), e.Status) {
		bad = append(bad, fault.Field{Name: "status", Code: "unknown_status", Detail: "APPLIED, ENROLLED, SUSPENDED or EXITED."})
	}
	on, wrong := r.newBuilder(nil, a, e.Reason, db.TimeOf(r.now())).day(e.On)
	if wrong != nil {
		bad = append(bad, fault.Field{Name: "on", Code: wrong.code, Detail: wrong.words})
	}
	e.On = on
	var numbers []string
	for _, typed := range e.Numbers {
		number := strings.TrimSpace(typed)
		if clean, ok := cleanNumber(number); ok {
			number = clean
		}
		number = cut(strings.ReplaceAll(strings.ToValidUTF8(number, ""), "\x00", ""), maxNumberTyped) // what no database takes is nobody's number
		if number != "" && !slices.Contains(numbers, number) {
			numbers = append(numbers, number)
		}
		if len(numbers) > MaxEnrolMany {
			break
		}
	}
	e.Numbers = numbers
	switch {
	case e.Query != nil:
		e.Numbers = nil
	case len(numbers) == 0:
		bad = append(bad, fault.Field{Name: "numbers", Code: CodeRequired, Detail: "Name at least one."})
	case len(numbers) > MaxEnrolMany:
		bad = append(bad, fault.Field{Name: "numbers", Code: "too_many", Detail: fmt.Sprintf("At most %d at once.", MaxEnrolMany)})
	}
	if len(bad) > 0 {
		return e, fault.InvalidFields("invalid_enrolment", "The enrolment cannot be accepted.", bad)
	}
	return e, nil
}

// maxNumberTyped keeps of what is no registration number only so much, in bytes.
const maxNumberTyped = 20

// enrolManyCursor is where a job stands.
type enrolManyCursor struct {
	At     int       // of Numbers, or how many of those who were found
	After  uuid.UUID // the last of those who were found
	Result EnrolManyResult
}

// workEnrolMany is the work of a job of kind enrol_many: one transaction each.
func (r *Registry) workEnrolMany(ctx context.Context, a Actor, run *jobs.Run) (any, error) {
	var e EnrolMany
	if err := run.Args(&e); err != nil {
		return nil, err
	}
	if err := a.checkWithin(toEnrol); err != nil {
		return nil, err
	}
	at := enrolManyCursor{Result: EnrolManyResult{Refused: []RefusedEntry{}}}
	if err := goOn(run, &at); err != nil {
		return nil, err
	}
	if e.Query != nil {
		return r.workEnrolFound(ctx, a, e, at, run)
	}
	for at.At < len(e.Numbers) {
		next, err := r.enrolNext(ctx, a, e, at, enrolOne{Number: e.Numbers[at.At]}, run)
		if err != nil {
			return nil, err
		}
		at = next
	}
	return at.Result, nil
}

// enrolNext enrols one more, or writes down why not.
func (r *Registry) enrolNext(ctx context.Context, a Actor, e EnrolMany, at enrolManyCursor, one enrolOne, run *jobs.Run) (next enrolManyCursor, err error) {
	total := int64(len(e.Numbers))
	if e.Query != nil {
		total = int64(max(e.ExpectCount, at.At+1))
	}
	save := func(tx *gorm.DB) error { return run.Save(tx, cursorText(next), int64(next.At), total) }
	at.At, at.After = at.At+1, one.ID
	full := false
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		next = at
		already, err := r.enrolNumber(tx, a, e, one.Number, now)
		switch {
		case err != nil:
			return err
		case already:
			next.Result.Already++
		case e.Query != nil && at.Result.Moved >= e.ExpectCount: // more than somebody agreed to
			full = true
			return errEnrolMore()
		default:
			next.Result.Moved++
		}
		return save(tx)
	})
	code, isRefusal := refusal(err)
	if full || !isRefusal {
		return next, err
	}
	next = at
	if e.Query != nil && len(at.Result.Refused) >= maxRefusedNamed {
		next.Result.MoreRefused++
	} else {
		next.Result.Refused = append(slices.Clone(at.Result.Refused), RefusedEntry{one.Number, code})
	}
	return next, r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error { return save(tx) })
}

// refusal gives the code of what somebody is refused for, and not the whole work.
func refusal(err error) (code string, ok bool) {
	var f *fault.Error
	if !errors.As(err, &f) {
		return "", false
	}
	switch f.Kind {
	case fault.NotFound:
		return "not_found", true
	case fault.Invalid, fault.Conflict, fault.Gone, fault.Forbidden:
		if len(f.Fields) > 0 {
			return f.Fields[0].Code, true
		}
		return f.Code, true
	}
	return "", false
}

// enrolNumber enrols whoever has a number; already tells that they stood there.
func (r *Registry) enrolNumber(tx *gorm.DB, a Actor, e EnrolMany, number string, now db.Time) (already bool, err error) {
	var ids []uuid.UUID
	if err := tx.Raw(`SELECT id FROM registrant WHERE number = ?`, number).Scan(&ids).Error; err != nil {
		return false, fmt.Errorf("find a registration number: %w", err)
	}
	rec, err := r.loadRecord(tx, a.to(toEnrol), append(ids, uuid.Nil)[0], r.db.Dialect.ForUpdate())
	if err != nil {
		return false, err
	}
	last, err := lastEnrolment(tx, rec.row.ID, e.Programme)
	if err != nil || last.Status == e.Status {
		return true, err
	}
	b, err := r.loadBuilderOf(tx, rec.row.Kind, a, e.Reason, now)
	if err != nil {
		return false, err
	}
	_, err = r.enrol(tx, b, rec, EnrolmentChange{Programme: e.Programme, Status: e.Status, On: e.On, Reason: e.Reason})
	return false, err
}
