package respond

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// JSON writes v as application/json. The answer is not stored by any cache
// unless the handler has set Cache-Control before.
func JSON(c *gin.Context, status int, v any) error {
	if c.Writer.Header().Get("Cache-Control") == "" {
		c.Header("Cache-Control", "no-store")
	}
	writeJSON(c, status, "application/json", v)
	return nil
}

// Doc is a public document that may be cached: metadata, a status list, a
// context. ETag is without quotes, "" for none.
type Doc struct {
	Body        []byte
	Gzip        []byte // the same, packed; nil: it is sent as it is
	ContentType string
	ETag        string
	MaxAge      time.Duration
}

// Document writes d, or 304 when the client has it (RFC 9110 §13.1.2).
func Document(c *gin.Context, d Doc) error {
	c.Header("Cache-Control", "public, max-age="+strconv.Itoa(int(d.MaxAge/time.Second)))
	if d.Gzip != nil {
		c.Writer.Header().Add("Vary", "Accept-Encoding")
		if takesGzip(c.GetHeader("Accept-Encoding")) {
			c.Header("Content-Encoding", "gzip")
			d.Body, d.ETag = d.Gzip, d.ETag+"-gzip" // another representation (RFC 9110 §8.8.3.3)
		}
	}
	if d.ETag != "" {
		tag := `"` + d.ETag + `"`
		c.Header("ETag", tag)
		if matches(c.GetHeader("If-None-Match"), tag) {
			c.Status(http.StatusNotModified)
			return nil
		}
	}
	c.Data(http.StatusOK, d.ContentType, d.Body)
	return nil
}

// takesGzip tells whether a client takes gzip (RFC 9110 §12.5.3): it is named, and
// not with the weight 0.
func takesGzip(accept string) bool {
	for item := range strings.SplitSeq(accept, ",") {
		name, weight, _ := strings.Cut(item, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			_, q, _ := strings.Cut(weight, "=")
			value, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
			return strings.TrimSpace(weight) == "" || err == nil && value > 0
		}
	}
	return false
}

// matches tells whether one of the listed entity tags is tag, by weak comparison.
func matches(list, tag string) bool {
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimPrefix(strings.TrimSpace(item), "W/")
		if item == tag || item == "*" {
			return true
		}
	}
	return false
}

// writeJSON encodes first, so that a value that cannot be encoded never becomes
// half an answer.
func writeJSON(c *gin.Context, status int, contentType string, v any) {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		Fail(c, plain, fmt.Errorf("encode answer: %w", err))
		return
	}
	c.Data(status, contentType, body.Bytes())
}

// plain renders a failure without any encoding that could fail again.
func plain(c *gin.Context, f Failure) {
	c.Data(f.Status, "text/plain; charset=utf-8", []byte(f.Code+"\n"))
}
