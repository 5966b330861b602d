package registry

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// queueScan is one queue as an actor is shown it.
type queueScan struct {
	queue  Queue
	actor  Actor
	fields *fieldSet
	now    time.Time
	parts  []queuePart // somebody is shown who waits in one of them
}

// queuePart is fields of the people of an area.
type queuePart struct {
	area    string     // code; "": everywhere
	numbers []int      // of the fields
	all     bool       // of those that are decided on there are no others
	before  *time.Time // since when they wait, at the latest; nil: since any time
}

// scanQueue makes a scan. It returns Invalid "bad_query".
func (r *Registry) scanQueue(tx *gorm.DB, a Actor, q Queue) (queueScan, error) {
	if !slices.Contains(Queues(), q) {
		return queueScan{}, badQuery("queue")
	}
	fields, err := r.fieldSet(tx)
	if err != nil {
		return queueScan{}, err
	}
	s := queueScan{queue: q, actor: a, fields: fields, now: r.now()}
	for _, g := range a.queueGrants() {
		part := queuePart{area: g.Area, all: true}
		for _, def := range fields.list {
			switch {
			case !def.waits():
			case !a.maySee(def.Field) || g.Section != "" && g.Section != def.Section:
				part.all = false
			case q != QueueOverdue:
				part.numbers = append(part.numbers, def.No)
			default:
				if before := def.Attestation.OverdueBefore(s.now); !before.IsZero() {
					s.parts = append(s.parts, queuePart{area: g.Area, numbers: []int{def.No}, before: &before})
				}
			}
		}
		if q != QueueOverdue && (part.all || len(part.numbers) > 0) {
			s.parts = append(s.parts, part)
		}
	}
	return s, nil
}

// queueGrants are the bounds in which the actor decides about people: whoever
// decides on nothing is shown what waits for others.
func (a Actor) queueGrants() []Grant {
	grants := slices.DeleteFunc(a.to(toAttest).staff(), func(g Grant) bool { return !g.coversKind(PersonKind) })
	if len(grants) == 0 {
		return []Grant{{}}
	}
	return grants
}

// decides tells whether a field of somebody is shown in a queue; above are the codes
// of the person's area and of those above it.
func (s queueScan) decides(def *fieldDef, above []string) bool {
	return def.waits() && s.actor.maySee(def.Field) && slices.ContainsFunc(s.actor.queueGrants(), func(g Grant) bool {
		return g.covers(PersonKind, above) && (g.Section == "" || g.Section == def.Section)
	})
}

// source is the tables that the conditions of first ask.
func (s queueScan) source() string {
	if sql, _ := s.actor.to(toSearch).condition("registrant"); sql == "" && !slices.ContainsFunc(s.parts, func(p queuePart) bool { return p.area != "" }) {
		return "waiting"
	}
	return "waiting JOIN registrant ON registrant.id = waiting.registrant_id"
}

// first finds the oldest row of everybody in the queue.
func (s queueScan) first() *where {
	w := &where{}
	s.match(w, "waiting")
	earlier := &where{}
	s.match(earlier, "earlier")
	w.and(`NOT EXISTS (SELECT 1 FROM waiting earlier WHERE earlier.registrant_id = waiting.registrant_id
		AND (earlier.since, earlier.queue) < (waiting.since, waiting.queue) AND `+earlier.text()+`)`, earlier.args...)
	w.within(s.actor.to(toSearch))
	return w
}

// match finds rows of the queue.
func (s queueScan) match(w *where, table string) {
	now := s.now.UnixMicro()
	switch s.queue {
	case QueueExpiring:
		w.and(table+".queue = ? AND "+table+".since > ? AND "+table+".since <= ?", queueEnds, now, s.now.AddDate(0, 0, ExpiringDays).UnixMicro())
	case QueueExpired:
		w.and(table+".queue = ? AND "+table+".since <= ?", queueEnds, now)
	case QueueOverdue:
		w.and(table+".queue IN ?", []Queue{QueueUndecided, QueueChanged})
	default:
		w.and(table+".queue = ?", s.queue)
	}
	var either []string
	var args []any
	for _, p := range s.parts {
		one := p.condition(table)
		if len(one.sql) == 0 {
			return
		}
		either, args = append(either, "("+one.text()+")"), append(args, one.args...)
	}
	if len(either) == 0 {
		either = []string{"1 = 0"}
	}
	w.and("("+strings.Join(either, " OR ")+")", args...)
}

func (p queuePart) condition(table string) *where {
	w := &where{}
	if p.area != "" {
		w.and(inArea("registrant"), p.area)
	}
	if p.before != nil {
		w.and(table+".since < ?", p.before.UnixMicro())
	}
	if !p.all {
		var either []string
		var args []any
		for _, no := range p.numbers {
			either, args = append(either, table+".fields LIKE ?"), append(args, "%"+fieldList(no)+"%")
		}
		w.and("("+strings.Join(either, " OR ")+")", args...)
	}
	return w
}

// waits tells for which details the people of a page stand in the queue.
func (s queueScan) waits(tx *gorm.DB, rows []queuedRow, people []Person) (map[uuid.UUID][]QueueWait, error) {
	above := map[uuid.UUID][]string{}
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i], above[row.Row.ID] = row.Row.ID, pathCodes(string(row.Path))
	}
	states, err := loadStatesOf(tx, ids)
	if err != nil {
		return nil, err
	}
	out := map[uuid.UUID][]QueueWait{}
	for _, p := range people {
		for _, def := range s.fields.list {
			v, ok := p.Values[def.Key]
			if !ok || v.Text == "" || !s.decides(def, above[p.ID]) {
				continue
			}
			if since, waits := s.queue.waits(def, v, states[p.ID][def.No], s.now); waits {
				out[p.ID] = append(out[p.ID], QueueWait{def.Key, since})
			}
		}
		slices.SortStableFunc(out[p.ID], func(x, y QueueWait) int { return x.Since.Compare(y.Since) })
	}
	return out, nil
}

// loadStatesOf reads the decisions about some people, each by the number of the field.
func loadStatesOf(tx *gorm.DB, ids []uuid.UUID) (map[uuid.UUID]map[int]stateRow, error) {
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
	return states, nil
}

// waits tells whether a value stands in a queue, as waiting_each has it, and since when.
func (q Queue) waits(def *fieldDef, v Value, s stateRow, now time.Time) (since time.Time, ok bool) {
	decided := s.State != "" && s.State != StateNew
	same := slices.Equal(s.LiveHash, s.DecidedHash)
	ends := timeOf(s.ExpiresAt)
	switch q {
	case QueueUndecided:
		return v.RecordedAt, !decided
	case QueueChanged:
		return v.RecordedAt, decided && !same
	case QueueResubmitted:
		return v.RecordedAt, s.State == StateRejected && !same
	case QueueRejected:
		return s.Since.Time, s.State == StateRejected && same
	case QueueExpiring:
		return ends, s.State == StateAttested && same && ends.After(now) && !ends.After(now.AddDate(0, 0, ExpiringDays))
	case QueueExpired:
		return ends, (s.State == StateAttested || s.State == StateExpired) && same && !ends.IsZero() && !ends.After(now)
	case QueueProposed:
		return v.RecordedAt, s.Proposal > 0
	case QueueOverdue:
		before := def.Attestation.OverdueBefore(now)
		return v.RecordedAt, !before.IsZero() && v.RecordedAt.Before(before) && !(decided && same)
	}
	return time.Time{}, false
}
