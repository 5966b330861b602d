// Package oauth holds the OAuth 2.0 vocabulary of the issuer: protocol errors
// (RFC 6749 §5.2, RFC 6750 §3.1), the token request and response with the
// pre-authorized code grant (OID4VCI 1.0 §6), authorization server metadata
// (RFC 8414), and the bearer token of a request (RFC 6750 §2.1).
//
// It is pure: no HTTP handler, no database, no clock, no secret. Whether a code
// is good is the issuer's business; here it is only parsed.
package oauth
