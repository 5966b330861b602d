package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/lestrrat-go/jwx/v2/jwk"
)

// AlgOf gives the one algorithm that a public key signs with here: ES256 for
// *ecdsa.PublicKey on P-256, EdDSA for ed25519.PublicKey. It returns ErrKey for
// any other key, another curve, or a point off the curve.
func AlgOf(key crypto.PublicKey) (string, error) {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k == nil || k.Curve != elliptic.P256() {
			return "", fmt.Errorf("%w: only the curve P-256", ErrKey)
		}
		if _, err := k.ECDH(); err != nil { // checks that the point is on the curve
			return "", fmt.Errorf("%w: point is not on the curve", ErrKey)
		}
		return ES256, nil
	case ed25519.PublicKey:
		if len(k) != ed25519.PublicKeySize {
			return "", fmt.Errorf("%w: wrong length", ErrKey)
		}
		return EdDSA, nil
	}
	return "", fmt.Errorf("%w: type %T", ErrKey, key)
}

// AlgOfCurve gives the algorithm of the keys on a curve, by its name in a JWK (crv, RFC
// 7518 §6.2.1.1, RFC 8037 §2): ES256 for P-256, EdDSA for Ed25519. The key itself is not
// looked at. False: another curve.
func AlgOfCurve(crv any) (alg string, known bool) {
	switch crv {
	case "P-256":
		return ES256, true
	case "Ed25519":
		return EdDSA, true
	}
	return "", false
}

// fits says whether alg is the algorithm of the key.
func fits(key crypto.PublicKey, alg string) error {
	want, err := AlgOf(key)
	if err != nil {
		return err
	}
	if alg != want {
		return fmt.Errorf("%w: the key is for %s", ErrAlgorithm, want)
	}
	return nil
}

// PublicJWK gives the JSON form of a key: kty, crv, x and, for P-256, y. It
// returns ErrKey.
func PublicJWK(key crypto.PublicKey) (map[string]any, error) {
	k, err := jwkOf(key)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(k)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return DecodeObject(raw)
}

// Thumbprint gives the SHA-256 thumbprint of a key in base64url (RFC 7638). It
// returns ErrKey.
func Thumbprint(key crypto.PublicKey) (string, error) {
	k, err := jwkOf(key)
	if err != nil {
		return "", err
	}
	sum, err := k.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrKey, err)
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}

func jwkOf(key crypto.PublicKey) (jwk.Key, error) {
	if _, err := AlgOf(key); err != nil {
		return nil, err
	}
	k, err := jwk.FromRaw(key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return k, nil
}

// ParseJWK reads a public key from its JSON form. It refuses every private or
// symmetric member, curves other than P-256 and Ed25519, coordinates of another
// length, points off the curve, an alg that is not the key's, and a use other
// than sig. It returns ErrKey.
func ParseJWK(m map[string]any) (crypto.PublicKey, error) {
	if err := checkJWK(m); err != nil {
		return nil, err
	}
	plain := map[string]any{"kty": m["kty"], "crv": m["crv"], "x": m["x"]}
	if y, ok := m["y"]; ok {
		plain["y"] = y
	}
	raw, err := json.Marshal(plain)
	if err != nil {
		return nil, fmt.Errorf("%w: not JSON", ErrKey)
	}
	parsed, err := jwk.ParseKey(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	key, err := rawKey(parsed)
	if err != nil {
		return nil, err
	}
	alg, err := AlgOf(key)
	if err != nil {
		return nil, err
	}
	if given, ok := m["alg"]; ok && given != alg {
		return nil, fmt.Errorf("%w: alg is not the key's", ErrKey)
	}
	return key, nil
}

func rawKey(k jwk.Key) (crypto.PublicKey, error) {
	var raw any
	if err := k.Raw(&raw); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return raw, nil
}

// checkJWK looks at the members before jwx does: jwx pads short coordinates and
// takes an Ed25519 key of any length.
func checkJWK(m map[string]any) error {
	if use, ok := m["use"]; ok && use != "sig" {
		return fmt.Errorf("%w: use is not sig", ErrKey)
	}
	return checkCoordinates(m)
}

// checkCoordinates holds a key, whatever its use, to its public members.
func checkCoordinates(m map[string]any) error {
	for _, name := range []string{"d", "k", "p", "q", "dp", "dq", "qi", "oth"} {
		if _, ok := m[name]; ok {
			return fmt.Errorf("%w: private member %s", ErrKey, name)
		}
	}
	coordinates := []string{"x"}
	switch fmt.Sprint(m["kty"], " ", m["crv"]) {
	case "EC P-256": // RFC 7518 §6.2.1
		coordinates = append(coordinates, "y")
	case "OKP Ed25519": // RFC 8037 §2
		if _, ok := m["y"]; ok {
			return fmt.Errorf("%w: Ed25519 has no y", ErrKey)
		}
	default:
		return fmt.Errorf("%w: only EC P-256 and OKP Ed25519", ErrKey)
	}
	for _, name := range coordinates {
		s, _ := m[name].(string)
		if b, err := decode64(s); err != nil || len(b) != 32 {
			return fmt.Errorf("%w: %s is not 32 bytes in base64url", ErrKey, name)
		}
	}
	return nil
}
