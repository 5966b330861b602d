package registry

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// Queue is one kind of work that waits for an attester.
type Queue string

// The queues. Somebody may stand in the last two at once.
const (
	QueueUndecided Queue = "undecided" // nobody has decided on anything of theirs
	QueueChanged   Queue = "changed"   // a value differs from the one that was decided on
	QueueRejected  Queue = "rejected"  // a value was rejected and is still the same
)

// QueueCap bounds what QueueCounts counts: beyond it, it only matters that it is
// a lot.
const QueueCap = 10_000

// queueSQL is the people in a queue.
func queueSQL(q Queue) string {
	switch q {
	case QueueUndecided:
		return `status = 'ACTIVE' AND NOT EXISTS (SELECT 1 FROM field_state f WHERE f.registrant_id = registrant.id)`
	case QueueChanged:
		return `id IN (SELECT registrant_id FROM field_state WHERE state <> 'NEW' AND live_hash IS NOT NULL AND live_hash <> decided_hash)`
	case QueueRejected:
		return `id IN (SELECT registrant_id FROM field_state WHERE state = 'REJECTED' AND live_hash = decided_hash)`
	}
	return ""
}

// QueueCounts gives the number of people in each queue, at most QueueCap + 1. It
// returns Forbidden.
func (r *Registry) QueueCounts(ctx context.Context, a Actor) (map[Queue]int, error) {
	if err := a.checkWithin(toSearch); err != nil {
		return nil, err
	}
	counts := map[Queue]int{}
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		for _, q := range []Queue{QueueUndecided, QueueChanged, QueueRejected} {
			n, err := countQueue(tx, a.to(toSearch), q)
			if err != nil {
				return err
			}
			counts[q] = n
		}
		return nil
	})
	return counts, err
}

func countQueue(tx *gorm.DB, who access, q Queue) (n int, err error) {
	w := &where{}
	w.and("kind = ?", PersonKind)
	w.and(queueSQL(q))
	w.within(who)
	sql := `SELECT count(*) FROM (SELECT 1 FROM registrant WHERE ` + w.text() + ` LIMIT ?) AS capped`
	if err := tx.Raw(sql, append(w.args, QueueCap+1)...).Scan(&n).Error; err != nil {
		return 0, fmt.Errorf("count queue %s: %w", q, err)
	}
	return n, nil
}

// QueuePage gives one page of the people in a queue, in the order of their
// registration. It returns Invalid "bad_query" or "bad_cursor", or Forbidden.
func (r *Registry) QueuePage(ctx context.Context, a Actor, q Queue, after string, limit int) (Page, error) {
	if err := a.checkWithin(toSearch); err != nil {
		return Page{}, err
	}
	start, err := parseAfter(after)
	if err != nil {
		return Page{}, err
	}
	if queueSQL(q) == "" {
		return Page{}, badQuery("queue")
	}
	limit = max(1, min(limit, maxPage))
	w := &where{}
	w.and(queueSQL(q))
	w.and("kind = ?", PersonKind)
	w.and("id > ?", start)
	w.within(a.to(toSearch))
	var page Page
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		hidden, err := r.hiddenFrom(tx, a)
		if err != nil {
			return err
		}
		page, err = r.readPage(tx, w, limit, hidden)
		return err
	})
	return page, err
}
