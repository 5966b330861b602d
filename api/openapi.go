package api

import (
	"crypto/sha256"
	_ "embed" // openapi.yaml
	"encoding/hex"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
)

//go:embed openapi.yaml
var openAPI []byte

// describe serves the OpenAPI description of every address that is not a page.
func (s *server) describe(c *gin.Context) error {
	sum := sha256.Sum256(openAPI)
	return respond.Document(c, respond.Doc{
		Body: openAPI, ContentType: "application/yaml", ETag: hex.EncodeToString(sum[:8]), MaxAge: time.Hour,
	})
}
