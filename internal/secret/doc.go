// Package secret holds the symmetric cryptography of the service: one master
// key, the keys derived from it by purpose (HKDF-SHA-256), sealing
// (AES-256-GCM), keyed hashes (HMAC-SHA-256), sealed tokens and random
// identifiers.
//
// It knows nothing of what it protects; the purposes are named by its callers.
// Signing keys are not here: see issuer/keys and internal/jose.
package secret
