package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const (
	maxKeyLength = 255 // bytes of an Idempotency-Key

	workTime  = time.Minute     // for a request that outlives its client
	closeTime = 5 * time.Second // to keep its answer
)

// keptAnswer is an answer as the registry keeps it for a repeat.
type keptAnswer struct {
	Status int
	Header map[string]string
	Body   []byte
}

// Once is next, a handler that creates something, for requests that may carry an
// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a repeat gets the
// first answer again, marked Idempotency-Replayed. A request that fails frees its
// key. Errors: Invalid "bad_idempotency_key", and those of respond.AnyBody and
// registry.ClaimKey.
func (h *Handlers) Once(next func(*gin.Context) error) func(*gin.Context) error {
	return func(c *gin.Context) error {
		key, err := idempotencyKey(c)
		switch {
		case err != nil:
			return err
		case key == "":
			return next(c)
		}
		body, err := respond.AnyBody(c)
		if err != nil {
			return err
		}
		c.Request.Body = io.NopCloser(bytes.NewReader(body))
		claim, kept, err := h.reg.ClaimKey(c.Request.Context(), actorOf(c), key,
			[]byte(c.Request.Method), []byte(c.Request.URL.RequestURI()), []byte(c.ContentType()), body)
		if err != nil {
			return err
		}
		if kept != nil {
			return replay(c, kept)
		}
		return h.first(c, claim, next)
	}
}

// first runs next under a claim, keeps its answer, and only then sends it: a
// client that has an answer can count on it. What has begun goes on to its end
// when the client goes away.
func (h *Handlers) first(c *gin.Context, claim registry.Claim, next func(*gin.Context) error) error {
	request, kept := c.Request, false
	lasting := context.WithoutCancel(request.Context())
	work, stop := context.WithTimeout(claim.Context(lasting), workTime)
	held := &heldAnswer{ResponseWriter: c.Writer, status: http.StatusOK}
	c.Writer, c.Request = held, request.WithContext(work)
	defer func() { // also after a panic, which respond.Handle tells of
		stop()
		c.Writer, c.Request = held.ResponseWriter, request
		if !kept {
			h.closing(c, lasting, func(ctx context.Context) error { return h.reg.FreeKey(ctx, claim) })
		}
	}()
	if err := next(c); err != nil {
		return err
	}
	if kept = held.status < http.StatusBadRequest; kept {
		h.closing(c, lasting, func(ctx context.Context) error { return h.keep(ctx, claim, held) })
	}
	held.send()
	return nil
}

// closing does what is left once a request was carried out or refused. If that
// fails, the answer is still true: the failure is only logged.
func (h *Handlers) closing(c *gin.Context, ctx context.Context, f func(context.Context) error) {
	ctx, stop := context.WithTimeout(ctx, closeTime)
	defer stop()
	if err := f(ctx); err != nil {
		respond.Note(c, err)
	}
}

func (h *Handlers) keep(ctx context.Context, claim registry.Claim, a *heldAnswer) error {
	kept := keptAnswer{Status: a.status, Header: map[string]string{}, Body: a.body.Bytes()}
	for _, name := range []string{"Content-Type", "Location", "ETag"} {
		if value := a.Header().Get(name); value != "" {
			kept.Header[name] = value
		}
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}
	return h.reg.KeepAnswer(ctx, claim, text)
}

// replay sends a kept answer.
func replay(c *gin.Context, text []byte) error {
	var kept keptAnswer
	if err := json.Unmarshal(text, &kept); err != nil {
		return fmt.Errorf("read a kept answer: %w", err)
	}
	for name, value := range kept.Header {
		c.Header(name, value)
	}
	c.Header("Idempotency-Replayed", "true")
	c.Data(kept.Status, kept.Header["Content-Type"], kept.Body)
	return nil
}

// idempotencyKey reads the header: a string in quotes (RFC 9651 §3.3.3), or, as
// many clients send it, the bare characters. "" without the header.
func idempotencyKey(c *gin.Context) (string, error) {
	values := c.Request.Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return "", nil
	}
	key := values[0]
	if quoted, ok := strings.CutPrefix(key, `"`); ok {
		if key, ok = strings.CutSuffix(quoted, `"`); !ok {
			key = ""
		}
	}
	bad := strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' || r == ',' })
	if key == "" || len(key) > maxKeyLength || bad || len(values) > 1 {
		return "", fault.New(fault.Invalid, "bad_idempotency_key", "Idempotency-Key is one string of 1 to 255 visible characters, without quotes, backslashes and commas inside.")
	}
	return key, nil
}

// heldAnswer takes an answer in without sending it.
type heldAnswer struct {
	gin.ResponseWriter
	status int
	body   bytes.Buffer
}

// Write, WriteString, WriteHeader and WriteHeaderNow hold what they are given.
func (a *heldAnswer) Write(b []byte) (int, error)       { return a.body.Write(b) }
func (a *heldAnswer) WriteString(s string) (int, error) { return a.body.WriteString(s) }
func (a *heldAnswer) WriteHeader(status int)            { a.status = status }
func (a *heldAnswer) WriteHeaderNow()                   {}

// Status, Size and Written tell of what is held.
func (a *heldAnswer) Status() int   { return a.status }
func (a *heldAnswer) Size() int     { return a.body.Len() }
func (a *heldAnswer) Written() bool { return a.body.Len() > 0 }

// send lets the answer go.
func (a *heldAnswer) send() {
	a.ResponseWriter.WriteHeader(a.status)
	_, _ = a.ResponseWriter.Write(a.body.Bytes()) // a client that went away asks again
}
