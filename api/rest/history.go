package rest

import (
	"encoding/json"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/registry"
)

// changeBody is one entry of a change log.
type changeBody struct {
	Number  int64             `json:"number"`
	At      time.Time         `json:"at"`
	Actor   string            `json:"actor"`
	Channel registry.Channel  `json:"channel"`
	Reason  string            `json:"reason"`
	Changes []fieldChangeBody `json:"changes"`
}

type fieldChangeBody struct {
	Field   string `json:"field,omitempty"`
	Kind    string `json:"kind"`
	Old     string `json:"old,omitempty"`
	New     string `json:"new,omitempty"`
	Status  string `json:"status,omitempty"`
	Comment string `json:"comment,omitempty"`
}

func changeBodyOf(e registry.LogEntry) changeBody {
	out := changeBody{Number: e.ChainNo, At: e.At, Actor: e.Actor, Channel: e.Channel, Reason: e.Reason, Changes: make([]fieldChangeBody, len(e.Changes))}
	for i, change := range e.Changes {
		out.Changes[i] = fieldChangeBody(change)
	}
	return out
}

// adminChangeBody is one entry of the history of a setting.
type adminChangeBody struct {
	Number  int64            `json:"number"`
	At      time.Time        `json:"at"`
	Actor   string           `json:"actor"`
	Channel registry.Channel `json:"channel"`
	Reason  string           `json:"reason"`
	Old     json.RawMessage  `json:"old"` // null: it was not there
	New     json.RawMessage  `json:"new"` // null: it is not there any more
}

func adminChangeBodyOf(e registry.AdminEntry) adminChangeBody {
	return adminChangeBody{Number: e.Seq, At: e.At, Actor: e.Actor, Channel: e.Channel, Reason: e.Reason, Old: e.Old, New: e.New}
}

// History answers GET /people/{id}/history, as of a group.
func (h *Handlers) History(c *gin.Context) error {
	id, page, err := recordPage(c)
	if err != nil {
		return err
	}
	found, err := h.reg.HistoryPage(c.Request.Context(), actorOf(c), id, page.After, page.Limit)
	if err != nil {
		return err
	}
	return okList(c, found.Entries, changeBodyOf, found.Next)
}

// AdminHistory answers GET /history?subject=.
func (h *Handlers) AdminHistory(c *gin.Context) error {
	if err := onlyQuery(c, "subject", "after", "limit"); err != nil {
		return err
	}
	page, err := pageOf(c)
	if err != nil {
		return err
	}
	found, err := h.reg.AdminHistoryPage(c.Request.Context(), actorOf(c), c.Query("subject"), page.After, page.Limit)
	if err != nil {
		return err
	}
	return okList(c, found.Entries, adminChangeBodyOf, found.Next)
}

// recordPage reads a request for a page of something that one record has.
func recordPage(c *gin.Context) (uuid.UUID, pageQuery, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return uuid.Nil, pageQuery{}, err
	}
	if err := onlyQuery(c, "after", "limit"); err != nil {
		return uuid.Nil, pageQuery{}, err
	}
	page, err := pageOf(c)
	return id, page, err
}
