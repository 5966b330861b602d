package vci

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/issuer"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/oid4vci"
)

// Offer serves GET /oid4vci/offers/:id, an offer by reference (OID4VCI 1.0
// §4.1.3). Unknown and finished offers look the same.
func (h *Handlers) Offer(c *gin.Context) error {
	doc, err := h.issuer.OfferDocument(c.Request.Context(), c.Param("id"))
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	c.Data(http.StatusOK, mediaJSON, doc)
	return nil
}

// Token serves POST /oid4vci/token (OID4VCI 1.0 §6).
func (h *Handlers) Token(c *gin.Context) error {
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	token, err := h.issuer.Token(c.Request.Context(), h.call(c), form)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store") // RFC 6749 §5.1
	return respond.JSON(c, http.StatusOK, token)
}

// Nonce serves POST /oid4vci/nonce (OID4VCI 1.0 §7): no body, no token.
func (h *Handlers) Nonce(c *gin.Context) error {
	nonce, err := h.issuer.Nonce(c.Request.Context())
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store") // §7.2
	return respond.JSON(c, http.StatusOK, nonce)
}

// Credential serves POST /oid4vci/credential (OID4VCI 1.0 §8). The access token
// is read from the Authorization header alone.
func (h *Handlers) Credential(c *gin.Context) error {
	return h.issue(c, h.issuer.Credential)
}

// Deferred serves POST /oid4vci/deferred (OID4VCI 1.0 §9).
func (h *Handlers) Deferred(c *gin.Context) error {
	return h.issue(c, h.issuer.Deferred)
}

// Notification serves POST /oid4vci/notification (OID4VCI 1.0 §11).
func (h *Handlers) Notification(c *gin.Context) error {
	body, err := protectedBody(c, mediaJSON)
	if err != nil {
		return err
	}
	if err := h.issuer.Notification(c.Request.Context(), h.call(c), body); err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	c.Status(http.StatusNoContent) // §11.2
	return nil
}

// protectedBody reads the body of a request that needs an access token. Who sends
// none is told that first, whatever the body is (RFC 6750 §3.1).
func protectedBody(c *gin.Context, types ...string) ([]byte, error) {
	if c.GetHeader("Authorization") == "" {
		return nil, oauth.NoToken()
	}
	return respond.Body(c, types...)
}

// issue serves an endpoint that answers with credentials.
func (h *Handlers) issue(c *gin.Context, ask func(context.Context, oauth.Call, string, []byte) (issuer.Answer, error)) error {
	body, err := protectedBody(c, mediaJSON, oid4vci.MediaJWT)
	if err != nil {
		return err
	}
	answer, err := ask(c.Request.Context(), h.call(c), c.ContentType(), body)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store") // §8.3
	status := http.StatusOK
	if answer.Deferred() {
		status = http.StatusAccepted // §8.3
	}
	if answer.JWE != "" {
		c.Data(status, oid4vci.MediaJWT, []byte(answer.JWE)) // §10
		return nil
	}
	return respond.JSON(c, status, answer.CredentialResponse)
}
