// Package claim169 makes and reads the code on paper: identity data in a CBOR Web
// Token (claim 169 of the IANA registry), signed as COSE_Sign1, compressed, and
// written as text that a QR code holds well.
//
// It implements the MOSIP QR specification 1.2.0 over RFC 8392, RFC 9052, RFC 1950
// and RFC 9285, and the status claim of Token Status List §6.3. It writes by the
// specification, or as Inji Certify does; it reads both and what else is in the
// field, at bounded cost. It encrypts and decrypts nothing, fetches nothing, and
// knows no trust: which key counts is asked in issuer/verify.
package claim169
