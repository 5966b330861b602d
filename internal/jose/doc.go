// Package jose signs and verifies compact JSON Web Signatures, makes and opens
// compact JSON Web Encryptions, and reads public keys in their JSON form.
//
// It implements the part of RFC 7515 (JWS), RFC 7516 (JWE), RFC 7517 (JWK),
// RFC 7518 (ES256, ECDH-ES, AES-GCM), RFC 8037 (EdDSA with Ed25519) and RFC 7638
// (thumbprint) that this service needs, and nothing looser: the caller names the algorithms it takes, the
// algorithm must fit the key, and no key is ever taken from a token's header.
// It knows no claims, no times and no issuers. It is the only importer of jwx.
package jose
