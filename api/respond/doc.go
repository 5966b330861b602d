// Package respond turns what handlers return into HTTP: one adapter (Handle),
// the readers of request bodies (BindJSON, Form, Body), the writers of answers
// (JSON, Document) and one renderer of failures per audience (Problem for
// RFC 9457 clients, OAuth for wallets, Page for people).
//
// It is the only package that knows which HTTP status a fault has. Causes never
// leave it: an unknown error is "internal error" with a request id, and the
// cause goes to the log, once. It decides nothing about who may do what.
package respond
