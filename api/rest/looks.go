package rest

import (
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

// lookBody is a day on which somebody of the staff read a record.
type lookBody struct {
	At      time.Time       `json:"at"`
	By      string          `json:"by,omitempty"` // the account; only staff are told
	Roles   []registry.Role `json:"roles"`
	Channel string          `json:"channel"`
	Purpose string          `json:"purpose,omitempty"`
}

func lookBodyOf(l registry.Look) lookBody {
	return lookBody{At: l.At, By: l.Name, Roles: l.Roles, Channel: string(l.Channel), Purpose: l.Purpose}
}

// Looks answers GET /people/{id}/looks, newest first.
func (h *Handlers) Looks(c *gin.Context) error {
	id, page, err := recordPage(c)
	if err != nil {
		return err
	}
	found, err := h.reg.Looks(c.Request.Context(), actorOf(c), id, page.After, page.Limit)
	if err != nil {
		return err
	}
	return okList(c, found.Looks, lookBodyOf, found.Next)
}
