package registry

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Queue is one kind of work that waits for an attester.
type Queue string

// The queues. Somebody may stand in several of them at once, but for the first.
const (
	QueueUndecided Queue = "undecided" // nobody has decided on anything of theirs
	QueueChanged   Queue = "changed"   // a value differs from the one that was decided on
	QueueRejected  Queue = "rejected"  // a value was rejected and is still the same
	QueueExpired   Queue = "expired"   // a value was attested for a time that is over
	QueueProposed  Queue = "proposed"  // one of two attesters has attested a value
	QueueOverdue   Queue = "overdue"   // a value waits for longer than its field allows

	QueueResubmitted Queue = "resubmitted" // a value was rejected, and another stands in its place
	QueueExpiring    Queue = "expiring"    // an attestation ends within ExpiringDays
)

// ExpiringDays is how long before its end an attestation is due to be made anew.
const ExpiringDays = 30

// Queues lists all of them.
func Queues() []Queue {
	return []Queue{QueueUndecided, QueueChanged, QueueResubmitted, QueueRejected, QueueExpiring, QueueExpired, QueueProposed, QueueOverdue}
}

// Rare tells of the queues that are empty but for fields with a policy.
func (q Queue) Rare() bool {
	return q == QueueExpiring || q == QueueExpired || q == QueueProposed || q == QueueOverdue
}

// QueueCap bounds what QueueCounts counts: beyond it, it only matters that it is
// a lot.
const QueueCap = 10_000

// whereQueue narrows a search to the people in a queue, and tells whether there
// is such a queue. The view stat_queue_now asks the same.
func (w *where) whereQueue(q Queue, fields *fieldSet, now db.Time) bool {
	switch q {
	case QueueUndecided:
		w.and(`status = 'ACTIVE' AND NOT EXISTS (SELECT 1 FROM field_state f WHERE f.registrant_id = registrant.id AND f.seq > 0)`)
	case QueueChanged:
		w.and(`id IN (SELECT registrant_id FROM field_state WHERE state <> 'NEW' AND live_hash IS NOT NULL AND live_hash <> decided_hash)`)
	case QueueRejected:
		w.and(`id IN (SELECT registrant_id FROM field_state WHERE state = 'REJECTED' AND live_hash = decided_hash)`)
	case QueueResubmitted:
		w.and(`id IN (SELECT registrant_id FROM field_state WHERE state = 'REJECTED' AND live_hash IS NOT NULL AND live_hash <> decided_hash)`)
	case QueueExpiring:
		w.and(`id IN (SELECT registrant_id FROM field_state WHERE state = 'ATTESTED' AND expires_at > ? AND expires_at <= ? AND live_hash = decided_hash)`,
			now, db.TimeOf(now.AddDate(0, 0, ExpiringDays)))
	case QueueExpired:
		w.and(`id IN (SELECT registrant_id FROM field_state WHERE state IN ('ATTESTED', 'EXPIRED') AND expires_at <= ? AND live_hash = decided_hash)`, now)
	case QueueProposed:
		w.and(`id IN (SELECT registrant_id FROM field_state WHERE proposal > 0)`)
	case QueueOverdue:
		w.overdue(fields, now)
	default:
		return false
	}
	return true
}

// overdue finds the people with an undecided value that was recorded longer ago
// than its field allows. Where no field has a deadline nobody is looked at.
func (w *where) overdue(fields *fieldSet, now db.Time) {
	var either []string
	var args []any
	for _, def := range fields.list {
		before := def.Attestation.OverdueBefore(now.Time)
		if before.IsZero() || !def.Attestable || def.Retired {
			continue
		}
		either = append(either, `(CAST(times -> ? ->> 'r' AS bigint) < ? AND NOT EXISTS (SELECT 1 FROM field_state f
			WHERE f.registrant_id = registrant.id AND f.field = ? AND f.state <> 'NEW' AND f.live_hash = f.decided_hash))`)
		args = append(args, def.Key, before.UnixMicro(), def.No)
	}
	if len(either) == 0 {
		either = []string{"1 = 0"}
	}
	w.and("status = 'ACTIVE' AND ("+strings.Join(either, " OR ")+")", args...)
}

// QueueCounts gives the number of people in each queue, at most QueueCap + 1. It
// returns Forbidden.
func (r *Registry) QueueCounts(ctx context.Context, a Actor) (map[Queue]int, error) {
	if err := a.checkWithin(toSearch); err != nil {
		return nil, err
	}
	counts := map[Queue]int{}
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		fields, err := r.fieldSet(tx)
		if err != nil {
			return err
		}
		now := db.TimeOf(r.now())
		for _, q := range Queues() {
			n, err := countQueue(tx, a.to(toSearch), q, fields, now)
			if err != nil {
				return err
			}
			counts[q] = n
		}
		return nil
	})
	return counts, err
}

func countQueue(tx *gorm.DB, who access, q Queue, fields *fieldSet, now db.Time) (n int, err error) {
	w := &where{}
	w.and("kind = ?", PersonKind)
	w.whereQueue(q, fields, now)
	w.within(who)
	sql := `SELECT count(*) FROM (SELECT 1 FROM registrant WHERE ` + w.text() + ` LIMIT ?) AS capped`
	if err := tx.Raw(sql, append(w.args, QueueCap+1)...).Scan(&n).Error; err != nil {
		return 0, fmt.Errorf("count queue %s: %w", q, err)
	}
	return n, nil
}

// QueuePage gives one page of the people in a queue, by name alone, in the order of
// their registration, and for which details they stand there. It returns Invalid "bad_query" or "bad_cursor", or Forbidden.
func (r *Registry) QueuePage(ctx context.Context, a Actor, q Queue, after string, limit int) (QueuedPage, error) {
	if err := a.checkWithin(toSearch); err != nil {
		return QueuedPage{}, err
	}
	start, err := parseAfter(after)
	if err != nil {
		return QueuedPage{}, err
	}
	limit = pageSize(limit)
	var page QueuedPage
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		fields, err := r.fieldSet(tx)
		if err != nil {
			return err
		}
		w := &where{}
		now := r.now()
		if !w.whereQueue(q, fields, db.TimeOf(now)) {
			return badQuery("queue")
		}
		w.and("kind = ?", PersonKind)
		w.and("id > ?", start)
		w.within(a.to(toSearch))
		if page.Page, err = r.readPage(tx, w, limit, fields.hiddenFrom(a)); err != nil {
			return err
		}
		if page.Waits, err = queueWaits(tx, q, fields, page.People, now); err != nil {
			return err
		}
		return r.keepNames(tx, page.People)
	})
	return page, err
}
