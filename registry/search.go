package registry

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/seal"
)

// Sizes of a page of search results.
const (
	defaultPage = 50
	maxPage     = 200
	maxWords    = 5   // of a name; more are not looked at
	maxQuery    = 200 // characters of Query.Text
	maxEquals   = 5   // members of Query.Equals
)

// Query asks for people. All parts that are given must fit.
type Query struct {
	Text  string // part of a name, a registration number, or a whole identifier or phone number
	Field string // with State: people with a value in this field that stands there
	State State
	// Equals finds by whole values, of up to 5 searchable fields; a multi-choice
	// field must hold all the choices that are given.
	Equals map[string]string
	Area   string // code: people in this area or below it
	After  string // Page.Next of the page before
	Limit  int    // people per page; 0: 50, at most 200
}

// Page is one page of people, in the order of their registration.
type Page struct {
	People []Person
	Next   string // Query.After of the next page; "" after the last
}

// Search finds people. It returns Invalid "bad_query" (with the wrong member) or
// "bad_cursor", or Forbidden: registrants find nobody.
func (r *Registry) Search(ctx context.Context, a Actor, q Query) (Page, error) {
	if err := a.checkWithin(toSearch); err != nil {
		return Page{}, err
	}
	after, err := parseAfter(q.After)
	if err != nil {
		return Page{}, err
	}
	var page Page
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		fields, err := r.fieldSet(tx)
		if err != nil {
			return err
		}
		hidden := fields.hiddenFrom(a)
		where, err := r.conditions(tx, fields, hidden, q)
		if err != nil {
			return err
		}
		where.and("kind = ?", PersonKind)
		where.and("id > ?", after)
		where.within(a.to(toSearch))
		page, err = r.readPage(tx, where, pageSize(q.Limit), hidden)
		return err
	})
	return page, err
}

// readPage opens the first limit people that a condition finds, and says where
// the next page begins. The values of hidden fields are left out.
func (r *Registry) readPage(tx *gorm.DB, w *where, limit int, hidden map[string]bool) (Page, error) {
	rows, err := r.findPage(tx, w, limit+1)
	if err != nil {
		return Page{}, err
	}
	var page Page
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = formatAfter(rows[limit-1].ID)
	}
	page.People, err = r.openAll(tx, rows, hidden)
	return page, err
}

// where collects conditions that must all hold.
type where struct {
	sql  []string
	args []any
}

func (w *where) and(sql string, args ...any) {
	w.sql, w.args = append(w.sql, sql), append(w.args, args...)
}

// text is the condition in SQL.
func (w *where) text() string { return strings.Join(w.sql, " AND ") }

// conditions is what a query asks for; nobody is found by a hidden field.
func (r *Registry) conditions(tx *gorm.DB, fields *fieldSet, hidden map[string]bool, q Query) (*where, error) {
	w := &where{}
	if wrong := checkText(q.Text); wrong != nil || utf8.RuneCountInString(q.Text) > maxQuery {
		return nil, badQuery("text")
	}
	if text := strings.TrimSpace(q.Text); text != "" {
		types, err := loadIdentifierTypes(tx)
		if err != nil {
			return nil, err
		}
		r.whereText(w, fields, hidden, types, text)
	}
	if err := whereEquals(w, fields, hidden, q.Equals); err != nil {
		return nil, err
	}
	if q.Area != "" {
		if !reAreaCode.MatchString(q.Area) {
			return nil, badQuery("area")
		}
		w.and(inArea("registrant"), q.Area)
	}
	if q.Field == "" && q.State == "" {
		return w, nil
	}
	def := fields.byKey[q.Field]
	if def == nil || !def.Attestable || hidden[def.Key] {
		return nil, badQuery("field")
	}
	return w, whereState(w, def, q.State)
}

// whereText finds a registration number, or else everybody with the words in
// their name and everybody who has the whole text as an identifier.
func (r *Registry) whereText(w *where, fields *fieldSet, hidden map[string]bool, types []IdentifierType, text string) {
	number, ok := cleanNumber(text)
	if !ok {
		number = text
	}
	found := []string{`SELECT id FROM registrant WHERE number = ?`} // an identifier may look like a number: both are found
	args := []any{number}
	if words := nameWords(text); len(words) > 0 {
		found = append(found, `SELECT id FROM registrant_search WHERE full_name_norm LIKE ?`+strings.Repeat(` AND full_name_norm LIKE ?`, len(words)-1))
		for _, word := range words {
			args = append(args, "%"+word+"%")
		}
	}
	for _, def := range fields.list {
		if (def.Unique || def.Lookup) && !hidden[def.Key] && seal.Normalise(text) != "" {
			found = append(found, `SELECT registrant_id FROM identifier WHERE scheme = ? AND bidx = ?`)
			args = append(args, def.Key, db.Bytes(r.keys.BlindIndex(def.Key, lookupText(def, text))))
		}
	}
	typed, values := r.whereTyped(types, text)
	found, args = append(found, typed...), append(args, values...)
	w.and("id IN ("+strings.Join(found, " UNION ")+")", args...)
}

// lookupText brings what somebody typed into the form that was indexed.
func lookupText(def *fieldDef, typed string) string {
	if text, wrong := def.canonicalType(typed, ""); wrong == nil {
		return text
	}
	return typed
}

// whereState asks field_state, where no row means NEW. Every value has an entry
// in times.
func whereState(w *where, def *fieldDef, state State) error {
	switch state {
	case StateAttested, StateRejected:
		w.and(`id IN (SELECT registrant_id FROM field_state WHERE field = ? AND state = ? AND live_hash = decided_hash)`, def.No, state)
	case StateNew:
		w.and(`times ->> ? IS NOT NULL AND NOT EXISTS (SELECT 1 FROM field_state s
			WHERE s.registrant_id = registrant.id AND s.field = ? AND s.state <> 'NEW' AND s.live_hash = s.decided_hash)`, def.Key, def.No)
	default:
		return badQuery("state")
	}
	return nil
}

func (r *Registry) findPage(tx *gorm.DB, w *where, limit int) ([]registrantRow, error) {
	var rows []registrantRow
	err := tx.Raw(`SELECT `+registrantColumns+` FROM registrant WHERE `+w.text()+` ORDER BY id LIMIT ?`,
		append(w.args, limit)...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("search people: %w", err)
	}
	return rows, nil
}

// openAll opens the people of a page: see openRecords. The values of hidden
// fields are left out.
func (r *Registry) openAll(tx *gorm.DB, rows []registrantRow, hidden map[string]bool) ([]Person, error) {
	recs, err := r.openRecords(tx, rows)
	if err != nil {
		return nil, err
	}
	people := make([]Person, len(recs))
	for i, rec := range recs {
		people[i] = personOf(rec.row, without(hidden, rec.text))
	}
	return people, nil
}

// openRecords opens records with one query for all their keys. A record whose
// key is erased is left out.
func (r *Registry) openRecords(tx *gorm.DB, rows []registrantRow) ([]record, error) {
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	keys, err := r.loadKeys(tx, ids)
	if err != nil {
		return nil, err
	}
	recs := make([]record, 0, len(rows))
	for _, row := range rows {
		key, ok := keys[row.ID]
		if !ok {
			continue
		}
		rec, err := openRecord(row, key)
		if err != nil {
			return nil, err
		}
		recs = append(recs, rec)
	}
	return recs, nil
}

func formatAfter(id uuid.UUID) string { return base64.RawURLEncoding.EncodeToString(id[:]) }

func parseAfter(s string) (uuid.UUID, error) {
	if s == "" {
		return uuid.Nil, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return uuid.Nil, errBadCursor(err)
	}
	id, err := uuid.FromBytes(b)
	if err != nil {
		return uuid.Nil, errBadCursor(err)
	}
	return id, nil
}

func badQuery(member string) error {
	return fault.InvalidFields("bad_query", "The search cannot be understood.",
		[]fault.Field{{Name: member, Code: "bad_" + member, Detail: "This part of the search cannot be used."}})
}
