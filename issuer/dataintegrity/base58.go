package dataintegrity

import (
	"math/big"
	"slices"
	"strings"
)

const base58Digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// encodeBase58 writes bytes in base58-btc; a leading zero byte is a leading 1.
func encodeBase58(b []byte) string {
	var out []byte
	n, mod, base := new(big.Int).SetBytes(b), new(big.Int), big.NewInt(58)
	for n.Sign() > 0 {
		n.DivMod(n, base, mod)
		out = append(out, base58Digits[mod.Int64()])
	}
	for _, zero := range b {
		if zero != 0 {
			break
		}
		out = append(out, '1')
	}
	slices.Reverse(out)
	return string(out)
}

// decodeBase58 reads what encodeBase58 writes.
func decodeBase58(s string) ([]byte, bool) {
	n, base := new(big.Int), big.NewInt(58)
	zeros, leading := 0, true
	for _, r := range s {
		digit := strings.IndexRune(base58Digits, r)
		if digit < 0 {
			return nil, false
		}
		leading = leading && digit == 0
		if leading {
			zeros++
		}
		n.Add(n.Mul(n, base), big.NewInt(int64(digit)))
	}
	return append(make([]byte, zeros), n.Bytes()...), true
}

// DecodeMultibase reads z and base58-btc, the form of keys in did:key; false if it is
// not that, or is longer than a key may be.
func DecodeMultibase(s string) ([]byte, bool) {
	const longest = 100
	if len(s) < 2 || len(s) > longest || s[0] != 'z' {
		return nil, false
	}
	return decodeBase58(s[1:])
}
