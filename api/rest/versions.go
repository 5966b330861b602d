package rest

import (
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

// versionBody is one version of a record; Values and Times are absent in lists.
type versionBody struct {
	Number  int               `json:"number"`
	Label   string            `json:"label,omitempty"`
	Default bool              `json:"default"`
	Author  string            `json:"author"`
	Channel registry.Channel  `json:"channel"`
	Reason  string            `json:"reason"`
	At      time.Time         `json:"at"`
	Values  map[string]string `json:"values,omitempty"`
	Times   map[string]times  `json:"times,omitempty"`
}

func versionBodyOf(v registry.Version, defaultNo int) versionBody {
	out := versionBody{Number: v.No, Label: v.Label, Default: v.No == defaultNo, Author: v.Author, Channel: v.Channel, Reason: v.Reason, At: v.At}
	out.Values, out.Times = splitValues(v.Values)
	return out
}

// Versions answers GET /people/{id}/versions, as of a group.
func (h *Handlers) Versions(c *gin.Context) error {
	id, page, err := recordPage(c)
	if err != nil {
		return err
	}
	found, err := h.reg.VersionPage(c.Request.Context(), actorOf(c), id, page.After, page.Limit)
	if err != nil {
		return err
	}
	return okList(c, found.Versions, func(v registry.Version) versionBody { return versionBodyOf(v, found.DefaultNo) }, found.Next)
}

// Version answers GET /people/{id}/versions/{number}, as of a group.
func (h *Handlers) Version(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	number, err := pathNumber(c, "number")
	if err != nil {
		return err
	}
	current, err := h.reg.CurrentVersion(c.Request.Context(), actorOf(c), id)
	if err != nil {
		return err
	}
	v, err := h.reg.Version(c.Request.Context(), actorOf(c), id, number)
	if err != nil {
		return err
	}
	return ok(c, versionBodyOf(v, current))
}
