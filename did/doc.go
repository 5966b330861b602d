// Package did knows decentralized identifiers as the issuer meets them (DID
// Core 1.0): it parses DID URLs strictly, finds the public key that one names
// (did:key, did:jwk, and did:web on listed hosts), writes keys as did:key, and
// writes the issuer's own did:web document.
//
// Resolution itself is done by aries behind did/ariesvdr. Only P-256 and
// Ed25519 keys are known. Nothing is cached.
package did
