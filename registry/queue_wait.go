package registry

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// QueueWait is a detail for which somebody stands in a queue.
type QueueWait struct {
	Field string
	Since time.Time // when its value was recorded; of a decision, when it was made or ends
}

// QueuedPage is one page of the people in a queue.
type QueuedPage struct {
	Page
	Waits map[uuid.UUID][]QueueWait // by person, the oldest first; of fields that the actor is told
}

// QueueCount is QueueCounts of one queue. It returns Invalid "bad_query" or Forbidden.
func (r *Registry) QueueCount(ctx context.Context, a Actor, q Queue) (n int, err error) {
	if err := a.checkWithin(toSearch); err != nil {
		return 0, err
	}
	if !slices.Contains(Queues(), q) {
		return 0, badQuery("queue")
	}
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		fields, err := r.fieldSet(tx)
		if err == nil {
			n, err = countQueue(tx, a.to(toSearch), q, fields, db.TimeOf(r.now()))
		}
		return err
	})
	return n, err
}

// queueWaits tells for which details the people of a page stand in a queue.
func queueWaits(tx *gorm.DB, q Queue, fields *fieldSet, people []Person, now time.Time) (map[uuid.UUID][]QueueWait, error) {
	ids := make([]uuid.UUID, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	var rows []stateRow
	if len(ids) > 0 {
		if err := tx.Where("registrant_id IN ?", ids).Find(&rows).Error; err != nil {
			return nil, fmt.Errorf("list what waits in a queue: %w", err)
		}
	}
	states := map[uuid.UUID]map[int]stateRow{}
	for _, s := range rows {
		if states[s.RegistrantID] == nil {
			states[s.RegistrantID] = map[int]stateRow{}
		}
		states[s.RegistrantID][s.Field] = s
	}
	out := map[uuid.UUID][]QueueWait{}
	for _, p := range people {
		for _, def := range fields.list {
			v, ok := p.Values[def.Key]
			if !ok || v.Text == "" || !def.Attestable {
				continue
			}
			if since, waits := q.waits(def, v, states[p.ID][def.No], now); waits {
				out[p.ID] = append(out[p.ID], QueueWait{def.Key, since})
			}
		}
		slices.SortStableFunc(out[p.ID], func(x, y QueueWait) int { return x.Since.Compare(y.Since) })
	}
	return out, nil
}

// waits tells whether a value stands in a queue, as whereQueue has it, and since when.
func (q Queue) waits(def *fieldDef, v Value, s stateRow, now time.Time) (since time.Time, ok bool) {
	decided := s.State != "" && s.State != StateNew
	same := slices.Equal(s.LiveHash, s.DecidedHash)
	ends := timeOf(s.ExpiresAt)
	switch q {
	case QueueUndecided:
		return v.RecordedAt, s.Seq == 0
	case QueueChanged:
		return v.RecordedAt, decided && !same
	case QueueResubmitted:
		return v.RecordedAt, s.State == StateRejected && !same
	case QueueRejected:
		return s.Since.Time, s.State == StateRejected && same
	case QueueExpiring:
		return ends, s.State == StateAttested && same && ends.After(now)
	case QueueExpired:
		return ends, decided && same && !ends.IsZero() && !ends.After(now)
	case QueueProposed:
		return v.RecordedAt, s.Proposal > 0
	case QueueOverdue:
		before := def.Attestation.OverdueBefore(now)
		return v.RecordedAt, !before.IsZero() && v.RecordedAt.Before(before) && !(decided && same)
	}
	return time.Time{}, false
}
