package respond

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/internal/fault"
)

// IfMatch gives the entity tag of the If-Match header without its quotes, for a
// write that must say which state it was made from (RFC 9110 §13.1.1). A weak
// tag, a list or something else than a tag gives "", which matches nothing. A
// fault version_conflict of such a request is answered 412. Error: 428
// precondition_required without the header, or for a star, which would match
// whatever is there (RFC 6585 §3).
func IfMatch(c *gin.Context) (string, error) {
	header := strings.TrimSpace(c.GetHeader("If-Match"))
	if header == "" || header == "*" {
		return "", &requestError{http.StatusPreconditionRequired, fault.Invalid, "precondition_required",
			"Say in If-Match which version you have seen: the ETag of the answer that showed it.", nil}
	}
	tag, isOpen := strings.CutPrefix(header, `"`)
	tag, isClosed := strings.CutSuffix(tag, `"`)
	if !isOpen || !isClosed || strings.ContainsAny(tag, `",`) {
		return "", nil
	}
	return tag, nil
}
