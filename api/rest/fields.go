package rest

import (
	"cmp"

	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

// Fields answers GET /fields?kind=.
func (h *Handlers) Fields(c *gin.Context) error {
	if err := onlyQuery(c, "kind"); err != nil {
		return err
	}
	fields, err := h.reg.FieldsOf(c.Request.Context(), cmp.Or(c.Query("kind"), registry.PersonKind))
	if err != nil {
		return err
	}
	return okList(c, fields, func(f registry.Field) registry.Field { return f }, "")
}
