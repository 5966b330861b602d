package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// NextInQueue gives who comes after somebody in a queue, in the order of
// registration, whether that one still stands in it or not; uuid.Nil after the
// last. It returns Invalid "bad_query" or Forbidden: see QueuePage.
func (r *Registry) NextInQueue(ctx context.Context, a Actor, q Queue, after uuid.UUID) (next uuid.UUID, err error) {
	if err := a.checkWithin(toSearch); err != nil {
		return uuid.Nil, err
	}
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		fields, err := r.fieldSet(tx)
		if err != nil {
			return err
		}
		w := &where{}
		if !w.whereQueue(q, fields, db.TimeOf(r.now())) {
			return badQuery("queue")
		}
		w.and("kind = ?", PersonKind)
		w.and("id > ?", after)
		w.within(a.to(toSearch))
		var ids []uuid.UUID
		err = tx.Raw(`SELECT id FROM registrant WHERE `+w.text()+` ORDER BY id LIMIT 1`, w.args...).Scan(&ids).Error
		if err != nil {
			return fmt.Errorf("find the next in a queue: %w", err)
		}
		if len(ids) > 0 {
			next = ids[0]
		}
		return nil
	})
	return next, err
}

// OpenCounts is how many change requests and appeals wait for an answer, of those
// that the actor may see: each at most QueueCap + 1.
type OpenCounts struct {
	Requests int
	Appeals  int // 0 also for who reads no appeals
}

// OpenCounts counts what waits for an answer. It returns Forbidden.
func (r *Registry) OpenCounts(ctx context.Context, a Actor) (OpenCounts, error) {
	if err := a.checkWithin(toSearch); err != nil {
		return OpenCounts{}, err
	}
	var out OpenCounts
	err := r.db.Read(ctx, func(tx *gorm.DB) (err error) {
		all, err := r.allFields(tx)
		if err != nil {
			return err
		}
		if out.Requests, err = countRequests(tx, a, all); err != nil {
			return err
		}
		if a.checkWithin(toReadAppeals) == nil {
			out.Appeals, err = countAppeals(tx, a, all)
		}
		return err
	})
	return out, err
}

func countRequests(tx *gorm.DB, a Actor, all *fieldSet) (n int, err error) {
	w := &where{}
	w.within(a.to(toSearch))
	if err := (RequestQuery{State: RequestSent}).conditions(w, all, a); err != nil {
		return 0, err
	}
	sql := `SELECT count(*) FROM (SELECT 1 FROM change_request c JOIN registrant ON registrant.id = c.registrant_id WHERE ` + w.text() + ` LIMIT ?) AS capped`
	if err := tx.Raw(sql, append(w.args, QueueCap+1)...).Scan(&n).Error; err != nil {
		return 0, fmt.Errorf("count change requests: %w", err)
	}
	return n, nil
}

func countAppeals(tx *gorm.DB, a Actor, all *fieldSet) (n int, err error) {
	w := &where{}
	w.and("l.state = ?", AppealOpen)
	w.and("s.seq = l.seq AND s.live_hash = s.decided_hash")
	w.within(a.to(toReadAppeals))
	w.sections(a, all)
	sql := `SELECT count(*) FROM (SELECT 1 FROM attestation_appeal l JOIN registrant ON registrant.id = l.registrant_id
		JOIN field_state s ON s.registrant_id = l.registrant_id AND s.field = l.field WHERE ` + w.text() + ` LIMIT ?) AS capped`
	if err := tx.Raw(sql, append(w.args, QueueCap+1)...).Scan(&n).Error; err != nil {
		return 0, fmt.Errorf("count appeals: %w", err)
	}
	return n, nil
}
