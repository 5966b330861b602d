package rest

import (
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/registry"
)

const appealsPath = "/api/v1/appeals"

// appealBody is what a registrant says against a rejection.
type appealBody struct {
	ID           uuid.UUID            `json:"id"`
	RegistrantID uuid.UUID            `json:"registrant_id"`
	Number       string               `json:"registration_number"`
	Field        string               `json:"field"`
	Text         string               `json:"text"`
	State        registry.AppealState `json:"state"`
	At           time.Time            `json:"at"`
	RejectedBy   string               `json:"rejected_by"`
	Rejection    string               `json:"rejection,omitempty"` // the comment of who rejected
	AnsweredBy   string               `json:"answered_by,omitempty"`
	AnsweredAt   time.Time            `json:"answered_at,omitzero"`
	Answer       string               `json:"answer,omitempty"`
}

// Appeals answers GET /appeals.
func (h *Handlers) Appeals(c *gin.Context) error {
	page, err := pageOf(c)
	if err != nil {
		return err
	}
	if err := onlyQuery(c, "after", "limit"); err != nil {
		return err
	}
	found, err := h.reg.Appeals(c.Request.Context(), actorOf(c), page.After, page.Limit)
	if err != nil {
		return err
	}
	return okList(c, found.Appeals, func(a registry.Appeal) appealBody { return appealBody(a) }, found.Next)
}

// AppealDecision answers POST /people/{id}/attestations/{field}/appeals.
func (h *Handlers) AppealDecision(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var body struct {
		Text string `json:"text"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	a, err := h.reg.AppealDecision(c.Request.Context(), actorOf(c), id, c.Param("field"), body.Text)
	if err != nil {
		return err
	}
	return created(c, appealsPath+"/"+a.ID.String(), appealBody(a))
}

// DeclineAppeal answers POST /appeals/{id}/decline.
func (h *Handlers) DeclineAppeal(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var body struct {
		Comment string `json:"comment"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	a, err := h.reg.DeclineAppeal(c.Request.Context(), actorOf(c), id, body.Comment)
	if err != nil {
		return err
	}
	return ok(c, appealBody(a))
}
