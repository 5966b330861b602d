package registry

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// where collects conditions that must all hold.
type where struct {
	sql  []string
	args []any
}

func (w *where) and(sql string, args ...any) {
	w.sql, w.args = append(w.sql, sql), append(w.args, args...)
}

// add adds the conditions of another one.
func (w *where) add(other *where) {
	w.sql, w.args = append(w.sql, other.sql...), append(w.args, other.args...)
}

func (w *where) copy() *where { return &where{slices.Clone(w.sql), slices.Clone(w.args)} }

// text is the condition in SQL.
func (w *where) text() string { return strings.Join(w.sql, " AND ") }

// conditions is what a query asks for, but for its kind and its page; nobody is
// found by a hidden field. It returns Invalid "bad_query".
func (r *Registry) conditions(tx *gorm.DB, fields *fieldSet, hidden map[string]bool, q Query) (*where, error) {
	w, text, err := r.conditionsBeside(tx, fields, hidden, q)
	if err == nil && text != nil {
		w.add(text.any())
	}
	return w, err
}

// conditionsBeside is conditions without the text, which is nil if there is none.
func (r *Registry) conditionsBeside(tx *gorm.DB, fields *fieldSet, hidden map[string]bool, q Query) (*where, *textMatch, error) {
	w := &where{}
	if err := whereEquals(w, fields, hidden, q.Equals); err != nil {
		return nil, nil, err
	}
	if err := whereArea(w, q.Area); err != nil {
		return nil, nil, err
	}
	if err := whereVersions(w, q); err != nil {
		return nil, nil, err
	}
	if err := r.whereEnrolled(tx, w, hidden, q); err != nil {
		return nil, nil, err
	}
	if q.MemberOf != uuid.Nil {
		w.and(`id IN (SELECT member_id FROM membership WHERE group_id = ? AND end_date IS NULL)`, q.MemberOf)
	}
	if !q.ChangedSince.IsZero() {
		w.and(`id IN (SELECT registrant_id FROM change_log WHERE at >= ?)`, db.TimeOf(q.ChangedSince))
	}
	if err := whereDecided(w, fields, hidden, q, db.TimeOf(r.now())); err != nil {
		return nil, nil, err
	}
	if wrong := checkText(q.Text); wrong != nil || utf8.RuneCountInString(q.Text) > maxQuery {
		return nil, nil, badQuery("text")
	}
	if strings.TrimSpace(q.Text) == "" {
		return w, nil, nil
	}
	text, err := r.matchText(tx, fields, hidden, q)
	return w, &text, err
}

func whereArea(w *where, code string) error {
	if code == "" {
		return nil
	}
	if !reAreaCode.MatchString(code) {
		return badQuery("area")
	}
	w.and(inArea("registrant"), code)
	return nil
}

// whereVersions asks for versions of a name: among all of somebody's, or as the
// default.
func whereVersions(w *where, q Query) error {
	if q.Version != "" {
		label, err := cleanLabel(q.Version)
		if err != nil {
			return badQuery("version")
		}
		w.and(`id IN (SELECT registrant_id FROM registrant_version WHERE label = ?)`, label)
	}
	if q.Default != "" {
		label, err := cleanLabel(q.Default)
		if err != nil {
			return badQuery("default_version")
		}
		w.and(`EXISTS (SELECT 1 FROM registrant_version named WHERE named.label = ? AND named.registrant_id = registrant.id
			AND (named.version_no = registrant.version_no OR EXISTS (SELECT 1 FROM registrant_version live
				WHERE live.registrant_id = registrant.id AND live.version_no = registrant.version_no AND live.basis = named.version_no)))`, label)
	}
	return nil
}

// whereDecided asks for the state of one field.
func whereDecided(w *where, fields *fieldSet, hidden map[string]bool, q Query, now db.Time) error {
	if q.Field == "" && q.State == "" {
		return nil
	}
	def := fields.byKey[q.Field]
	if def == nil || !def.Attestable || hidden[def.Key] {
		return badQuery("field")
	}
	return whereState(w, def, q.State, now)
}

// whereState asks field_state, where no row means NEW. Every value has an entry
// in times.
func whereState(w *where, def *fieldDef, state State, now db.Time) error {
	switch state {
	case StateAttested:
		w.and(`id IN (SELECT registrant_id FROM field_state WHERE field = ? AND state = ? AND live_hash = decided_hash
			AND (expires_at IS NULL OR expires_at > ?))`, def.No, state, now)
	case StateExpired:
		w.and(`id IN (SELECT registrant_id FROM field_state WHERE field = ? AND state IN ('ATTESTED', 'EXPIRED') AND live_hash = decided_hash
			AND expires_at <= ?)`, def.No, now)
	case StateRejected, StateRevoked:
		w.and(`id IN (SELECT registrant_id FROM field_state WHERE field = ? AND state = ? AND live_hash = decided_hash)`, def.No, state)
	case StateNew:
		w.and(`times ->> ? IS NOT NULL AND NOT EXISTS (SELECT 1 FROM field_state s
			WHERE s.registrant_id = registrant.id AND s.field = ? AND s.state <> 'NEW' AND s.live_hash = s.decided_hash)`, def.Key, def.No)
	default:
		return badQuery("state")
	}
	return nil
}

func badQuery(member string) error {
	return fault.InvalidFields("bad_query", "The search cannot be understood.",
		[]fault.Field{{Name: member, Code: "bad_" + member, Detail: "This part of the search cannot be used."}})
}
