package registry

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Sizes of a page of search results.
const (
	defaultPage = 50
	maxPage     = 200
	maxWords    = 5   // of a name; more are not looked at
	maxQuery    = 200 // characters of Query.Text
	maxEquals   = 5   // members of Query.Equals
)

// Query asks for people or for groups. All parts that are given must fit.
type Query struct {
	// Kind is PersonKind for people; AnyGroup or the key of a GroupKind for groups.
	// "" is what the method that is called finds.
	Kind string
	// Text is part of a name in any script, a registration number, or a whole
	// identifier or phone number. Names that sound like it are found after those
	// that are spelt like it, unless AsWritten is set.
	Text      string
	AsWritten bool
	Field     string // with State: who has a value in this field that stands there
	State     State
	// Equals finds by whole values, of up to 5 searchable fields; a multi-choice
	// field must hold all the choices that are given.
	Equals       map[string]string
	Area         string // code: who is in this area or below it
	Version      string // who has a version of this name
	Default      string // whose default is the version of this name, or repeats it
	Programme    string // code: who stands in it now, applied, enrolled or suspended; with Enrolment, there alone
	Enrolment    EnrolmentStatus
	MemberOf     uuid.UUID // a group: who belongs to it now
	ChangedSince time.Time // who has an entry in the change log from this moment on
	After        string    // Page.Next of the page before
	Limit        int       // per page; 0: 50, at most 200
	Total        bool      // count all that are found: Page.Total
	// Names gives no values of people but their names. Whoever is found by a search
	// without it was read, and that is written down.
	Names bool
}

// Page is one page of people. Who is found by a text comes in the order of Query:
// number or identifier, words of the name, parts of it, sound. Within each, and
// without a text, the order is that of registration.
type Page struct {
	People []Person
	Next   string // Query.After of the next page; "" after the last
	Total  Total  // if it was asked for
}

// Search finds people. It returns Invalid "bad_query" (with the wrong member) or
// "bad_cursor", also for one of another query; or Forbidden: registrants find
// nobody.
func (r *Registry) Search(ctx context.Context, a Actor, q Query) (Page, error) {
	if err := a.checkWithin(toSearch); err != nil {
		return Page{}, err
	}
	var page Page
	err := r.readingAll(ctx, a, func(tx *gorm.DB) ([]uuid.UUID, error) {
		s, err := r.searchFor(tx, a, PersonKind, q)
		if err != nil {
			return nil, err
		}
		found, err := r.find(tx, s)
		if err != nil {
			return nil, err
		}
		page = Page{Next: found.next, Total: found.total}
		page.People, err = r.openAll(tx, found.rows, s.hidden)
		switch {
		case err != nil:
			return nil, err
		case q.Names:
			return nil, r.keepNames(tx, page.People)
		}
		return idsOf(found.rows), nil
	})
	return page, err
}

// keepNames takes all values but names out of people who are only listed: nobody has
// read their records then.
func (r *Registry) keepNames(tx *gorm.DB, people []Person) error {
	fields, err := r.fieldSet(tx)
	if err != nil {
		return err
	}
	for _, p := range people {
		maps.DeleteFunc(p.Values, func(key string, _ Value) bool {
			def := fields.byKey[key]
			return def == nil || !def.Name
		})
	}
	return nil
}

// search is a query that was understood.
type search struct {
	where  *where     // all but the text
	text   *textMatch // nil: none
	hidden map[string]bool
	from   cursor
	limit  int
	total  bool
}

// searchFor understands a query of an actor for people or for groups: kind is
// PersonKind or AnyGroup.
func (r *Registry) searchFor(tx *gorm.DB, a Actor, kind string, q Query) (search, error) {
	if q.Kind == "" {
		q.Kind = kind
	}
	s := search{limit: pageSize(q.Limit), total: q.Total}
	fields, ofKind, err := r.searchedKind(tx, kind, q.Kind)
	if err != nil {
		return s, err
	}
	if s.hidden, err = r.hiddenFrom(tx, a); err != nil {
		return s, err
	}
	if s.where, s.text, err = r.conditionsBeside(tx, fields, s.hidden, q); err != nil {
		return s, err
	}
	s.where.add(ofKind)
	s.where.within(a.to(toSearch))
	s.from, err = parseCursor(q)
	return s, err
}

// searchedKind gives the fields of what a query finds, and the condition that it
// is of this kind.
func (r *Registry) searchedKind(tx *gorm.DB, wanted, kind string) (*fieldSet, *where, error) {
	if (kind == PersonKind) != (wanted == PersonKind) {
		return nil, nil, badQuery("kind")
	}
	w := &where{}
	if kind == PersonKind {
		w.and("kind = ?", PersonKind)
	} else {
		w.and("kind <> '" + PersonKind + "'") // as the index of groups has it
	}
	if kind != PersonKind && kind != AnyGroup {
		if _, err := r.loadGroupKind(tx, kind, ""); err != nil {
			return nil, nil, badQuery("kind")
		}
		w.and("kind = ?", kind)
	}
	fields, err := r.fieldSetOf(tx, kind)
	return fields, w, err
}

// found is one page of rows.
type found struct {
	rows  []registrantRow
	next  string
	total Total
}

// find reads one page: the ranks of the text one after the other, each in the
// order of ids, so that any page begins where its cursor says and costs what the
// first one does.
func (r *Registry) find(tx *gorm.DB, s search) (found, error) {
	ranks := s.ranks()
	var out found
	last, sizes := s.from, map[int]int{}
	for rank := s.from.rank; rank < len(ranks) && len(out.rows) <= s.limit; rank++ {
		if ranks[rank] == nil {
			continue
		}
		w, after := ranks[rank], uuid.Nil
		if rank == s.from.rank && s.from.id != uuid.Nil {
			after = s.from.id
			w.and("id > ?", after)
		}
		rows, size, err := s.read(tx, rank, w, after, s.limit+1-len(out.rows))
		if err != nil {
			return out, err
		}
		if rank > 0 && after == uuid.Nil {
			sizes[rank] = size
		}
		if n := min(len(rows), s.limit-len(out.rows)); n > 0 {
			last.rank, last.id = rank, rows[n-1].ID
		}
		out.rows = append(out.rows, rows...)
	}
	if len(out.rows) > s.limit {
		out.rows, out.next = out.rows[:s.limit], last.String()
	}
	if !s.total {
		return out, nil
	}
	var err error
	out.total, err = s.countAll(tx, out, sizes)
	return out, err
}

// walked is how many people are read one after the other in search of a common
// name.
const walked = 20_000

// read gives the first limit rows of a rank, and how many it has in all: at most
// one more than TotalCap. Who has a name that many have is found by reading people
// in the order of ids, since the index of names would give them all to be sorted;
// those few whom that does not find are looked up like the others. The first rank
// is not counted.
func (s search) read(tx *gorm.DB, rank int, w *where, after uuid.UUID, limit int) (rows []registrantRow, size int, err error) {
	if rank > 0 {
		size, err = s.size(tx, rank, w, TotalCap+1)
		if err != nil || size == 0 {
			return nil, size, err
		}
	}
	if size > TotalCap {
		err = tx.Raw(`SELECT `+registrantColumns+` FROM (SELECT `+registrantColumns+`, full_name_norm AS searched FROM registrant WHERE id > ? ORDER BY id LIMIT ?) AS registrant WHERE `+
			w.text()+` ORDER BY id LIMIT ?`, append(append([]any{after, walked}, w.args...), limit)...).Scan(&rows).Error
		if err != nil {
			return nil, size, fmt.Errorf("search: %w", err)
		}
		if len(rows) == limit {
			return rows, size, nil
		}
	}
	rows, err = findRanked(tx, s.source(rank), w, limit)
	return rows, size, err
}

// ranks are the conditions of the query, one after the other: one without a text.
// nil finds nobody.
func (s search) ranks() []*where {
	if s.text == nil {
		return []*where{s.where.copy()}
	}
	var out []*where
	for _, rank := range s.text.ranks() {
		if rank == nil {
			out = append(out, nil)
			continue
		}
		w := s.where.copy()
		w.add(rank)
		out = append(out, w)
	}
	return out
}

// source is the table of a rank: names are looked up in an index of their own.
func (s search) source(rank int) string {
	if rank == 0 {
		return "registrant"
	}
	return "registrant_search AS registrant"
}

func findRanked(tx *gorm.DB, source string, w *where, limit int) ([]registrantRow, error) {
	var rows []registrantRow
	err := tx.Raw(`SELECT `+registrantColumns+` FROM `+source+` WHERE `+w.text()+` ORDER BY id LIMIT ?`,
		append(slices.Clone(w.args), limit)...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
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

func idsOf(rows []registrantRow) []uuid.UUID {
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	return ids
}

// openRecords opens records with one query for all their keys. A record whose
// key is erased is left out.
func (r *Registry) openRecords(tx *gorm.DB, rows []registrantRow) ([]record, error) {
	keys, err := r.loadKeys(tx, idsOf(rows))
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
