package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// The lengths of a code verifier (RFC 7636 §4.1).
const minVerifier, maxVerifier = 43, 128

// VerifyS256 says whether a verifier is the one behind an S256 challenge (RFC
// 7636 §4.6), in constant time.
func VerifyS256(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	got := base64.RawURLEncoding.EncodeToString(sum[:])
	return unreserved(verifier, minVerifier, maxVerifier) && subtle.ConstantTimeCompare([]byte(got), []byte(challenge)) == 1
}
