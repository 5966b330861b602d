// Package issuer turns attested registry data into verifiable credentials:
// offers, tokens, the issuing pipeline, withdrawal, and the status lists that
// tell it. issue.go shows the pipeline in order; sign.go is the one place where
// a credential is signed.
//
// It implements OpenID for Verifiable Credential Issuance 1.0 with the
// pre-authorized code grant, and issues two formats: ldp_vc (W3C VCDM 2.0 with
// eddsa-rdfc-2022, Bitstring Status List 1.0) and dc+sd-jwt (RFC 9901, SD-JWT
// VC, Token Status List).
//
// It does not know HTTP, and it does not decide what is true of a person: it
// reads what is attested now from package registry, and follows the registry's
// change log to withdraw what no longer is.
package issuer
