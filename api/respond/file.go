package respond

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
)

// File is bytes for the client to keep.
type File struct {
	Name        string // as shown to people; no path
	ContentType string
	Size        int64 // bytes; less than 0: unknown
	Body        io.Reader
}

// Attachment sends a file that a browser keeps and never shows: should it be shown
// all the same, it runs no script and is of no origin (CSP sandbox), and it is of
// no other type than it is said to be. A file that breaks off while it is sent
// is an answer that the client sees to be cut.
func Attachment(c *gin.Context, f File) error {
	c.Header("Content-Type", f.ContentType)
	c.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	c.Header("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	c.Header("X-Content-Type-Options", "nosniff")
	if f.Size >= 0 {
		c.Header("Content-Length", strconv.FormatInt(f.Size, 10))
	}
	c.Status(http.StatusOK)
	if _, err := io.Copy(c.Writer, f.Body); err != nil {
		return fmt.Errorf("send a file: %w", err)
	}
	return nil
}
