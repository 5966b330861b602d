package rest

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const requestsPath = "/api/v1/change-requests"

// requestBody is one change request.
type requestBody struct {
	ID          uuid.UUID             `json:"id"`
	Batch       uuid.UUID             `json:"batch"`
	Registrant  uuid.UUID             `json:"registrant"`
	Kind        string                `json:"kind"` // of the registrant
	Field       string                `json:"field"`
	State       registry.RequestState `json:"state"`
	Version     int                   `json:"version"` // also the ETag
	Value       string                `json:"value"`   // "": no value
	Base        string                `json:"base"`    // the value that it was made from
	Current     string                `json:"current"` // the value that the record has now
	Changed     bool                  `json:"changed"` // Current is neither of the two
	CollectedAt time.Time             `json:"collected_at,omitzero"`
	Reason      string                `json:"reason"`
	Author      string                `json:"author"`
	Channel     registry.Channel      `json:"channel"`
	Own         bool                  `json:"own"`
	CreatedAt   time.Time             `json:"created_at"`
	SentAt      time.Time             `json:"sent_at,omitzero"`
	DecidedAt   time.Time             `json:"decided_at,omitzero"`
	DecidedBy   string                `json:"decided_by,omitempty"`
	Words       string                `json:"words,omitempty"`
}

func requestBodyOf(q registry.ChangeRequest) requestBody {
	return requestBody{ID: q.ID, Batch: q.BatchID, Registrant: q.RegistrantID, Kind: q.Kind, Field: q.Field, State: q.State, Version: q.Version,
		Value: q.Value, Base: q.Base, Current: q.Current, Changed: q.Changed, CollectedAt: q.CollectedAt, Reason: q.Reason, Author: q.Author,
		Channel: q.Channel, Own: q.Own, CreatedAt: q.CreatedAt, SentAt: q.SentAt, DecidedAt: q.DecidedAt, DecidedBy: q.DecidedBy, Words: q.Words}
}

// requestBodies is nil for none.
func requestBodies(list []registry.ChangeRequest) []requestBody {
	var out []requestBody
	for _, q := range list {
		out = append(out, requestBodyOf(q))
	}
	return out
}

// newRequest is the body of POST /people/{id}/change-requests.
type newRequest struct {
	recordChange
	Draft bool `json:"draft"` // kept for its author until it is sent
}

// AskForChange answers POST /people/{id}/change-requests, as of a group.
func (h *Handlers) AskForChange(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var body newRequest
	if err := decode(c, &body); err != nil {
		return err
	}
	made, err := h.reg.RequestChange(c.Request.Context(), actorOf(c), id, body.change(0), body.Draft)
	if err != nil {
		return err
	}
	return created(c, requestsPath+"/"+made[0].ID.String(), listOf(made, requestBodyOf))
}

// RequestsOf answers GET /people/{id}/change-requests, as of a group.
func (h *Handlers) RequestsOf(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	q, err := requestQuery(c)
	if err != nil {
		return err
	}
	page, err := h.reg.RequestsOf(c.Request.Context(), actorOf(c), id, q)
	if err != nil {
		return err
	}
	return okList(c, page.Requests, requestBodyOf, page.Next)
}

// ChangeRequests answers GET /change-requests.
func (h *Handlers) ChangeRequests(c *gin.Context) error {
	q, err := requestQuery(c, "area")
	if err != nil {
		return err
	}
	page, err := h.reg.ChangeRequests(c.Request.Context(), actorOf(c), q)
	if err != nil {
		return err
	}
	return okList(c, page.Requests, requestBodyOf, page.Next)
}

// requestQuery reads what a list of change requests is asked for; more are the
// parameters besides state and field.
func requestQuery(c *gin.Context, more ...string) (registry.RequestQuery, error) {
	if err := onlyQuery(c, append(more, "state", "field", "after", "limit")...); err != nil {
		return registry.RequestQuery{}, err
	}
	page, err := pageOf(c)
	return registry.RequestQuery{State: registry.RequestState(c.Query("state")), Field: c.Query("field"), Area: c.Query("area"),
		After: page.After, Limit: page.Limit}, err
}

// ChangeRequest answers GET /change-requests/{request}.
func (h *Handlers) ChangeRequest(c *gin.Context) error {
	id, err := pathID(c, "request")
	if err != nil {
		return err
	}
	q, err := h.reg.ChangeRequest(c.Request.Context(), actorOf(c), id)
	return okRequest(c, q, err)
}

// draftPatch is the body of PATCH /change-requests/{request}.
type draftPatch struct {
	Value       patched[string]    `json:"value"`
	CollectedAt patched[time.Time] `json:"collected_at"`
	Reason      patched[string]    `json:"reason"`
}

// patched is a member of a merge patch: nil if it is absent, the zero value for
// null (RFC 7396 §2).
type patched[T any] struct{ V *T }

// UnmarshalJSON is called for a member that is there.
func (p *patched[T]) UnmarshalJSON(data []byte) error {
	p.V = new(T)
	return json.Unmarshal(data, p.V)
}

// EditRequest answers PATCH /change-requests/{request}.
func (h *Handlers) EditRequest(c *gin.Context) error {
	seen, err := seenRequest(c)
	if err != nil {
		return err
	}
	var body draftPatch
	if err := decodePatch(c, &body); err != nil {
		return err
	}
	q, err := h.reg.EditRequest(c.Request.Context(), actorOf(c), seen, registry.DraftEdit{Value: body.Value.V, CollectedAt: body.CollectedAt.V, Reason: body.Reason.V})
	return okRequest(c, q, err)
}

// SendRequest answers POST /change-requests/{request}/send.
func (h *Handlers) SendRequest(c *gin.Context) error {
	seen, err := seenRequest(c)
	if err != nil {
		return err
	}
	if err := decode(c, &struct{}{}); err != nil {
		return err
	}
	q, err := h.reg.SendRequest(c.Request.Context(), actorOf(c), seen)
	return okRequest(c, q, err)
}

// decisionOn is the body of a decision about a change request.
type decisionOn struct {
	Words         string `json:"words"`
	EvenIfChanged bool   `json:"even_if_changed"`
}

func (b decisionOn) approve() registry.Approve {
	return registry.Approve{Words: b.Words, EvenIfChanged: b.EvenIfChanged}
}

// ApproveRequest answers POST /change-requests/{request}/approve.
func (h *Handlers) ApproveRequest(c *gin.Context) error {
	seen, err := seenRequest(c)
	if err != nil {
		return err
	}
	var body decisionOn
	if err := decode(c, &body); err != nil {
		return err
	}
	q, err := h.reg.ApproveRequest(c.Request.Context(), actorOf(c), seen, body.approve())
	return okRequest(c, q, err)
}

// wordsBody is the body of a rejection or withdrawal.
type wordsBody struct {
	Words string `json:"words"`
}

// RejectRequest answers POST /change-requests/{request}/reject.
func (h *Handlers) RejectRequest(c *gin.Context) error {
	seen, err := seenRequest(c)
	if err != nil {
		return err
	}
	var body wordsBody
	if err := decode(c, &body); err != nil {
		return err
	}
	q, err := h.reg.RejectRequest(c.Request.Context(), actorOf(c), seen, body.Words)
	return okRequest(c, q, err)
}

// WithdrawRequest answers POST /change-requests/{request}/withdraw.
func (h *Handlers) WithdrawRequest(c *gin.Context) error {
	seen, err := seenRequest(c)
	if err != nil {
		return err
	}
	var body wordsBody
	if err := decode(c, &body); err != nil {
		return err
	}
	q, err := h.reg.WithdrawRequest(c.Request.Context(), actorOf(c), seen, body.Words)
	return okRequest(c, q, err)
}

// decisionsOn is the body of POST /change-requests/approve.
type decisionsOn struct {
	Requests []seenBody `json:"requests"`
	decisionOn
}

type seenBody struct {
	ID      uuid.UUID `json:"id"`
	Version int       `json:"version"`
}

// outcomeBody is what became of one of several change requests.
type outcomeBody struct {
	ID      uuid.UUID    `json:"id"`
	Request *requestBody `json:"request,omitempty"` // it is approved
	Code    string       `json:"code,omitempty"`    // it is not
	Detail  string       `json:"detail,omitempty"`
	Errors  []wrongBody  `json:"errors,omitempty"`
}

type wrongBody struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func outcomeBodyOf(o registry.RequestOutcome) outcomeBody {
	out := outcomeBody{ID: o.ID}
	var wrong *fault.Error
	switch {
	case o.Err == nil:
		body := requestBodyOf(o.Request)
		out.Request = &body
	case errors.As(o.Err, &wrong):
		out.Code, out.Detail = wrong.Code, wrong.Detail
		for _, f := range wrong.Fields {
			out.Errors = append(out.Errors, wrongBody{f.Name, f.Code, f.Detail})
		}
	}
	return out
}

// ApproveRequests answers POST /change-requests/approve: each with its outcome.
func (h *Handlers) ApproveRequests(c *gin.Context) error {
	var body decisionsOn
	if err := decode(c, &body); err != nil {
		return err
	}
	picks := make([]registry.RequestVersion, len(body.Requests))
	for i, q := range body.Requests {
		picks[i] = registry.RequestVersion(q)
	}
	done, err := h.reg.ApproveRequests(c.Request.Context(), actorOf(c), picks, body.approve())
	if err != nil {
		return err
	}
	return okList(c, done, outcomeBodyOf, "")
}

// seenRequest reads which request is meant, and in which version it was seen.
func seenRequest(c *gin.Context) (registry.RequestVersion, error) {
	id, err := pathID(c, "request")
	if err != nil {
		return registry.RequestVersion{}, err
	}
	version, err := ifMatch(c)
	return registry.RequestVersion{ID: id, Version: version}, err
}

func okRequest(c *gin.Context, q registry.ChangeRequest, err error) error {
	if err != nil {
		return err
	}
	setETag(c, q.Version)
	return ok(c, requestBodyOf(q))
}

// edited answers with a record after an edit: 202 if all of it waits for approval.
func edited(c *gin.Context, before, now int, pending []registry.ChangeRequest, v any) error {
	setETag(c, now)
	if now == before && len(pending) > 0 {
		return respond.JSON(c, http.StatusAccepted, v)
	}
	return ok(c, v)
}
