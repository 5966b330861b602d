package vci

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/issuer"
	"socialregistry/issuer/oauth"
)

// TokenStatusList serves GET /status/token/:id (Token Status List §8.1). A JWT
// is the only form that there is, whatever Accept says (RFC 9110 §12.5.1).
func (h *Handlers) TokenStatusList(c *gin.Context) error {
	if c.Query("time") != "" { // §8.4: not supported is 501
		return oauth.NewError("not_supported", "Lists of another time are not kept.", http.StatusNotImplemented)
	}
	list, err := h.issuer.StatusList(c.Request.Context(), issuer.TokenList, c.Param("id"))
	if err != nil {
		return err
	}
	return respond.Document(c, docOf(list, list.ContentType))
}

// BitstringStatusList serves GET /status/bitstring/:id (Bitstring Status List
// 1.0 §3). The body is one JSON-LD document under each of its media types.
func (h *Handlers) BitstringStatusList(c *gin.Context) error {
	list, err := h.issuer.StatusList(c.Request.Context(), issuer.BitstringList, c.Param("id"))
	if err != nil {
		return err
	}
	c.Header("Vary", "Accept")
	contentType := c.NegotiateFormat(list.ContentType, mediaJSONLD, mediaJSON)
	if contentType == "" {
		contentType = list.ContentType
	}
	return respond.Document(c, docOf(list, contentType))
}

func docOf(list issuer.StatusDocument, contentType string) respond.Doc {
	return respond.Doc{Body: list.Body, ContentType: contentType, ETag: list.ETag, MaxAge: list.MaxAge}
}
