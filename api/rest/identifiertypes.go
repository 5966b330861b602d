package rest

import (
	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

const identifierTypesPath = "/api/v1/identifier-types"

// identifierTypeBody is the body of a write of a type.
type identifierTypeBody struct {
	registry.IdentifierType
	Reason string `json:"reason"`
}

// IdentifierTypes answers GET /identifier-types.
func (h *Handlers) IdentifierTypes(c *gin.Context) error {
	types, err := h.reg.IdentifierTypes(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	return okList(c, types, func(t registry.IdentifierType) registry.IdentifierType { return t }, "")
}

// DefineIdentifierType answers POST /identifier-types.
func (h *Handlers) DefineIdentifierType(c *gin.Context) error {
	body := identifierTypeBody{IdentifierType: registry.IdentifierType{Active: true}}
	if err := decode(c, &body); err != nil {
		return err
	}
	t, err := h.reg.DefineIdentifierType(c.Request.Context(), actorOf(c), body.IdentifierType, body.Reason)
	if err != nil {
		return err
	}
	setETag(c, t.Version)
	return created(c, identifierTypesPath+"/"+t.Key, t)
}

// IdentifierType answers GET /identifier-types/{key}.
func (h *Handlers) IdentifierType(c *gin.Context) error {
	t, err := h.reg.IdentifierType(c.Request.Context(), actorOf(c), c.Param("key"))
	if err != nil {
		return err
	}
	setETag(c, t.Version)
	return ok(c, t)
}

// ChangeIdentifierType answers PUT /identifier-types/{key}: If-Match is the
// version that is replaced.
func (h *Handlers) ChangeIdentifierType(c *gin.Context) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	body := identifierTypeBody{IdentifierType: registry.IdentifierType{Active: true}}
	if err := decode(c, &body); err != nil {
		return err
	}
	body.Key, body.Version = c.Param("key"), version
	t, err := h.reg.ChangeIdentifierType(c.Request.Context(), actorOf(c), body.IdentifierType, body.Reason)
	if err != nil {
		return err
	}
	setETag(c, t.Version)
	return ok(c, t)
}
