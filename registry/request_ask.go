package registry

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// RequestChange asks for a change of a person or a group: one request for each
// field of c.Set whose value would change, whether it needs approval or not. What
// is asked for is held to what an edit by the same actor is held to. With draft it
// is kept for the author until SendRequest. The same value asked for again by the
// same author is the request that is there. c.ExpectVersion is not looked at.
//
// It returns what Edit returns but for the version, Gone "record_erased", Invalid
// "no_change", or Conflict "record_inactive", "draft_exists" (one per author and
// field) or "too_many_requests" (MaxOpenRequests), both with the fields.
func (r *Registry) RequestChange(ctx context.Context, a Actor, id uuid.UUID, c Change, draft bool) ([]ChangeRequest, error) {
	if err := a.checkOn(toEdit, id); err != nil {
		return nil, err
	}
	reason, err := cleanReason(c.Reason)
	if err != nil {
		return nil, err
	}
	var out []ChangeRequest
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		rec, err := r.loadRecord(tx, a.to(toEdit), id, r.db.Dialect.ForUpdate())
		if err != nil {
			return err
		}
		b, err := r.loadBuilderOf(tx, rec.row.Kind, a, reason, now)
		if err != nil {
			return err
		}
		whole, err := b.edit(rec, c.Set, c.CollectedAt)
		switch {
		case err != nil:
			return err
		case whole == nil:
			return errNoChange()
		}
		ask := map[string]string{}
		for key := range c.Set {
			if whole.Text[key] != rec.text[key] {
				ask[key] = whole.Text[key]
			}
		}
		if out, err = r.ask(tx, b, rec, parted{ask: ask, whole: whole}, c, draft); err != nil || len(b.beside) == 0 {
			return err
		}
		return r.note(tx, b, &rec, b.beside...)
	})
	return out, err
}

// ask stores the requests of an edit and gives them. What the change log is to say
// of them is left in b.beside, for the entry of the edit. The record is locked.
func (r *Registry) ask(tx *gorm.DB, b *builder, rec record, p parted, c Change, draft bool) ([]ChangeRequest, error) {
	if err := askable(tx, rec, p); err != nil {
		return nil, err
	}
	open, err := openRequests(tx, b.actor, rec.row.ID)
	if err != nil {
		return nil, err
	}
	made, err := b.requests(rec, open, p.ask, c, draft)
	if err != nil {
		return nil, err
	}
	if len(made.rows) > 0 {
		err = tx.Create(made.rows).Error
		if r.db.Dialect.IsDuplicate(err) {
			return nil, fault.New(fault.Conflict, "draft_exists", "There is a draft of yours for this field already: change or send it.")
		}
		if err != nil {
			return nil, fmt.Errorf("store change requests: %w", err)
		}
	}
	b.beside = append(b.beside, made.log...)
	rows := append(made.again, made.rows...)
	slices.SortFunc(rows, func(x, y requestRow) int { return cmp.Compare(x.Field, y.Field) })
	return b.shown(rec, rows)
}

// askable holds a request to what only the database knows: see store. Whether a
// unique value is still free is decided for good when it is approved.
func askable(tx *gorm.DB, rec record, p parted) error {
	if rec.row.Status != statusActive {
		return errInactive()
	}
	for _, id := range p.whole.Added {
		if _, asked := p.ask[id.Scheme]; !asked || !id.IsUnique {
			continue
		}
		var n int64
		err := tx.Model(&identifierRow{}).Where("scheme = ? AND bidx = ? AND is_unique AND registrant_id <> ?", id.Scheme, id.Bidx, rec.row.ID).Count(&n).Error
		if err != nil {
			return fmt.Errorf("look up an identifier: %w", err)
		}
		if n > 0 {
			return errIdentifierTaken(id.Scheme)
		}
	}
	return p.whole.settle(tx)
}

// openRequests reads what an author has open about some records.
func openRequests(tx *gorm.DB, a Actor, ids ...uuid.UUID) ([]requestRow, error) {
	var rows []requestRow
	err := tx.Where("registrant_id IN ? AND author_id = ? AND author = ? AND state IN ?", ids, a.AccountID, a.name(),
		[]RequestState{RequestDraft, RequestSent}).Order("id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("load open change requests: %w", err)
	}
	return rows, nil
}

// madeRequests is what an author asks for.
type madeRequests struct {
	rows  []requestRow // new ones
	again []requestRow // that are there already and say the same
	log   []diffEntry  // of the new ones that are sent
}

// requests makes the rows for some values of one record; open are those that the
// author has.
func (b *builder) requests(rec record, open []requestRow, ask map[string]string, c Change, draft bool) (madeRequests, error) {
	var out madeRequests
	batch, err := uuid.NewV7()
	if err != nil {
		return out, fmt.Errorf("name change requests: %w", err)
	}
	var full []fault.Field
	for _, key := range b.fields.sortedKeys(ask) {
		same, n, err := b.sameRequest(rec, open, key, ask[key], draft)
		switch {
		case err != nil:
			return out, err
		case same != nil:
			out.again = append(out.again, *same)
			continue
		case n >= MaxOpenRequests:
			full = append(full, fault.Field{Name: key, Code: "too_many_requests", Detail: "Wait for a decision, or withdraw one of them."})
			continue
		}
		row, err := b.request(rec, batch, key, ask[key], c, draft)
		if err != nil {
			return out, err
		}
		out.rows = append(out.rows, row)
		if !draft {
			out.log = append(out.log, row.entries(key, requestPayload{ask[key], rec.text[key]}, "", "")...)
		}
	}
	if len(full) > 0 {
		return out, &fault.Error{Kind: fault.Conflict, Code: "too_many_requests", Fields: full,
			Detail: "You have asked for too many changes of this field that nobody has decided yet."}
	}
	return out, nil
}

// sameRequest finds among the open requests one that was sent and says the same,
// and counts those about the field.
func (b *builder) sameRequest(rec record, open []requestRow, key, text string, draft bool) (same *requestRow, n int, err error) {
	no := b.fields.byKey[key].No
	for i, row := range open {
		if row.Field != no {
			continue
		}
		n++
		p, err := row.open(rec)
		if err != nil {
			return nil, n, err
		}
		if !draft && row.State == RequestSent && p == (requestPayload{text, rec.text[key]}) {
			return &open[i], n, nil
		}
	}
	return nil, n, nil
}

// request makes the row of one new request.
func (b *builder) request(rec record, batch uuid.UUID, key, text string, c Change, draft bool) (requestRow, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return requestRow{}, fmt.Errorf("name a change request: %w", err)
	}
	row := requestRow{RegistrantID: rec.row.ID, ID: id, BatchID: batch, Field: b.fields.byKey[key].No, State: RequestDraft, Version: 1,
		Reason: b.reason, AuthorID: b.actor.AccountID, Author: b.actor.name(), Channel: b.actor.channel(), CreatedAt: b.at}
	if !c.CollectedAt.IsZero() {
		at := db.TimeOf(c.CollectedAt)
		row.CollectedAt = &at
	}
	if !draft {
		row.State, row.SentAt = RequestSent, &b.at
	}
	return row, row.seal(rec, text, rec.text[key])
}

// shown opens requests for their author, without what the record says of fields
// that the author may not see.
func (b *builder) shown(rec record, rows []requestRow) ([]ChangeRequest, error) {
	out := make([]ChangeRequest, len(rows))
	for i := range rows {
		def := b.fields.byNo[rows[i].Field]
		q, err := rows[i].toRequest(b.actor, rec, def.Key)
		if err != nil {
			return nil, err
		}
		if !b.actor.maySee(def.Field) {
			q.Base, q.Current, q.Changed = "", "", false
		}
		out[i] = q
	}
	return out, nil
}
