package respond

import (
	"context"
	"errors"
	"net/http"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/issuer/oauth"
)

// retryAfter is what a client that was too eager, or came at a bad moment, is
// asked to wait (RFC 9110 §10.2.3).
const retryAfter = 30 * time.Second

// Failure is an error as one HTTP answer: everything in it may be shown.
type Failure struct {
	Status     int
	Kind       fault.Kind
	Code       string // stable, snake_case
	Detail     string // one sentence
	Fields     []fault.Field
	RequestID  string
	RetryAfter time.Duration // 0: no such header
	protocol   *oauth.Error  // set when the failure is one of the OAuth family
}

// kindShape is how one kind of fault looks in HTTP.
type kindShape struct {
	status int
	title  string // RFC 9457 §3.1.3: the same for every occurrence
}

// shapeOf is the one table from faults to HTTP.
func shapeOf(kind fault.Kind) kindShape {
	switch kind {
	case fault.Invalid:
		return kindShape{http.StatusUnprocessableEntity, "Some of the input is wrong"}
	case fault.Unauthenticated:
		return kindShape{http.StatusUnauthorized, "Sign in first"}
	case fault.Forbidden:
		return kindShape{http.StatusForbidden, "Not allowed"}
	case fault.NotFound:
		return kindShape{http.StatusNotFound, "Not found"}
	case fault.Conflict:
		return kindShape{http.StatusConflict, "It conflicts with what is there"}
	case fault.Gone:
		return kindShape{http.StatusGone, "It is over"}
	case fault.Limited:
		return kindShape{http.StatusTooManyRequests, "Too many tries"}
	case fault.TooLarge:
		return kindShape{http.StatusRequestEntityTooLarge, "Too large"}
	case fault.Unavailable:
		return kindShape{http.StatusServiceUnavailable, "Not available now"}
	default:
		return kindShape{http.StatusInternalServerError, "Internal error"}
	}
}

// requestError is a failure of the request itself, which no fault kind names.
type requestError struct {
	status int
	kind   fault.Kind
	code   string
	detail string
	err    error
}

func (e *requestError) Error() string {
	if e.err == nil {
		return e.code + ": " + e.detail
	}
	return e.code + ": " + e.err.Error()
}

func (e *requestError) Unwrap() error { return e.err }

// NoRoute is the error for a path that nothing answers.
func NoRoute() error {
	return &requestError{http.StatusNotFound, fault.NotFound, "not_found", "There is nothing at this address.", nil}
}

// NoMethod is the error for a method that the path does not take; the router
// has set Allow (RFC 9110 §15.5.6).
func NoMethod() error {
	return &requestError{http.StatusMethodNotAllowed, fault.Invalid, "method_not_allowed", "This address does not take that method.", nil}
}

// CrossSite is the error for a request that another site's page caused.
func CrossSite(err error) error {
	return &requestError{http.StatusForbidden, fault.Forbidden, "cross_site_request", "The request came from another site's page, so it was refused.", err}
}

func malformed(code, detail string, err error) error {
	return &requestError{http.StatusBadRequest, fault.Invalid, code, detail, err}
}

// classify finds the safe outside of err. What nobody classified is internal.
func classify(err error) Failure {
	var protocol *oauth.Error
	if errors.As(err, &protocol) {
		return ofProtocol(protocol)
	}
	var request *requestError
	if errors.As(err, &request) {
		return Failure{Status: request.status, Kind: request.kind, Code: request.code, Detail: request.detail}
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return ofKind(fault.TooLarge, "too_large", "The request is over the size limit.")
	}
	var f *fault.Error
	if errors.As(err, &f) && f.Kind != fault.Internal {
		out := ofKind(f.Kind, f.Code, f.Detail)
		out.Fields = f.Fields
		return out
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return ofKind(fault.Unavailable, "timed_out", "It took too long. Try again.")
	}
	return ofKind(fault.Internal, "internal_error", "Internal error.")
}

func ofKind(kind fault.Kind, code, detail string) Failure {
	f := Failure{Status: shapeOf(kind).status, Kind: kind, Code: code, Detail: detail}
	if kind == fault.Limited || kind == fault.Unavailable {
		f.RetryAfter = retryAfter
	}
	return f
}
