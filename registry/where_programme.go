package registry

import (
	"slices"

	"gorm.io/gorm"

	"socialregistry/internal/fault"
)

// lastStay is the condition that a row of enrolment says where somebody stands now:
// who has exited and come back stands where the later stay is.
const lastStay = `NOT EXISTS (SELECT 1 FROM enrolment later WHERE later.registrant_id = enrolment.registrant_id
	AND later.programme = enrolment.programme AND later.seq > enrolment.seq)`

// whereEnrolled asks where somebody stands in a programme. Nobody is found by one whose
// field is hidden. DISTINCT makes a join of it, so that PostgreSQL reads stays by their
// indexes in the order of ids, as many as a page needs; it would else read people until
// enough of them have a stay, which may be all.
func (r *Registry) whereEnrolled(tx *gorm.DB, w *where, hidden map[string]bool, q Query) error {
	switch {
	case q.Programme == "" && q.Enrolment == "":
		return nil
	case q.Enrolment != "" && !slices.Contains(EnrolmentStatuses(), q.Enrolment):
		return badQuery("enrolment")
	}
	p, err := r.loadProgramme(tx, q.Programme, "")
	switch {
	case fault.CodeOf(err) == "no_such_programme", err == nil && hidden[p.Field()]:
		return badQuery("programme")
	case err != nil:
		return err
	}
	const stays = `id IN (SELECT DISTINCT registrant_id FROM enrolment WHERE programme = ?`
	switch q.Enrolment {
	case "":
		w.and(stays+` AND end_date IS NULL)`, p.Code)
	case EnrolmentExited:
		w.and(stays+` AND enrolment.status = ? AND `+lastStay+`)`, p.Code, q.Enrolment)
	default:
		w.and(stays+` AND enrolment.status = ?)`, p.Code, q.Enrolment)
	}
	return nil
}
