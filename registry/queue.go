package registry

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Queue is one kind of work that waits for an attester.
type Queue string

// The queues. Somebody may stand in several of them at once.
const (
	QueueUndecided Queue = "undecided" // no decision about a value of theirs counts
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

// QueueCounts gives the number of people in each queue, at most QueueCap + 1: of
// those whom QueuePage lists for the actor. It returns Forbidden.
func (r *Registry) QueueCounts(ctx context.Context, a Actor) (map[Queue]int, error) {
	if err := a.checkWithin(toSearch); err != nil {
		return nil, err
	}
	counts := map[Queue]int{}
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		for _, q := range Queues() {
			s, err := r.scanQueue(tx, a, q)
			if err != nil {
				return err
			}
			if counts[q], err = s.count(tx); err != nil {
				return err
			}
		}
		return nil
	})
	return counts, err
}

// QueueCount is QueueCounts of one queue. It returns Invalid "bad_query" or Forbidden.
func (r *Registry) QueueCount(ctx context.Context, a Actor, q Queue) (n int, err error) {
	if err := a.checkWithin(toSearch); err != nil {
		return 0, err
	}
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		s, err := r.scanQueue(tx, a, q)
		if err == nil {
			n, err = s.count(tx)
		}
		return err
	})
	return n, err
}

func (s queueScan) count(tx *gorm.DB) (n int, err error) {
	w := s.first()
	sql := `SELECT count(*) FROM (SELECT 1 FROM ` + s.source() + ` WHERE ` + w.text() + ` LIMIT ?) AS capped`
	if err := tx.Raw(sql, append(w.args, QueueCap+1)...).Scan(&n).Error; err != nil {
		return 0, fmt.Errorf("count queue %s: %w", s.queue, err)
	}
	return n, nil
}

// QueueWait is a detail for which somebody stands in a queue.
type QueueWait struct {
	Field string
	Since time.Time // when its value was recorded; of a decision, when it was made or ends
}

// QueuedPage is one page of the people in a queue.
type QueuedPage struct {
	Page
	Waits  map[uuid.UUID][]QueueWait // by person, the oldest first; of fields that the actor decides on
	Places map[uuid.UUID]string      // by person: where they stand, for NextInQueue
}

// QueuePage gives one page of the people in a queue, by name alone: who has waited
// longest is first, in the queues of what ends, whose time is over first. Somebody is
// listed for details that the actor sees and may decide on, to whom decides on nothing for those
// that the actor sees. A page begins after the last one on the page before, whoever has
// left the queue meanwhile. It returns Invalid "bad_query" or "bad_cursor", or Forbidden.
func (r *Registry) QueuePage(ctx context.Context, a Actor, q Queue, after string, limit int) (QueuedPage, error) {
	if err := a.checkWithin(toSearch); err != nil {
		return QueuedPage{}, err
	}
	start, err := parsePlace(after)
	if err != nil {
		return QueuedPage{}, err
	}
	limit = pageSize(limit)
	var page QueuedPage
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		s, err := r.scanQueue(tx, a, q)
		if err != nil {
			return err
		}
		rows, err := s.read(tx, start, limit+1)
		if err != nil {
			return err
		}
		page = QueuedPage{Places: map[uuid.UUID]string{}}
		if len(rows) > limit {
			rows = rows[:limit]
			page.Next = rows[limit-1].place().String()
		}
		people := make([]registrantRow, len(rows))
		for i, row := range rows {
			people[i], page.Places[row.Row.ID] = row.Row, row.place().String()
		}
		if page.People, err = r.openAll(tx, people, s.fields.hiddenFrom(a)); err != nil {
			return err
		}
		if page.Waits, err = s.waits(tx, rows, page.People); err != nil {
			return err
		}
		return r.keepNames(tx, page.People)
	})
	return page, err
}

// queuedRow is somebody in a queue.
type queuedRow struct {
	Row     registrantRow `gorm:"embedded"`
	Path    optional      `gorm:"column:area_path"` // see placedRow
	Waiting int64         `gorm:"column:waiting_since"`
}

func (row queuedRow) place() queuePlace { return queuePlace{row.Waiting, row.Row.ID} }

// read gives the people of a queue after a place.
func (s queueScan) read(tx *gorm.DB, after queuePlace, limit int) (rows []queuedRow, err error) {
	w := s.first()
	w.and("(waiting.since, waiting.registrant_id) > (?, ?)", after.since, after.id)
	path := ""
	if len(s.actor.Grants) > 0 {
		path = ", (SELECT path FROM area WHERE code = registrant.area) AS area_path"
	}
	err = tx.Raw(`SELECT `+registrantColumns+path+`, waiting.since AS waiting_since FROM waiting JOIN registrant ON registrant.id = waiting.registrant_id WHERE `+
		w.text()+` ORDER BY waiting.since, waiting.registrant_id LIMIT ?`, append(slices.Clone(w.args), limit)...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read queue %s: %w", s.queue, err)
	}
	return rows, nil
}

// queuePlace is a place in a queue: after all who wait longer.
type queuePlace struct {
	since int64
	id    uuid.UUID
}

// String writes a place as Page.Next.
func (p queuePlace) String() string {
	return base64.RawURLEncoding.EncodeToString(append(binary.BigEndian.AppendUint64(nil, uint64(p.since)), p.id[:]...))
}

// parsePlace reads a place; "" is before everybody. It returns Invalid "bad_cursor".
func parsePlace(s string) (p queuePlace, err error) {
	if s == "" {
		return p, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != 8+len(p.id) {
		return p, errBadCursor(err)
	}
	return queuePlace{int64(binary.BigEndian.Uint64(b)), uuid.UUID(b[8:])}, nil
}
