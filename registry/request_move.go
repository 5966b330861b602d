package registry

import (
	"context"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// DraftEdit is what the author of a draft wants it to say: nil leaves as it is.
type DraftEdit struct {
	Value       *string    // "": the value shall be removed
	CollectedAt *time.Time // zero: unknown
	Reason      *string
}

// EditRequest changes a draft of the actor's. It returns NotFound
// "no_such_request", Conflict "version_conflict", "request_decided" or
// "request_sent", Gone "record_erased", and what RequestChange returns for the
// value.
func (r *Registry) EditRequest(ctx context.Context, a Actor, q RequestVersion, e DraftEdit) (ChangeRequest, error) {
	return r.redraft(ctx, a, q, e.write)
}

// SendDraft changes a draft of the actor's and sends it, or does neither. It returns
// the errors of EditRequest.
func (r *Registry) SendDraft(ctx context.Context, a Actor, q RequestVersion, e DraftEdit) (ChangeRequest, error) {
	return r.redraft(ctx, a, q, func(h *heldRequests, p *requestPayload) error {
		h.rows[0].State, h.rows[0].SentAt = RequestSent, &h.b.at
		return e.write(h, p)
	})
}

// write puts an edit into a draft, which gets another version.
func (e DraftEdit) write(h *heldRequests, p *requestPayload) (err error) {
	row := &h.rows[0]
	row.Version++
	if e.Value != nil {
		p.Value = *e.Value
	}
	if e.CollectedAt != nil {
		row.CollectedAt = nil
		if !e.CollectedAt.IsZero() {
			at := db.TimeOf(*e.CollectedAt)
			row.CollectedAt = &at
		}
	}
	if e.Reason != nil {
		row.Reason, err = cleanReason(*e.Reason)
	}
	return err
}

// SendRequest sends a draft of the actor's: it is made from the value that the
// record has now. It returns the errors of EditRequest.
func (r *Registry) SendRequest(ctx context.Context, a Actor, q RequestVersion) (ChangeRequest, error) {
	return r.SendDraft(ctx, a, q, DraftEdit{})
}

// redraft changes a draft, and holds it to what a new request is held to. One that
// is sent by that is noted.
func (r *Registry) redraft(ctx context.Context, a Actor, q RequestVersion, change func(*heldRequests, *requestPayload) error) (ChangeRequest, error) {
	if err := a.checkAny(toEdit); err != nil {
		return ChangeRequest{}, err
	}
	var out ChangeRequest
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		h, err := r.holdRequests(tx, a, toEdit, now, []RequestVersion{q})
		if err != nil {
			return err
		}
		if !h.rows[0].isBy(a) {
			return errNotAuthor()
		}
		if h.rows[0].State != RequestDraft {
			return fault.New(fault.Conflict, "request_sent", "This change request has been sent: withdraw it, and send another one.")
		}
		key, p, err := h.open(0)
		if err != nil {
			return err
		}
		if err := change(h, &p); err != nil {
			return err
		}
		if err := h.recheck(tx, key, &p); err != nil {
			return err
		}
		if h.rows[0].State == RequestSent {
			h.b.reason = h.rows[0].Reason
			if err := r.note(tx, h.b, &h.rec, h.rows[0].entries(key, p, "", "")...); err != nil {
				return err
			}
		}
		out, err = h.moveOne(tx)
		return err
	})
	return out, err
}

// recheck holds what a draft asks for to what an edit is held to now, and seals it
// in its canonical form.
func (h *heldRequests) recheck(tx *gorm.DB, key string, p *requestPayload) error {
	whole, err := h.b.edit(h.rec, map[string]string{key: p.Value}, timeOf(h.rows[0].CollectedAt))
	switch {
	case err != nil:
		return err
	case whole == nil:
		return errNoChange()
	}
	p.Value, p.Base = whole.Text[key], h.rec.text[key]
	if err := askable(tx, h.rec, parted{ask: map[string]string{key: p.Value}, whole: whole}); err != nil {
		return err
	}
	return h.rows[0].seal(h.rec, p.Value, p.Base)
}

// WithdrawRequest takes back a request of the actor's, sent or not; words say why,
// and may be "". It returns NotFound "no_such_request", Forbidden (also
// "not_author"), Conflict "version_conflict" or "request_decided", Gone
// "record_erased", or Invalid "invalid_values" for the words.
func (r *Registry) WithdrawRequest(ctx context.Context, a Actor, q RequestVersion, words string) (ChangeRequest, error) {
	if err := a.checkAny(toEdit); err != nil {
		return ChangeRequest{}, err
	}
	words, err := cleanWords(words, false)
	if err != nil {
		return ChangeRequest{}, err
	}
	return r.endRequest(ctx, a, toEdit, q, RequestWithdrawn, words, func(h *heldRequests) error {
		if !h.rows[0].isBy(a) {
			return errNotAuthor()
		}
		return nil
	})
}

func errNotAuthor() error {
	return fault.New(fault.Forbidden, "not_author", "Only who asks for a change can take it back or send it.")
}

func errNoChange() error {
	return fault.New(fault.Invalid, "no_change", "The record says this already.")
}
