package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// NextInQueue gives who comes after a place in a queue (QueuedPage.Places; "" is
// before everybody), and the place of that one, whether somebody still stands at the
// first or not; uuid.Nil after the last. It returns Invalid "bad_query" or
// "bad_cursor", or Forbidden: see QueuePage.
func (r *Registry) NextInQueue(ctx context.Context, a Actor, q Queue, after string) (next uuid.UUID, place string, err error) {
	if err := a.checkWithin(toSearch); err != nil {
		return uuid.Nil, "", err
	}
	start, err := parsePlace(after)
	if err != nil {
		return uuid.Nil, "", err
	}
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		s, err := r.scanQueue(tx, a, q)
		if err != nil {
			return err
		}
		rows, err := s.read(tx, start, 1)
		if err == nil && len(rows) > 0 {
			next, place = rows[0].Row.ID, rows[0].place().String()
		}
		return err
	})
	return next, place, err
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
