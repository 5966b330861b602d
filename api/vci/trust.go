package vci

import (
	"strconv"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/issuer"
)

// Trust serves what verifiers without network fetch ahead of time.
type Trust struct {
	issuers *issuer.Issuers
}

// NewTrust makes the handlers.
func NewTrust(s *issuer.Issuers) *Trust { return &Trust{s} }

// Bundle serves GET /.well-known/sr-trust-bundle.json: the signed trust bundle. With
// since it is a delta from the bundle of that number, or the whole where that one is not
// known any more; with shards=apart the status lists are fetched by their hashes.
func (t *Trust) Bundle(c *gin.Context) error {
	form := issuer.Form{Apart: c.Query("shards") == "apart"}
	if given := c.Query("since"); given != "" {
		since, err := strconv.ParseInt(given, 10, 64)
		if err != nil || since < 1 {
			return fault.New(fault.Invalid, "bad_number", "since is the number (seq) of a trust bundle.")
		}
		form.Since = since
	}
	doc, err := t.issuers.TrustBundle(c.Request.Context(), form)
	if err != nil {
		return err
	}
	return respond.Document(c, docOf(doc, doc.ContentType))
}

// Shard serves GET /.well-known/sr-trust-bundle/status/:digest: a status list of the
// newest bundle by the SHA-256 of its bytes.
func (t *Trust) Shard(c *gin.Context) error {
	doc, err := t.issuers.BundleShard(c.Request.Context(), c.Param("digest"))
	if err != nil {
		return err
	}
	return respond.Document(c, docOf(doc, doc.ContentType))
}
