// Package oid4vci holds the messages of OpenID for Verifiable Credential
// Issuance 1.0 (Final, September 2025) as far as the issuer speaks them: the
// credential offer (§4.1), issuer metadata (§12.2), the nonce response (§7.2),
// the credential request, response and errors (§8), and the check of a wallet's
// proof of possession of type jwt (appendix F.1 and F.4).
//
// It is pure: no HTTP handler, no database, no clock. It does not decide what
// is issued, and does not know whether a nonce or a code is one of ours.
package oid4vci
