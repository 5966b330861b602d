package vci

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/issuer"
)

// describedFor is how long a client may keep a document that describes the
// issuer: short enough for a new key to be seen soon.
const describedFor = 5 * time.Minute

// Handlers are the endpoints of one issuer.
type Handlers struct {
	issuer *issuer.Issuer
}

// New makes the handlers.
func New(i *issuer.Issuer) *Handlers { return &Handlers{issuer: i} }

// describe writes a public document as JSON of the given media type.
func describe(c *gin.Context, contentType string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode document: %w", err)
	}
	return publish(c, contentType, body)
}

func publish(c *gin.Context, contentType string, body []byte) error {
	sum := sha256.Sum256(body)
	return respond.Document(c, respond.Doc{Body: body, ContentType: contentType,
		ETag: base64.RawURLEncoding.EncodeToString(sum[:16]), MaxAge: describedFor})
}
