package fault

import "errors"

// Kind is the class of a failure: what its caller can do about it.
type Kind int

// The kinds. The zero value is Internal: whatever nobody classified is a
// defect of ours, and its words never reach a client.
const (
	Internal        Kind = iota // unknown; the client hears "internal error"
	Invalid                     // the input is wrong; Fields may say where
	Unauthenticated             // nobody is signed in, or the secret is wrong
	Forbidden                   // signed in, but not allowed
	NotFound                    // no such thing, or not for this caller
	Conflict                    // somebody else changed it, or it exists already
	Gone                        // it was there and is over: used, expired
	Limited                     // too many tries; come back later
	TooLarge                    // the input is over its size limit
	Unavailable                 // a part that we need is away; try again
)

// Kinds lists every kind in order, for tests that walk all of them.
func Kinds() []Kind {
	return []Kind{Internal, Invalid, Unauthenticated, Forbidden, NotFound, Conflict, Gone, Limited, TooLarge, Unavailable}
}

// Field points at one wrong member of the input.
type Field struct {
	Name   string // key of the field or column, never its value
	Code   string // stable, snake_case
	Detail string // words that are safe to show
}

// Error is a classified failure. Code and Detail are safe for a client; Err is
// for the log only.
type Error struct {
	Kind   Kind
	Code   string // stable, snake_case
	Detail string // one sentence without personal data
	Fields []Field
	Roles  []string // of a Forbidden: each would do; none: it is no matter of roles
	Err    error
}

// New makes a fault without a cause.
func New(kind Kind, code, detail string) *Error {
	return &Error{Kind: kind, Code: code, Detail: detail}
}

// Wrap makes a fault that keeps its cause for the log.
func Wrap(kind Kind, code, detail string, err error) *Error {
	return &Error{Kind: kind, Code: code, Detail: detail, Err: err}
}

// InvalidFields makes an Invalid fault that names the wrong fields.
func InvalidFields(code, detail string, fields []Field) *Error {
	return &Error{Kind: Invalid, Code: code, Detail: detail, Fields: fields}
}

// Error gives code and cause; it is meant for the log.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Code + ": " + e.Detail
	}
	return e.Code + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of the first fault in err's chain, Internal if there is
// none. KindOf(nil) is Internal too: ask only about errors.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// FieldsOf are the fields of the first fault in err's chain.
func FieldsOf(err error) []Field {
	var e *Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return nil
}

// RolesOf are the roles of the first fault in err's chain: each would do.
func RolesOf(err error) []string {
	var e *Error
	if errors.As(err, &e) {
		return e.Roles
	}
	return nil
}

// CodeOf is the code of the first fault in err's chain, or "internal_error".
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Kind != Internal {
		return e.Code
	}
	return "internal_error"
}
