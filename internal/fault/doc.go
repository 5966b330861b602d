// Package fault holds the one error type that registry and issuer return.
//
// A fault says what kind of failure a caller must act on, and in which safe
// words it may be told to a client. The cause stays inside for the log. How a
// kind becomes an HTTP status is decided in api/respond alone.
package fault
