package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/fault"
	"socialregistry/internal/jobs"
)

// How many of those whom an EnrolMany refuses are named when a search finds them, and
// how many are looked at at a time.
const (
	maxRefusedNamed = 100
	enrolBatch      = 200
)

// EnrolCount is what an EnrolMany would do: exact numbers.
type EnrolCount struct {
	ToMove  int // people who do not have the status
	Already int // people who have it
}

// CountEnrolMany tells how many people or groups StartEnrolMany would move, and changes
// nothing: whoever is named or found within the actor's bounds. It returns the errors of
// StartEnrolMany, but for "count_changed".
func (r *Registry) CountEnrolMany(ctx context.Context, a Actor, e EnrolMany) (EnrolCount, error) {
	e, err := r.checkMany(ctx, a, e)
	if err != nil {
		return EnrolCount{}, err
	}
	return r.countMany(ctx, a, e)
}

func (r *Registry) countMany(ctx context.Context, a Actor, e EnrolMany) (n EnrolCount, err error) {
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		w, err := r.manyWhere(tx, a, e)
		if err != nil {
			return err
		}
		sql := `SELECT count(*) FILTER (WHERE coalesce(stay_status, '') <> ?) AS to_move, count(*) FILTER (WHERE stay_status = ?) AS already FROM registrant
			LEFT JOIN (SELECT e.registrant_id AS stay_id, e.status AS stay_status FROM enrolment e WHERE e.programme = ?
				AND NOT EXISTS (SELECT 1 FROM enrolment later WHERE later.registrant_id = e.registrant_id AND later.programme = e.programme AND later.seq > e.seq)) AS stay ON stay_id = id
			WHERE ` + w.text()
		if err := tx.Raw(sql, append([]any{e.Status, e.Status, e.Programme}, w.args...)...).Scan(&n).Error; err != nil {
			return fmt.Errorf("count who would be enrolled: %w", err)
		}
		return nil
	})
	return n, err
}

// manyWhere is whom an EnrolMany names or finds.
func (r *Registry) manyWhere(tx *gorm.DB, a Actor, e EnrolMany) (*where, error) {
	w := &where{}
	if e.Query == nil {
		w.and("number IN ?", e.Numbers)
	} else {
		fields, err := r.fieldSet(tx)
		if err != nil {
			return nil, err
		}
		if w, err = r.conditions(tx, fields, fields.hiddenFrom(a), *e.Query); err != nil {
			return nil, err
		}
		w.and("kind = ?", PersonKind)
	}
	w.within(a.to(toEnrol))
	return w, nil
}

func errEnrolMore() error {
	return fault.New(fault.Conflict, "count_changed", "More people would be enrolled than were confirmed. Count again.")
}

// workEnrolFound enrols everybody whom a search finds, in the order of registration.
func (r *Registry) workEnrolFound(ctx context.Context, a Actor, e EnrolMany, at enrolManyCursor, run *jobs.Run) (any, error) {
	for {
		found, err := r.enrolFound(ctx, a, e, at.After)
		if err != nil || len(found) == 0 {
			return at.Result, err
		}
		for _, one := range found {
			next, err := r.enrolNext(ctx, a, e, at, one, run)
			if err != nil {
				return nil, err
			}
			at = next
		}
	}
}

// enrolOne is one of many.
type enrolOne struct {
	ID     uuid.UUID // of one who was found
	Number string
}

func (r *Registry) enrolFound(ctx context.Context, a Actor, e EnrolMany, after uuid.UUID) (found []enrolOne, err error) {
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		w, err := r.manyWhere(tx, a, e)
		if err != nil {
			return err
		}
		w.and("id > ?", after)
		if err := tx.Raw(`SELECT id, number FROM registrant WHERE `+w.text()+` ORDER BY id LIMIT ?`, append(w.args, enrolBatch)...).Scan(&found).Error; err != nil {
			return fmt.Errorf("find who is to be enrolled: %w", err)
		}
		return nil
	})
	return found, err
}

// EnrolledCounts is how many stand where in a programme, of those whom the actor may
// see: each at most QueueCap + 1. It returns Forbidden or NotFound "no_such_programme".
func (r *Registry) EnrolledCounts(ctx context.Context, a Actor, programme string) (map[EnrolmentStatus]int, error) {
	if err := a.checkWithin(toSearch); err != nil {
		return nil, err
	}
	counts := map[EnrolmentStatus]int{}
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		if _, err := r.loadProgramme(tx, programme, ""); err != nil {
			return err
		}
		for _, status := range EnrolmentStatuses() {
			w := &where{}
			w.and("programme = ? AND enrolment.status = ?", programme, status)
			w.and(lastStay)
			if sql, args := a.to(toSearch).condition("registrant"); sql != "" {
				w.and("registrant_id IN (SELECT id FROM registrant WHERE "+sql+")", args...)
			}
			var n int
			if err := tx.Raw(`SELECT count(*) FROM (SELECT 1 FROM enrolment WHERE `+w.text()+` LIMIT ?) AS capped`, append(w.args, QueueCap+1)...).Scan(&n).Error; err != nil {
				return fmt.Errorf("count who is enrolled: %w", err)
			}
			counts[status] = n
		}
		return nil
	})
	return counts, err
}
