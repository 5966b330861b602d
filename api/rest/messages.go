package rest

import (
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/issuer"
)

// messageBody is something that a person was told. It has no words: they depend on the
// language.
type messageBody struct {
	ID            uuid.UUID `json:"id"`
	Kind          string    `json:"kind"`
	Issuer        string    `json:"issuer,omitempty"` // name of the credential's, if it is not the one at the root
	Configuration string    `json:"credential_configuration_id,omitempty"`
	Fields        []string  `json:"fields,omitempty"`
	Roles         []string  `json:"roles,omitempty"` // of whoever read the record
	Reason        string    `json:"reason,omitempty"`
	At            time.Time `json:"at"`
	ReadAt        time.Time `json:"read_at,omitzero"`
}

func messageBodyOf(m issuer.Message) messageBody {
	return messageBody{ID: m.ID, Kind: m.Kind, Issuer: m.Issuer, Configuration: m.ConfigID, Fields: m.Fields, Roles: strings.Fields(m.Who), Reason: m.Reason, At: m.At, ReadAt: m.ReadAt}
}

// Messages answers GET /people/{id}/messages, newest first.
func (h *Handlers) Messages(c *gin.Context) error {
	id, page, err := recordPage(c)
	if err != nil {
		return err
	}
	if _, err := h.reg.CurrentVersion(c.Request.Context(), actorOf(c), id); err != nil { // no such person
		return err
	}
	found, err := h.iss.MessagesOf(c.Request.Context(), actorOf(c), id, page.After, page.Limit)
	if err != nil {
		return err
	}
	return okList(c, found.Messages, messageBodyOf, found.Next)
}

// ReadMessages answers POST /people/{id}/messages/read.
func (h *Handlers) ReadMessages(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var body struct {
		Until time.Time `json:"until"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	if err := h.iss.ReadMessages(c.Request.Context(), actorOf(c), id, body.Until); err != nil {
		return err
	}
	return noContent(c)
}

// deliveryBody is how many messages on their way out stand alike.
type deliveryBody struct {
	State string `json:"state"`
	Code  string `json:"code,omitempty"`
	Count int    `json:"count"`
}

// Deliveries answers GET /message-deliveries.
func (h *Handlers) Deliveries(c *gin.Context) error {
	if err := onlyQuery(c); err != nil {
		return err
	}
	counts, err := h.iss.Deliveries(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	slices.SortFunc(counts, func(a, b issuer.DeliveryCount) int {
		return strings.Compare(string(a.State)+a.Code, string(b.State)+b.Code)
	})
	return okList(c, counts, func(d issuer.DeliveryCount) deliveryBody {
		return deliveryBody{State: string(d.State), Code: d.Code, Count: d.Count}
	}, "")
}
