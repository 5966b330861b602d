package mdoc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"fmt"
)

// Labels and values of a COSE_Key (RFC 9053 §7.1, §7.2).
const (
	labelType, labelCurve, labelX, labelY = 1, -1, -2, -3
	typeOKP, typeEC2                      = 1, 2
	curveP256, curveEd25519               = 1, 6
)

// coseKey writes a holder's public key: P-256 or Ed25519, without alg, as
// ISO/IEC 18013-5 §9.1.2.4 shows it. It returns ErrKey.
func coseKey(key crypto.PublicKey) (map[int64]any, error) {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if !isP256(k) {
			break
		}
		point, err := k.Bytes()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrKey, err)
		}
		return map[int64]any{labelType: int64(typeEC2), labelCurve: int64(curveP256), labelX: point[1:33], labelY: point[33:]}, nil
	case ed25519.PublicKey:
		if len(k) == ed25519.PublicKeySize {
			return map[int64]any{labelType: int64(typeOKP), labelCurve: int64(curveEd25519), labelX: []byte(k)}, nil
		}
	}
	return nil, fmt.Errorf("%w: a holder's key must be P-256 or Ed25519", ErrKey)
}

func isP256(key crypto.PublicKey) bool {
	k, ok := key.(*ecdsa.PublicKey)
	return ok && k != nil && k.Curve == elliptic.P256()
}

// parseCOSEKey reads what coseKey writes.
func parseCOSEKey(m map[int64]any) (crypto.PublicKey, error) {
	x, _ := m[labelX].([]byte)
	y, _ := m[labelY].([]byte)
	curve, _ := number(m[labelCurve])
	switch kind, _ := number(m[labelType]); {
	case kind == typeEC2 && curve == curveP256 && len(m) == 4 && len(x) == 32 && len(y) == 32:
		point := append([]byte{4}, append(append([]byte{}, x...), y...)...)
		if key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point); err == nil {
			return key, nil
		}
	case kind == typeOKP && curve == curveEd25519 && len(m) == 3 && len(x) == ed25519.PublicKeySize:
		return ed25519.PublicKey(x), nil
	}
	return nil, fmt.Errorf("%w: a device key of another form", ErrMalformed)
}

// number reads an integer, which the decoder gives as uint64 or int64.
func number(v any) (int64, bool) {
	switch v := v.(type) {
	case uint64:
		return int64(v), v < 1<<62
	case int64:
		return v, true
	}
	return 0, false
}
