// Package dataintegrity puts W3C Data Integrity proofs on JSON-LD documents and
// checks them: DataIntegrityProof with the cryptosuite eddsa-rdfc-2022 or
// ecdsa-rdfc-2019 (P-256), for assertions, one proof per document. The key
// decides the suite.
//
// It implements Verifiable Credential Data Integrity 1.0, Data Integrity EdDSA
// Cryptosuites 1.0 §3.2 and Data Integrity ECDSA Cryptosuites 1.0 §3.2 (W3C
// Recommendations of 15 May 2025), of the latter P-256 with SHA-256 and not
// P-384. It answers whether a key signed a document; whether that key is the issuer's, or the document a
// credential in date, is asked in issuer/verify.
package dataintegrity
