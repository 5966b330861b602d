// Package vci is the HTTP face of the issuer: the endpoints of OpenID for
// Verifiable Credential Issuance 1.0 (offer, token, nonce, credential), the
// documents that describe the issuer and its keys, status lists, type metadata,
// and the JSON-LD context of our credentials.
//
// A handler binds, calls package issuer and responds. What is allowed and what
// is issued is decided there; limits, CORS and error bodies belong to package
// api and api/respond.
package vci
