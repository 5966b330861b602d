package ariesvdr

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"fmt"

	"github.com/hyperledger/aries-framework-go/pkg/vdr/fingerprint"
)

// Fingerprint gives the multibase text of a public key (z6Mk... for Ed25519,
// zDna... for P-256): the identifier of its did:key and the publicKeyMultibase
// of a Multikey.
func Fingerprint(key any) (string, error) {
	switch k := key.(type) {
	case ed25519.PublicKey:
		if len(k) == ed25519.PublicKeySize {
			return fingerprint.KeyFingerprint(fingerprint.ED25519PubKeyMultiCodec, k), nil
		}
	case *ecdsa.PublicKey:
		if k == nil || k.Curve != elliptic.P256() {
			break
		}
		point, err := k.Bytes() // SEC 1 §2.3.3, uncompressed: 0x04, x, y
		if err != nil {
			return "", fmt.Errorf("ariesvdr: P-256 point: %w", err)
		}
		compressed := append([]byte{2 + point[64]&1}, point[1:33]...)
		return fingerprint.KeyFingerprint(fingerprint.P256PubKeyMultiCodec, compressed), nil
	}
	return "", fmt.Errorf("ariesvdr: no fingerprint for a key of type %T", key)
}
