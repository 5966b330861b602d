// Package auth finds out who is calling: it reads the session cookie, puts the
// registry.Actor into the request's context, and holds the rules of the cookie.
//
// What an actor may do with a record is not decided here but in registry and
// issuer. Require only keeps whole groups of routes to roles.
package auth
