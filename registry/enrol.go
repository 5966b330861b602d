package registry

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// EnrolmentChange says where somebody shall stand in a programme.
type EnrolmentChange struct {
	Programme     string // code
	Status        EnrolmentStatus
	On            string // first day of the status; "": today
	Reason        string
	ExpectVersion int // of the record: the field of the programme is one of its values
}

// Enrol moves a person or group to another status in a programme; it begins an
// enrolment where there is none. The field of the programme changes with it, in
// the same version, so that a decision about it is stale. It returns Forbidden,
// NotFound (see Person) or "no_such_programme", Invalid "invalid_enrolment"
// (programme: not_for_kind; status: unknown_status; on: bad_date, date_in_future,
// before_birth, before_status, before_programme, after_programme), Conflict
// "version_conflict", "not_active" (a group that has ended), or "bad_transition"
// when the status cannot follow the one there is.
func (r *Registry) Enrol(ctx context.Context, a Actor, id uuid.UUID, c EnrolmentChange) (Enrolment, error) {
	if err := a.checkWithin(toEnrol); err != nil {
		return Enrolment{}, err
	}
	reason, err := cleanReason(c.Reason)
	if err != nil {
		return Enrolment{}, err
	}
	var out Enrolment
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		rec, err := r.loadRecord(tx, a.to(toEnrol), id, r.db.Dialect.ForUpdate())
		switch {
		case err != nil:
			return err
		case rec.row.VersionNo != c.ExpectVersion:
			return errVersionConflict()
		}
		b, err := r.loadBuilderOf(tx, rec.row.Kind, a, reason, now)
		if err != nil {
			return err
		}
		out, err = r.enrol(tx, b, rec, c)
		return err
	})
	return out, err
}

func (r *Registry) enrol(tx *gorm.DB, b *builder, rec record, c EnrolmentChange) (Enrolment, error) {
	p, err := r.loadProgramme(tx, c.Programme, "")
	if err != nil {
		return Enrolment{}, err
	}
	last, err := lastEnrolment(tx, rec.row.ID, p.Code)
	if err != nil {
		return Enrolment{}, err
	}
	on, bad := b.checkEnrolment(p, &rec, last, c)
	switch {
	case len(bad) > 0:
		return Enrolment{}, fault.InvalidFields("invalid_enrolment", "The enrolment cannot be accepted.", bad)
	case !slices.Contains(last.Status.next(), c.Status):
		return Enrolment{}, errBadTransition(last.Status)
	case rec.row.Status != statusActive && c.Status != EnrolmentExited:
		return Enrolment{}, fault.New(fault.Conflict, "not_active", "This record is not active any more.")
	}
	row := b.moved(p, rec.row.ID, last, c.Status, db.Date(on))
	if err := r.storeEnrolment(tx, row, last.Seq != row.Seq); err != nil {
		return Enrolment{}, err
	}
	return r.keepEnrolment(tx, b, rec, p, last, row)
}

// moved is the row of an enrolment that moves on, or begins.
func (b *builder) moved(p Programme, id uuid.UUID, last enrolmentRow, to EnrolmentStatus, on db.Date) enrolmentRow {
	row := enrolmentRow{RegistrantID: id, Programme: p.Code, Seq: last.Seq, Status: to, Start: last.Start, Since: on,
		Reason: b.reason, RecordedAt: b.at, RecordedBy: b.actor.name()}
	if last.Seq == 0 || last.Status == EnrolmentExited {
		row.Seq, row.Start = last.Seq+1, on
	}
	if to == EnrolmentExited {
		row.End = on
	}
	return row
}

func (r *Registry) storeEnrolment(tx *gorm.DB, row enrolmentRow, isNew bool) error {
	var err error
	if isNew {
		err = tx.Create(&row).Error
	} else {
		err = tx.Select("*").Updates(&row).Error
	}
	if r.db.Dialect.IsDuplicate(err) {
		return errChangedMeanwhile()
	}
	if err != nil {
		return fmt.Errorf("store an enrolment: %w", err)
	}
	return nil
}

// keepEnrolment writes the field of the programme and the log. Where the field
// says so already, as after a return to an older version, the log alone moves.
func (r *Registry) keepEnrolment(tx *gorm.DB, b *builder, rec record, p Programme, last, row enrolmentRow) (Enrolment, error) {
	b.keeps = p.Field()
	b.beside = []diffEntry{{Field: p.Field(), Kind: KindEnrolment, Old: last.words(), New: row.words(), Comment: row.Reason}}
	out := row.toEnrolment()
	change, err := b.edit(rec, map[string]string{p.Field(): string(row.Status)}, time.Time{})
	switch {
	case err != nil:
		return out, err
	case change == nil:
		out.VersionNo = rec.row.VersionNo
		return out, r.note(tx, b, &rec, b.beside...)
	}
	out.VersionNo = change.Row.VersionNo
	return out, r.store(tx, change)
}

// checkEnrolment lists what is wrong with a change, and gives its day.
func (b *builder) checkEnrolment(p Programme, rec *record, last enrolmentRow, c EnrolmentChange) (string, []fault.Field) {
	var bad []fault.Field
	add := func(wrong bool, member, code, words string) {
		if wrong {
			bad = append(bad, fault.Field{Name: member, Code: code, Detail: words})
		}
	}
	add(!slices.Contains(p.Kinds, rec.row.Kind), "programme", "not_for_kind", "This programme is not for registrants of this kind.")
	add(!slices.Contains(EnrolmentStatuses(), c.Status), "status", "unknown_status", "APPLIED, ENROLLED, SUSPENDED or EXITED.")
	on, wrong := b.dayFor(rec, c.On)
	if wrong != nil {
		add(true, "on", wrong.code, wrong.words)
		return on, bad
	}
	add(on < string(last.Since), "on", "before_status", "The day is before the one from which the last status holds.")
	add(on < p.Start, "on", "before_programme", "The programme had not begun on that day.")
	add(p.End != "" && on > p.End && c.Status != EnrolmentExited, "on", "after_programme", "The programme had ended by that day.")
	return on, bad
}

// lastEnrolment gives the last enrolment of somebody in a programme, or the zero
// row.
func lastEnrolment(tx *gorm.DB, id uuid.UUID, programme string) (enrolmentRow, error) {
	var rows []enrolmentRow
	err := tx.Raw(`SELECT * FROM enrolment WHERE registrant_id = ? AND programme = ? ORDER BY seq DESC LIMIT 1`, id, programme).Scan(&rows).Error
	if err != nil {
		return enrolmentRow{}, fmt.Errorf("load an enrolment: %w", err)
	}
	if len(rows) == 0 {
		return enrolmentRow{}, nil
	}
	return rows[0], nil
}

func errBadTransition(from EnrolmentStatus) error {
	if from == "" || from == EnrolmentExited {
		return fault.New(fault.Conflict, "bad_transition", "An enrolment begins with APPLIED or ENROLLED.")
	}
	return fault.New(fault.Conflict, "bad_transition", "This status cannot follow "+string(from)+".")
}
