package dataintegrity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"
)

// The cryptosuites. Both hash with SHA-256 and canonicalise by RDFC-1.0.
const (
	SuiteEdDSA = "eddsa-rdfc-2022" // Ed25519
	SuiteECDSA = "ecdsa-rdfc-2019" // P-256
)

// Suites lists every suite that is signed and verified with.
func Suites() []string { return []string{SuiteEdDSA, SuiteECDSA} }

// signatureSize is the length of a signature of either suite: that of Ed25519, or
// r and s of P-256 with 32 bytes each (VC DI ECDSA 1.0 §3.2.6).
const signatureSize = 64

// SuiteOf gives the one suite that a public key signs with. It returns ErrKey,
// also for a key on another curve than P-256.
func SuiteOf(key crypto.PublicKey) (string, error) {
	switch k := key.(type) {
	case ed25519.PublicKey:
		if len(k) == ed25519.PublicKeySize {
			return SuiteEdDSA, nil
		}
	case *ecdsa.PublicKey:
		if k != nil && k.Curve == elliptic.P256() {
			return SuiteECDSA, nil
		}
	}
	return "", ErrKey
}

// sign signs the two hashes: Ed25519 as they are, ECDSA their SHA-256 (VC DI ECDSA
// 1.0 §3.2.6).
func sign(key crypto.Signer, data []byte) ([]byte, error) {
	if _, ok := key.Public().(ed25519.PublicKey); ok {
		return key.Sign(rand.Reader, data, crypto.Hash(0))
	}
	digest := sha256.Sum256(data)
	der, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	var rs struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &rs); err != nil || len(rest) > 0 || rs.R.Sign() < 0 || rs.S.Sign() < 0 || rs.R.BitLen() > 256 || rs.S.BitLen() > 256 {
		return nil, ErrSignature
	}
	out := make([]byte, signatureSize)
	rs.R.FillBytes(out[:32])
	rs.S.FillBytes(out[32:])
	return out, nil
}

func verify(key crypto.PublicKey, data, signature []byte) bool {
	switch k := key.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(k, data, signature)
	case *ecdsa.PublicKey:
		digest := sha256.Sum256(data)
		return ecdsa.Verify(k, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	}
	return false
}
