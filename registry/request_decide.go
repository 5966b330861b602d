package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// Approve is what somebody says who approves change requests.
type Approve struct {
	Words         string // for the author; may be ""
	EvenIfChanged bool   // also if the record has got another value since the request was made
}

// RequestVersion names a change request as somebody has seen it.
type RequestVersion struct {
	ID      uuid.UUID
	Version int
}

// ApproveRequest makes what was asked for true: an edit of the record by the
// actor, whose version names the author. Of a note (see Approval) it says that the office has
// dealt with it, and the record stays as it is. It returns NotFound "no_such_request",
// Forbidden (also "own_request", "not_approver" and "outside_area"), Conflict
// "version_conflict", "request_decided", "value_changed" (see
// Approve.EvenIfChanged), "record_inactive" or "identifier_taken", Gone
// "record_erased", or Invalid: "invalid_values" where the value is not right any
// more. The request stays SENT then.
func (r *Registry) ApproveRequest(ctx context.Context, a Actor, q RequestVersion, d Approve) (ChangeRequest, error) {
	out, err := r.approve(ctx, a, []RequestVersion{q}, d)
	if err != nil {
		return ChangeRequest{}, err
	}
	return out[0], nil
}

// approve approves requests of one edit (see together) by one edit: all, or none.
func (r *Registry) approve(ctx context.Context, a Actor, picks []RequestVersion, d Approve) (out []ChangeRequest, err error) {
	if err := a.checkWithin(toApprove); err != nil {
		return nil, err
	}
	words, err := cleanWords(d.Words, false)
	if err != nil {
		return nil, err
	}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		h, err := r.holdRequests(tx, a, toApprove, now, picks)
		if err != nil {
			return err
		}
		set := map[string]string{}
		for i := range h.rows {
			key, p, err := h.decidable(i, d.EvenIfChanged)
			if err != nil {
				return err
			}
			if !h.b.fields.byKey[key].Approval.Note {
				set[key] = p.Value
			}
			h.rows[i].decide(h.rec, h.b, RequestApproved, words)
			h.b.beside = append(h.b.beside, h.rows[i].entries(key, p, RequestSent, words)...)
		}
		h.b.asked = &asked{h.rows[0].Author, h.rows[0].Channel}
		if out, err = r.carryOut(tx, h, set); err != nil {
			return err
		}
		return h.moveAll(tx)
	})
	return out, err
}

// carryOut edits the record, or notes that it says so already, or that there is nothing to
// write: all of it was notes.
func (r *Registry) carryOut(tx *gorm.DB, h *heldRequests, set map[string]string) ([]ChangeRequest, error) {
	var change *built
	var err error
	if len(set) > 0 {
		change, err = h.b.edit(h.rec, set, timeOf(h.rows[0].CollectedAt))
	}
	switch {
	case err != nil:
		return nil, err
	case change == nil:
		err = r.note(tx, h.b, &h.rec, h.b.beside...)
	default:
		err = r.store(tx, change)
		h.rec.row, h.rec.text = change.Row, change.Text
	}
	if err != nil {
		return nil, err
	}
	return h.b.shown(h.rec, h.rows)
}

// RejectRequest refuses what was asked for, with words for the author. It returns
// NotFound "no_such_request", Forbidden (also "own_request" and "not_approver"),
// Conflict "version_conflict" or "request_decided", Gone "record_erased", or
// Invalid "invalid_values" for the words.
func (r *Registry) RejectRequest(ctx context.Context, a Actor, q RequestVersion, words string) (ChangeRequest, error) {
	if err := a.checkWithin(toApprove); err != nil {
		return ChangeRequest{}, err
	}
	words, err := cleanWords(words, true)
	if err != nil {
		return ChangeRequest{}, err
	}
	return r.endRequest(ctx, a, toApprove, q, RequestRejected, words, func(h *heldRequests) error { return h.mayDecide(0) })
}

// endRequest moves a request that was sent to a last state that changes no value.
func (r *Registry) endRequest(ctx context.Context, a Actor, act action, q RequestVersion, to RequestState, words string, check func(*heldRequests) error) (ChangeRequest, error) {
	var out ChangeRequest
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		h, err := r.holdRequests(tx, a, act, now, []RequestVersion{q})
		if err != nil {
			return err
		}
		if err := check(h); err != nil {
			return err
		}
		key, p, err := h.open(0)
		if err != nil {
			return err
		}
		from := h.rows[0].State
		h.rows[0].decide(h.rec, h.b, to, words)
		if from != RequestDraft { // nobody else has heard of a draft
			if err := r.note(tx, h.b, &h.rec, h.rows[0].entries(key, p, from, words)...); err != nil {
				return err
			}
		}
		out, err = h.moveOne(tx)
		return err
	})
	return out, err
}

// decidable tells whether a request can be approved as it is, and opens it.
func (h *heldRequests) decidable(i int, evenIfChanged bool) (key string, p requestPayload, err error) {
	if err := h.mayDecide(i); err != nil {
		return "", p, err
	}
	if h.rec.row.Status != statusActive {
		return "", p, errInactive()
	}
	key, p, err = h.open(i)
	if err == nil && p.stale(h.rec.text[key]) && !evenIfChanged {
		err = &fault.Error{Kind: fault.Conflict, Code: "value_changed", Detail: "The record has got another value since this was asked for. Look at it again.",
			Fields: []fault.Field{{Name: key, Code: "value_changed", Detail: "This was asked for when there was another value."}}}
	}
	return key, p, err
}

// mayDecide tells whether the actor decides about a request, and it can still be
// decided.
func (h *heldRequests) mayDecide(i int) error {
	row, a := &h.rows[i], h.b.actor
	def := h.b.fields.byNo[row.Field]
	switch {
	case row.State != RequestSent:
		return errRequestDecided()
	case row.AuthorID == a.AccountID && a.AccountID != uuid.Nil || row.Author == a.name():
		return fault.New(fault.Forbidden, "own_request", "Somebody else must decide about what you ask for.")
	case !a.mayApprove(def.Field, h.rec.row.Kind, h.rec.above):
		return fault.New(fault.Forbidden, "not_approver", "This account does not decide about changes of this field.")
	}
	return nil
}

// cleanWords checks the words of a decision.
func cleanWords(words string, needed bool) (string, error) {
	wrong := checkText(words)
	words = strings.TrimSpace(words)
	switch {
	case wrong != nil:
	case needed && words == "":
		wrong = &mistake{CodeRequired, "Say why. The author will read it."}
	case len([]rune(words)) > maxCommentLength:
		wrong = tooLong(maxCommentLength)
	}
	if wrong != nil {
		return "", fault.InvalidFields("invalid_values", "Some values cannot be accepted.",
			[]fault.Field{{Name: "words", Code: wrong.code, Detail: wrong.words}})
	}
	return words, nil
}

// heldRequests are requests about one record, which is locked: nobody else moves
// them until the transaction ends.
type heldRequests struct {
	rec  record
	rows []requestRow
	b    *builder
}

// open gives the key of the field of a request, and what it holds.
func (h *heldRequests) open(i int) (key string, p requestPayload, err error) {
	p, err = h.rows[i].open(h.rec)
	return h.b.fields.byNo[h.rows[i].Field].Key, p, err
}

func (h *heldRequests) moveAll(tx *gorm.DB) error {
	for i := range h.rows {
		if err := h.rows[i].move(tx); err != nil {
			return err
		}
	}
	return nil
}

// moveOne stores the only request that is held, and shows it.
func (h *heldRequests) moveOne(tx *gorm.DB) (ChangeRequest, error) {
	if err := h.moveAll(tx); err != nil {
		return ChangeRequest{}, err
	}
	shown, err := h.b.shown(h.rec, h.rows)
	if err != nil {
		return ChangeRequest{}, err
	}
	return shown[0], nil
}

// holdRequests locks the record of some requests and reads them, as their versions
// were seen. It returns NotFound "no_such_request", also for what is not for the
// actor, and Conflict "version_conflict", or "request_decided" for one that ended.
func (r *Registry) holdRequests(tx *gorm.DB, a Actor, act action, now db.Time, picks []RequestVersion) (*heldRequests, error) {
	var whose []uuid.UUID
	if err := tx.Raw(`SELECT registrant_id FROM change_request WHERE id = ?`, picks[0].ID).Scan(&whose).Error; err != nil {
		return nil, fmt.Errorf("find a change request: %w", err)
	}
	rec, err := r.loadRecord(tx, a.to(act), append(whose, uuid.Nil)[0], r.db.Dialect.ForUpdate()) // of nobody, too: see readRows
	if fault.KindOf(err) == fault.NotFound {
		return nil, errNoRequest()
	}
	if err != nil {
		return nil, err
	}
	rows, err := findRequests(tx, picks)
	if err != nil {
		return nil, err
	}
	b, err := r.loadBuilderOf(tx, rec.row.Kind, a, rows[0].Reason, now)
	if err != nil {
		return nil, err
	}
	b.above = rec.above
	h := &heldRequests{rec: rec, rows: rows, b: b}
	for i := range rows {
		if err := h.isAt(i, picks[i].Version); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// isAt tells whether a request is one that the actor knows of, and open, and in
// the version that the actor has seen.
func (h *heldRequests) isAt(i, version int) error {
	row := &h.rows[i]
	def := h.b.fields.byNo[row.Field]
	switch {
	case def == nil || !h.b.actor.maySee(def.Field) || row.SentAt == nil && !row.isBy(h.b.actor):
		return errNoRequest()
	case !row.isOpen():
		return errRequestDecided()
	case row.Version != version:
		return errRequestConflict()
	}
	return nil
}

// findRequests reads requests in the order of picks; all are about one record.
func findRequests(tx *gorm.DB, picks []RequestVersion) ([]requestRow, error) {
	ids := make([]uuid.UUID, len(picks))
	for i, q := range picks {
		ids[i] = q.ID
	}
	var found []requestRow
	if err := tx.Where("id IN ?", ids).Find(&found).Error; err != nil {
		return nil, fmt.Errorf("load change requests: %w", err)
	}
	rows := make([]requestRow, len(picks))
	for i, id := range ids {
		at := slices.IndexFunc(found, func(row requestRow) bool { return row.ID == id })
		if at < 0 {
			return nil, errNoRequest()
		}
		rows[i] = found[at]
	}
	return rows, nil
}
