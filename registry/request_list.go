package registry

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// RequestQuery asks for change requests. All parts that are given must fit.
type RequestQuery struct {
	State RequestState
	Field string // key
	Area  string // code: of records in this area or below it

	Number string // registration number: about this record

	After string // RequestPage.Next of the page before
	Limit int    // requests per page; 0: 50, at most 200

	Newest bool // the newest first
}

// RequestPage is one page of change requests, in the order of their making or the
// newest first.
type RequestPage struct {
	Requests []ChangeRequest
	Next     string // RequestQuery.After of the next page; "" after the last
}

// ChangeRequests finds the change requests that the actor may see: what lies
// outside the bounds of the actor's roles, fields that the actor may not see, and
// drafts and withdrawn drafts of others are not among them, nor is what was asked
// for about a record that has been erased. It returns Invalid "bad_query" (with the
// wrong member) or "bad_cursor", or Forbidden: registrants ask RequestsOf.
func (r *Registry) ChangeRequests(ctx context.Context, a Actor, q RequestQuery) (RequestPage, error) {
	if err := a.checkWithin(toSearch); err != nil {
		return RequestPage{}, err
	}
	var page RequestPage
	err := r.readingAll(ctx, a, func(tx *gorm.DB) (read []uuid.UUID, err error) {
		w := &where{}
		w.within(a.to(toSearch))
		page, err = r.requestPage(tx, a, w, q)
		return page.about(), err
	})
	return page, err
}

// RequestsOf is ChangeRequests about one person or group. A registered person sees
// those about the own record, whoever asks. It returns NotFound, too.
func (r *Registry) RequestsOf(ctx context.Context, a Actor, id uuid.UUID, q RequestQuery) (RequestPage, error) {
	if err := a.checkOn(toRead, id); err != nil {
		return RequestPage{}, err
	}
	var page RequestPage
	err := r.reading(ctx, a, id, func(tx *gorm.DB) error {
		if _, err := readRow(tx, a.to(toRead), id, ""); err != nil {
			return err
		}
		w := &where{}
		w.and("c.registrant_id = ?", id)
		var err error
		page, err = r.requestPage(tx, a, w, q)
		return err
	})
	return page, err
}

// ChangeRequest gives one change request. It returns NotFound "no_such_request", or
// Forbidden.
func (r *Registry) ChangeRequest(ctx context.Context, a Actor, id uuid.UUID) (ChangeRequest, error) {
	if err := a.checkAny(toRead); err != nil {
		return ChangeRequest{}, err
	}
	var out ChangeRequest
	err := r.readingAll(ctx, a, func(tx *gorm.DB) ([]uuid.UUID, error) {
		w := &where{}
		w.and("c.id = ?", id)
		if !a.may(toRead) {
			w.and("c.registrant_id = ?", a.RegistrantID)
		} else {
			w.within(a.to(toRead))
		}
		page, err := r.requestPage(tx, a, w, RequestQuery{})
		switch {
		case err != nil:
			return nil, err
		case len(page.Requests) == 0:
			return nil, errNoRequest()
		}
		out = page.Requests[0]
		return page.about(), nil
	})
	return out, err
}

// about names the records of a page, whose values it tells.
func (p RequestPage) about() []uuid.UUID {
	ids := make([]uuid.UUID, len(p.Requests))
	for i, q := range p.Requests {
		ids[i] = q.RegistrantID
	}
	return ids
}

// requestPage reads a page of what a condition finds.
func (r *Registry) requestPage(tx *gorm.DB, a Actor, w *where, q RequestQuery) (RequestPage, error) {
	after, err := parseAfter(q.After)
	if err != nil {
		return RequestPage{}, err
	}
	all, err := r.allFields(tx)
	if err != nil {
		return RequestPage{}, err
	}
	if err := q.conditions(w, all, a); err != nil {
		return RequestPage{}, err
	}
	order := "c.id"
	switch {
	case !q.Newest:
		w.and("c.id > ?", after)
	case after != uuid.Nil:
		w.and("c.id < ?", after)
	}
	if q.Newest {
		order += " DESC"
	}
	var rows []requestRow
	limit := pageSize(q.Limit)
	err = tx.Raw(`SELECT `+requestColumns+` FROM change_request c JOIN registrant ON registrant.id = c.registrant_id
		WHERE `+w.text()+` ORDER BY `+order+` LIMIT ?`, append(w.args, limit+1)...).Scan(&rows).Error
	if err != nil {
		return RequestPage{}, fmt.Errorf("list change requests: %w", err)
	}
	var page RequestPage
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = formatAfter(rows[limit-1].ID)
	}
	page.Requests, err = r.showRequests(tx, a, all, rows)
	return page, err
}

// conditions is what a query asks for, and what the actor may see.
func (q RequestQuery) conditions(w *where, all *fieldSet, a Actor) error {
	w.and("EXISTS (SELECT 1 FROM record_key k WHERE k.registrant_id = c.registrant_id)")
	w.and("(c.sent_at IS NOT NULL OR c.author_id = ? AND c.author = ?)", a.AccountID, a.name())
	hidden := all.hiddenFrom(a)
	if len(hidden) > 0 {
		var nos []int
		for key := range hidden {
			nos = append(nos, all.byKey[key].No)
		}
		w.and("c.field NOT IN ?", nos)
	}
	if q.State != "" {
		if !slices.Contains([]RequestState{RequestDraft, RequestSent, RequestApproved, RequestRejected, RequestWithdrawn}, q.State) {
			return badQuery("state")
		}
		w.and("c.state = ?", q.State)
	}
	if q.Field != "" {
		def := all.byKey[q.Field]
		if def == nil || hidden[q.Field] {
			return badQuery("field")
		}
		w.and("c.field = ?", def.No)
	}
	if q.Number != "" {
		number, _ := cleanNumber(q.Number)
		w.and("registrant.number = ?", number) // what is no number is nobody's
	}
	if q.Area != "" {
		if !reAreaCode.MatchString(q.Area) {
			return badQuery("area")
		}
		w.and(inArea("registrant"), q.Area)
	}
	return nil
}

// showRequests opens requests, with the records that they are about.
func (r *Registry) showRequests(tx *gorm.DB, a Actor, all *fieldSet, rows []requestRow) ([]ChangeRequest, error) {
	whose := map[uuid.UUID]*record{}
	for _, row := range rows {
		whose[row.RegistrantID] = nil
	}
	if len(whose) == 0 {
		return nil, nil
	}
	found, err := findRows(tx, System().to(toRead), slices.Collect(maps.Keys(whose)), "")
	if err != nil {
		return nil, err
	}
	live := make([]registrantRow, len(found))
	for i, f := range found {
		live[i] = f.Row
	}
	recs, err := r.openRecords(tx, live)
	if err != nil {
		return nil, err
	}
	for i := range recs {
		whose[recs[i].row.ID] = &recs[i]
	}
	var out []ChangeRequest
	for i := range rows {
		rec, def := whose[rows[i].RegistrantID], all.byNo[rows[i].Field]
		if rec == nil || def == nil {
			continue
		}
		q, err := rows[i].toRequest(a, *rec, def.Key)
		if err != nil {
			return nil, err
		}
		out = append(out, q)
	}
	return out, nil
}
