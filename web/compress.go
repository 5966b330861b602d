package web

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// leastSquashed is the size below which compressing saves no packet.
const leastSquashed = 1024

// mostPadding is by how many bytes, at most, the length of a compressed page is blurred.
const mostPadding = 64

// write sends a page, compressed where that tells nobody anything: see
// docs/design/http.md.
func write(c *gin.Context, status int, contentType string, body []byte) {
	c.Writer.Header().Add("Vary", "Accept-Encoding")
	if len(body) >= leastSquashed && takesGzip(c.GetHeader("Accept-Encoding")) && mayCompress(c.Request) {
		if small, err := squashed(body, padding()); err == nil {
			c.Header("Content-Encoding", "gzip")
			body = small
		}
	}
	c.Data(status, contentType, body)
}

// mayCompress holds for pages that hold no secret shown once, which only answers
// to forms do, and whose address no other site chose.
func mayCompress(r *http.Request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return true
	case "":
		return r.URL.RawQuery == "" // an old browser: only the address could be another's
	}
	return false
}

// takesGzip reads Accept-Encoding (RFC 9110 §12.5.3).
func takesGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name = strings.TrimSpace(name); !strings.EqualFold(name, "gzip") && name != "*" {
			continue
		}
		weight = strings.ReplaceAll(weight, " ", "")
		return weight != "q=0" && !strings.HasPrefix(weight, "q=0.000") && weight != "q=0.0" && weight != "q=0.00"
	}
	return false
}

// squashed is body in gzip, with extra in its header, which readers skip (RFC 1952 §2.3.1).
func squashed(body, extra []byte) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Extra = extra
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// padding has a length that nobody can foretell.
func padding() []byte {
	var b [mostPadding + 1]byte
	_, _ = rand.Read(b[:]) // it never fails
	return b[1 : 1+int(b[0])%mostPadding]
}
