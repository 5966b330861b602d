package seal

import (
	"crypto/subtle"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"
)

// BlindIndex gives the keyed hash (HashSize bytes) by which a person is found
// by a value that is stored sealed. The scheme is bound: the same digits as a
// phone and as an identifier have nothing in common.
func (k Keys) BlindIndex(scheme, value string) []byte {
	return k.index.MAC([]byte("blind-index"), []byte(scheme), []byte(Normalise(value)))[:HashSize]
}

// Normalise brings the ways to write one identifier together: NFKC, capital
// letters, ASCII digits, and nothing but letters, digits and a leading plus.
func Normalise(value string) string {
	var b strings.Builder
	for _, r := range Digits(norm.NFKC.String(value)) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '+' && b.Len() == 0 {
			b.WriteRune(unicode.ToUpper(r))
		}
	}
	return norm.NFKC.String(b.String()) // what a separator kept apart may compose now
}

// Digits writes the decimal digits of every script as 0 to 9.
func Digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 || !unicode.IsDigit(r) {
			return r
		}
		zero := r &^ 0xF // Unicode puts each script's zero at a code point that ends in 0 or 6
		if !unicode.IsDigit(zero) {
			zero += 6
		}
		return '0' + r - zero
	}, s)
}

// HashKeyID names the key that ValueHash and RecordHash use now; store it
// beside their results.
func (k Keys) HashKeyID() string { return hashID }

// ValueHash gives the keyed hash (HashSize bytes) of one value of one person,
// made with the key of today: two equal hashes mean the same value, and nothing
// else can be told from them.
func (k Keys) ValueHash(id uuid.UUID, field, text string) []byte {
	return k.hash.MAC([]byte("value"), id[:], []byte(field), []byte(text))[:HashSize]
}

// SameValue tells whether hash, made earlier with the key named keyID, is that
// of the value. A key that is not here fits nothing.
func (k Keys) SameValue(keyID string, hash []byte, id uuid.UUID, field, text string) bool {
	return keyID == hashID && Equal(hash, k.ValueHash(id, field, text))
}

// RecordHash gives the keyed hash (HashSize bytes) of all values of one person
// in their canonical form: pairs of field and text in the order of the fields.
func (k Keys) RecordHash(id uuid.UUID, values map[string]string) []byte {
	parts := make([][]byte, 0, 2+2*len(values))
	parts = append(parts, []byte("record"), id[:])
	for _, field := range slices.Sorted(maps.Keys(values)) {
		parts = append(parts, []byte(field), []byte(values[field]))
	}
	return k.hash.MAC(parts...)[:HashSize]
}

// Equal compares two hashes in constant time. An empty hash equals nothing.
func Equal(a, b []byte) bool {
	return len(a) > 0 && subtle.ConstantTimeCompare(a, b) == 1
}
