// Package api is the HTTP face of the service: routes.go and routes_rest.go list every
// address, the other files are what all of them share (middleware, limits,
// health, metrics, the OpenAPI description).
//
// It decides nothing about people or credentials: handlers live in api/rest,
// api/vci and web, and call registry and issuer. No address is ever taken from a Host or
// Forwarded header; URLs are made from the public URL of the settings.
package api
