package respond

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/internal/fault"
)

// statusClosed is written to the access log when the client went away before
// the answer; no client ever sees it.
const statusClosed = 499

const (
	requestIDKey = "respond.request_id"
	logKey       = "respond.log"
	rolesKey     = "respond.roles"
)

// Renderer writes one failure in the format that a group of routes speaks.
type Renderer func(c *gin.Context, f Failure)

// Begin is the first middleware: it gives the request its id, which is also the
// X-Request-Id header of the answer, and the logger that failures go to.
func Begin(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		id := rand.Text()
		c.Set(requestIDKey, id)
		c.Set(logKey, log)
		c.Header("X-Request-Id", id)
		c.Next()
	}
}

// RequestID is the id that Begin gave to the request, "" without Begin.
func RequestID(c *gin.Context) string { return c.GetString(requestIDKey) }

// Handle makes a gin handler of h. An error or a panic of h is rendered by
// render; nothing is rendered for a client that has gone away.
func Handle(render Renderer, h func(*gin.Context) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := guarded(h, c); err != nil {
			Fail(c, render, err)
		}
	}
}

// Fail ends the request with err: for middleware, which has no Handle around it.
func Fail(c *gin.Context, render Renderer, err error) {
	c.Abort()
	if errors.Is(err, context.Canceled) && c.Request.Context().Err() != nil {
		c.Status(statusClosed)
		return
	}
	f := classify(err)
	if f.Code == "version_conflict" && c.GetHeader("If-Match") != "" {
		f.Status = http.StatusPreconditionFailed // RFC 9110 §13.1.1
	}
	f.RequestID = RequestID(c)
	// Only our own trouble: any client can have a 501 by asking for one.
	if f.Status == http.StatusInternalServerError || f.Status == http.StatusServiceUnavailable {
		logFailure(c, f, err)
	}
	if c.Writer.Written() {
		return // half an answer is out already: nothing can be added to it
	}
	c.Set(rolesKey, fault.RolesOf(err))
	c.Header("Cache-Control", "no-store")
	if f.RetryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
	}
	render(c, f)
}

// Roles are those of the fault that ended the request: each would have done.
func Roles(c *gin.Context) []string {
	value, _ := c.Get(rolesKey)
	roles, _ := value.([]string)
	return roles
}

// Note logs an error that does not change the answer.
func Note(c *gin.Context, err error) {
	f := classify(err)
	f.RequestID = RequestID(c)
	logFailure(c, f, err)
}

func logFailure(c *gin.Context, f Failure, err error) {
	value, _ := c.Get(logKey)
	log, ok := value.(*slog.Logger)
	if !ok {
		return // no Begin around it
	}
	attrs := []slog.Attr{
		slog.String("code", f.Code), slog.Int("status", f.Status), slog.String("request_id", f.RequestID),
		slog.String("method", c.Request.Method), slog.String("route", c.FullPath()), slog.String("error", err.Error()),
	}
	var p *panicError
	if errors.As(err, &p) {
		attrs = append(attrs, slog.String("stack", p.stack))
	}
	log.LogAttrs(c.Request.Context(), slog.LevelError, "request failed", attrs...)
}

// panicError is a panic of a handler, caught.
type panicError struct {
	what  string
	stack string
}

func (e *panicError) Error() string { return "panic: " + e.what }

// guarded runs h and makes an error of its panic. The value of a panic may hold
// anything, so only those of the runtime are told in words.
func guarded(h func(*gin.Context) error, c *gin.Context) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case runtime.Error:
			err = &panicError{v.Error(), string(debug.Stack())}
		default:
			if v == http.ErrAbortHandler {
				panic(v) // net/http's own way to cut a connection
			}
			err = &panicError{fmt.Sprintf("a value of type %T", v), string(debug.Stack())}
		}
	}()
	return h(c)
}

// Recover is the last net, for panics of middleware.
func Recover(render Renderer) gin.HandlerFunc {
	return func(c *gin.Context) {
		err := guarded(func(c *gin.Context) error { c.Next(); return nil }, c)
		if err != nil {
			Fail(c, render, err)
		}
	}
}
