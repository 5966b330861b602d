package registry

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Enrolments lists where a person or group stands and stood in programmes, by
// programme: to staff, and to the person themselves. It returns NotFound or
// Forbidden: see Person.
func (r *Registry) Enrolments(ctx context.Context, a Actor, id uuid.UUID) ([]Enrolment, error) {
	if err := a.checkOn(toRead, id); err != nil {
		return nil, err
	}
	var out []Enrolment
	err := r.reading(ctx, a, id, func(tx *gorm.DB) error {
		if _, err := r.loadRecord(tx, a.to(toRead), id, ""); err != nil {
			return err
		}
		var rows []enrolmentRow
		if err := tx.Where("registrant_id = ?", id).Order("programme, seq").Find(&rows).Error; err != nil {
			return fmt.Errorf("list enrolments: %w", err)
		}
		out = enrolmentsOf(rows)
		return nil
	})
	return out, err
}

// EnrolledQuery asks who stands where in a programme.
type EnrolledQuery struct {
	Programme string
	Status    EnrolmentStatus // who stands there now
	After     string          // EnrolledPage.Next of the page before
	Limit     int             // 0: 50, at most 200
}

// EnrolledPage is one page of enrolments, in the order of registration.
type EnrolledPage struct {
	Enrolments []Enrolment
	Next       string // EnrolledQuery.After of the next page; "" after the last
}

// Enrolled lists the enrolments of a programme that have a status now. It
// returns Forbidden, NotFound "no_such_programme", or Invalid "bad_query" or
// "bad_cursor".
func (r *Registry) Enrolled(ctx context.Context, a Actor, q EnrolledQuery) (EnrolledPage, error) {
	if err := a.checkWithin(toSearch); err != nil {
		return EnrolledPage{}, err
	}
	after, err := parseSeqCursor(q.After)
	switch {
	case err != nil:
		return EnrolledPage{}, err
	case !slices.Contains(EnrolmentStatuses(), q.Status):
		return EnrolledPage{}, badQuery("status")
	}
	limit := pageSize(q.Limit)
	var page EnrolledPage
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		if _, err := r.loadProgramme(tx, q.Programme, ""); err != nil {
			return err
		}
		w := &where{}
		w.and("programme = ?", q.Programme)
		w.and("enrolment.status = ?", q.Status)
		w.and(lastStay)
		w.and("(registrant_id, seq) > (?, ?)", after.id, after.seq)
		if sql, args := a.to(toSearch).condition("registrant"); sql != "" {
			w.and("registrant_id IN (SELECT id FROM registrant WHERE "+sql+")", args...)
		}
		var rows []enrolmentRow
		err := tx.Raw(`SELECT * FROM enrolment WHERE `+w.text()+` ORDER BY registrant_id, seq LIMIT ?`, append(w.args, limit+1)...).Scan(&rows).Error
		if err != nil {
			return fmt.Errorf("list who is enrolled: %w", err)
		}
		if len(rows) > limit {
			rows = rows[:limit]
			page.Next = seqCursor{rows[limit-1].RegistrantID, rows[limit-1].Seq}.String()
		}
		page.Enrolments = enrolmentsOf(rows)
		return nil
	})
	return page, err
}

func enrolmentsOf(rows []enrolmentRow) []Enrolment {
	out := make([]Enrolment, len(rows))
	for i, row := range rows {
		out[i] = row.toEnrolment()
	}
	return out
}
