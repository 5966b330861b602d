package vci

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
)

// Push serves POST /oid4vci/par (RFC 9126 §2).
func (h *Handlers) Push(c *gin.Context) error {
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	pushed, err := h.issuer.Push(c.Request.Context(), h.call(c), form)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-cache, no-store") // RFC 9126 §2.2
	return respond.JSON(c, http.StatusCreated, pushed)
}

// Revoke serves POST /oid4vci/revoke (RFC 7009 §2).
func (h *Handlers) Revoke(c *gin.Context) error {
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	if err := h.issuer.RevokeToken(c.Request.Context(), h.call(c), form); err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	c.Status(http.StatusOK) // §2.2: also for a token that is none
	return nil
}
