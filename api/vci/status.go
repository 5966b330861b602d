package vci

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/issuer"
	"socialregistry/issuer/oauth"
	"socialregistry/issuer/status"
)

// The media types of a Status List Token (Token Status List §8.1).
const (
	mediaListJWT = "application/statuslist+jwt"
	mediaListCWT = "application/statuslist+cwt"
)

// TokenStatusList serves GET /status/token/:id (Token Status List §8.1): a JWT, or a
// CWT for whoever asks for that first. Whoever asks for neither gets the JWT (RFC 9110
// §12.5.1).
func (h *Handlers) TokenStatusList(c *gin.Context) error {
	if c.Query("time") != "" { // §8.4: not supported is 501
		return oauth.NewError("not_supported", "Lists of another time are not kept.", http.StatusNotImplemented)
	}
	c.Writer.Header().Add("Vary", "Accept")
	list, err := h.tokenList(c)
	if err != nil {
		return err
	}
	return respond.Document(c, docOf(list, list.ContentType))
}

func (h *Handlers) tokenList(c *gin.Context) (issuer.StatusDocument, error) {
	if c.NegotiateFormat(mediaListJWT, mediaListCWT) == mediaListCWT {
		return h.issuer.TokenStatusListCWT(c.Request.Context(), c.Param("id"))
	}
	return h.issuer.StatusList(c.Request.Context(), issuer.TokenList, c.Param("id"))
}

// StatusAggregation serves GET /status/aggregation (Token Status List §9).
func (h *Handlers) StatusAggregation(c *gin.Context) error {
	body, err := h.issuer.StatusAggregation(c.Request.Context())
	if err != nil {
		return err
	}
	return publish(c, mediaJSON, body)
}

// BitstringStatusList serves GET /status/bitstring/:id, the list of purpose
// revocation, and /status/bitstring/:id/:purpose (Bitstring Status List 1.0 §3).
// The body is one JSON-LD document under each of its media types.
func (h *Handlers) BitstringStatusList(c *gin.Context) error {
	purpose := c.Param("purpose")
	if purpose == "" {
		purpose = status.Revocation
	}
	list, err := h.issuer.BitstringStatusList(c.Request.Context(), c.Param("id"), purpose)
	if err != nil {
		return err
	}
	c.Writer.Header().Add("Vary", "Accept")
	contentType := c.NegotiateFormat(list.ContentType, mediaJSONLD, mediaJSON)
	if contentType == "" {
		contentType = list.ContentType
	}
	return respond.Document(c, docOf(list, contentType))
}

func docOf(list issuer.StatusDocument, contentType string) respond.Doc {
	return respond.Doc{Body: list.Body, Gzip: list.Gzip, ContentType: contentType, ETag: list.ETag, MaxAge: list.MaxAge}
}
