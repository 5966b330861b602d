package rest

import (
	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

// queuesBody is how many people wait in each queue. Beyond cap a queue is not
// counted.
type queuesBody struct {
	Counts map[registry.Queue]int `json:"counts"`
	Cap    int                    `json:"cap"`
}

// Queues answers GET /queues.
func (h *Handlers) Queues(c *gin.Context) error {
	if err := onlyQuery(c); err != nil {
		return err
	}
	counts, err := h.reg.QueueCounts(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	return ok(c, queuesBody{Counts: counts, Cap: registry.QueueCap})
}

// Queue answers GET /queues/{queue}.
func (h *Handlers) Queue(c *gin.Context) error {
	page, err := pageOf(c)
	if err != nil {
		return err
	}
	if err := onlyQuery(c, "after", "limit"); err != nil {
		return err
	}
	found, err := h.reg.QueuePage(c.Request.Context(), actorOf(c), registry.Queue(c.Param("queue")), page.After, page.Limit)
	if err != nil {
		return err
	}
	return okList(c, found.People, personBodyOf, found.Next)
}
