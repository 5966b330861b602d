package respond

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// problem is RFC 9457 §3.1, with the extension members code, request_id and
// errors.
type problem struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail,omitempty"`
	Code      string         `json:"code"`
	RequestID string         `json:"request_id,omitempty"`
	Errors    []problemField `json:"errors,omitempty"`
}

type problemField struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Problem renders a failure as application/problem+json. Its type is a relative
// reference under /problems (RFC 9457 §3.1.1 allows it) that ends in the code.
func Problem(c *gin.Context, f Failure) {
	body := problem{
		Type: "/problems/" + f.Code, Title: title(f), Status: f.Status,
		Detail: f.Detail, Code: f.Code, RequestID: f.RequestID,
	}
	for _, field := range f.Fields {
		body.Errors = append(body.Errors, problemField{field.Name, field.Code, field.Detail})
	}
	if f.Status == http.StatusUnauthorized || f.Code == "insufficient_scope" {
		c.Header("WWW-Authenticate", challenge(f)) // RFC 9110 §15.5.2: a 401 has a challenge
	}
	writeJSON(c, f.Status, "application/problem+json", body)
}

// challenge is RFC 6750 §3: the error is named only to whoever sent a token.
func challenge(f Failure) string {
	switch f.Code {
	case "invalid_token", "insufficient_scope":
		return `Bearer error="` + f.Code + `"`
	}
	return "Bearer"
}

// title is that of the fault's kind. A status that a protocol has fixed, and
// that the kind does not have, goes by its own name.
func title(f Failure) string {
	if shape := shapeOf(f.Kind); shape.status == f.Status {
		return shape.title
	}
	return http.StatusText(f.Status)
}

// Page renders a failure for people: show gets what may be shown and writes the
// page. It is handed in by web, which knows the templates and the language.
func Page(show func(c *gin.Context, status int, code, detail, requestID string)) Renderer {
	return func(c *gin.Context, f Failure) { show(c, f.Status, f.Code, f.Detail, f.RequestID) }
}
