// Package cwt makes and checks Status List Tokens in their CBOR form: a COSE_Sign1
// with the claims of a CBOR Web Token, for verifiers of mobile documents.
//
// It implements Token Status List (draft-ietf-oauth-status-list-20 §4.3, §5.2) over
// RFC 8392 and RFC 9052, with ES256 alone. The list itself is of package status. Who
// signed, and whether the token is still good, is asked in issuer/verify.
package cwt
