// Package mdoc makes and reads the issuer-signed part of mobile documents, as
// OID4VCI 1.0 appendix A.2 issues them: IssuerSigned with its mobile security
// object.
//
// It implements ISO/IEC 18013-5:2021 §8.3.2.1.2.2 and §9.1.2 for one key per
// document and ES256, with SHA-256 digests, and the status reference of Token
// Status List §6. It knows no readers, sessions or device signatures, and no
// trust: whether a chain leads to a root that counts is asked in issuer/verify.
// It reads CBOR and COSE by their libraries, within bounds of its own.
package mdoc
