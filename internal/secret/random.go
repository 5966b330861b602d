package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// RandomID gives n random bytes as unpadded base64url. 16 bytes (128 bits) are
// the least for anything that must not be guessed.
func RandomID(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// RandomDigits gives n decimal digits, each equally likely.
func RandomDigits(n int) string {
	out := make([]byte, 0, n)
	buf := make([]byte, n)
	for len(out) < n {
		rand.Read(buf)
		for _, b := range buf {
			if b < 250 && len(out) < n { // 250 is a multiple of 10: no bias
				out = append(out, '0'+b%10)
			}
		}
	}
	return string(out)
}

// RandomText gives n characters, each equally likely, of an alphabet of 32 without
// those that are mistaken for one another: no I, L, O, U.
func RandomText(n int) string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // Crockford's base 32
	buf := make([]byte, n)
	rand.Read(buf)
	for i, b := range buf {
		buf[i] = alphabet[b%32]
	}
	return string(buf)
}

// Equal compares two secrets in constant time, whatever their lengths.
func Equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
