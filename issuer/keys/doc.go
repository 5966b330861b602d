// Package keys holds the issuer's signing keys in memory: making them, wrapping
// them for storage, checking them when they are loaded, and the ring that says
// which one signs now. Keys are ES256 (P-256) and EdDSA (Ed25519) behind
// crypto.Signer; a key's id is its RFC 7638 thumbprint.
//
// It is pure: no database, no clock. Where wrapped keys are kept and when a new
// one is due is the issuer's business.
package keys
