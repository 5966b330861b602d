package jose

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwe"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

// The encryption algorithms that exist here: ephemeral-static Diffie-Hellman on
// P-256, without key wrapping, and AES-GCM. Nothing else is ever tried: no RSA,
// no shared secrets (dir), no passwords.
const (
	ECDHES  = "ECDH-ES" // RFC 7518 §4.6
	A128GCM = "A128GCM" // RFC 7518 §5.3
	A256GCM = "A256GCM"
	DEF     = "DEF" // RFC 7516 §4.1.3: DEFLATE before encryption
)

// What can be wrong with something encrypted, beside the errors of a JWS.
var (
	ErrDecrypt  = errors.New("jose: cannot be decrypted")
	ErrTooLarge = errors.New("jose: too large")
	ErrNoKey    = errors.New("jose: encrypted to no key of ours")
)

// Encs are the content encryptions that exist here.
func Encs() []string { return []string{A128GCM, A256GCM} }

// Recipient says to whom and how to encrypt.
type Recipient struct {
	Key *ecdh.PublicKey // on P-256
	KID string          // copied into the header; "" for none
	Enc string          // A128GCM or A256GCM
	Zip bool            // compress first
}

// Encrypt makes a compact JWE (RFC 7516 §7.1). It returns ErrKey or ErrAlgorithm
// for a recipient that is none.
func Encrypt(to Recipient, payload []byte) (string, error) {
	if to.Key == nil || to.Key.Curve() != ecdh.P256() {
		return "", fmt.Errorf("%w: only the curve P-256", ErrKey)
	}
	if !slices.Contains(Encs(), to.Enc) {
		return "", fmt.Errorf("%w: enc", ErrAlgorithm)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), to.Key.Bytes())
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrKey, err)
	}
	header := jwe.NewHeaders()
	if to.KID != "" {
		if err := header.Set(jwe.KeyIDKey, to.KID); err != nil {
			return "", fmt.Errorf("%w: kid", ErrMalformed)
		}
	}
	options := []jwe.EncryptOption{jwe.WithKey(jwa.ECDH_ES, key), jwe.WithProtectedHeaders(header),
		jwe.WithContentEncryption(jwa.ContentEncryptionAlgorithm(to.Enc))}
	if to.Zip {
		options = append(options, jwe.WithCompress(jwa.Deflate))
	}
	out, err := jwe.Encrypt(payload, options...)
	if err != nil {
		return "", fmt.Errorf("encrypt: %w", err)
	}
	return string(out), nil
}

// Decrypt opens a compact JWE for one of keys, which are found by the kid in its
// header, and gives the payload, of at most limit bytes: also when it was
// compressed, however far it would inflate. It returns
//   - ErrTooLarge beyond the limit;
//   - ErrMalformed for what is no compact JWE, or has a member that changes its
//     meaning;
//   - ErrAlgorithm for any alg but ECDH-ES, another enc or zip;
//   - ErrNoKey for a kid that is not among keys, or none;
//   - ErrKey for an ephemeral key that is no point of P-256;
//   - ErrDecrypt if it was made for another key or was tampered with.
func Decrypt(compact string, keys map[string]*ecdh.PrivateKey, limit int) ([]byte, error) {
	if len(compact) > 2*limit+maxJWEHeader {
		return nil, ErrTooLarge
	}
	header, err := jweHeader(compact)
	if err != nil {
		return nil, err
	}
	kid, _ := header["kid"].(string)
	key := keys[kid]
	if key == nil {
		return nil, ErrNoKey
	}
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), key.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	out, err := jwe.Decrypt([]byte(compact), jwe.WithKey(jwa.ECDH_ES, private), jwe.WithMaxDecompressBufferSize(int64(limit)))
	switch {
	case err != nil && strings.Contains(err.Error(), "exceeds maximum allowed size"):
		return nil, ErrTooLarge
	case err != nil:
		return nil, ErrDecrypt // the cause may quote the plaintext
	case len(out) > limit:
		return nil, ErrTooLarge
	}
	return out, nil
}

// maxJWEHeader bounds what a compact JWE has beside its ciphertext, in bytes.
const maxJWEHeader = 4096

// jweHeader reads the protected header of a compact JWE and holds it to what
// Decrypt opens, before the library sees any of it.
func jweHeader(compact string) (map[string]any, error) {
	parts := strings.Split(compact, ".")
	if len(parts) != 5 || parts[1] != "" || parts[2] == "" || parts[3] == "" || parts[4] == "" {
		return nil, fmt.Errorf("%w: not the five parts of a JWE for ECDH-ES", ErrMalformed)
	}
	for _, p := range parts {
		if _, err := decode64(p); err != nil {
			return nil, err
		}
	}
	raw, err := decode64(parts[0])
	if err != nil {
		return nil, err
	}
	if len(raw) > maxJWEHeader {
		return nil, fmt.Errorf("%w: header too long", ErrMalformed)
	}
	header, err := DecodeObject(raw)
	if err != nil {
		return nil, err
	}
	return header, checkJWEHeader(header)
}

func checkJWEHeader(h map[string]any) error {
	alg, _ := h["alg"].(string)
	enc, _ := h["enc"].(string)
	zip, zipped := h["zip"]
	switch {
	case alg != ECDHES:
		return fmt.Errorf("%w: alg", ErrAlgorithm)
	case !slices.Contains(Encs(), enc):
		return fmt.Errorf("%w: enc", ErrAlgorithm)
	case zipped && zip != DEF:
		return fmt.Errorf("%w: zip", ErrAlgorithm)
	case h["crit"] != nil: // RFC 7516 §4.1.13: what is not understood must be refused
		return fmt.Errorf("%w: header member crit is not supported", ErrMalformed)
	}
	epk, _ := h["epk"].(map[string]any)
	_, err := parsePoint(epk)
	return err
}

// ParseEncryptionJWK reads the public key of somebody to encrypt to (RFC 7517
// §4): EC on P-256, with an alg, which must be ECDH-ES, and no use but enc. It
// refuses private members and points off the curve. It returns ErrKey, or
// ErrAlgorithm for another alg or none.
func ParseEncryptionJWK(m map[string]any) (*ecdh.PublicKey, error) {
	if alg, _ := m["alg"].(string); alg != ECDHES {
		return nil, fmt.Errorf("%w: alg must be %s", ErrAlgorithm, ECDHES)
	}
	if use, ok := m["use"]; ok && use != "enc" {
		return nil, fmt.Errorf("%w: use is not enc", ErrKey)
	}
	return parsePoint(m)
}

// EncryptionJWK gives the public JWK of a key that others encrypt to, with its
// alg and use. The kid is the thumbprint of the key (RFC 7638).
func EncryptionJWK(key *ecdh.PublicKey) (m map[string]any, kid string, err error) {
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), key.Bytes())
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrKey, err)
	}
	if m, err = PublicJWK(public); err != nil {
		return nil, "", err
	}
	if kid, err = Thumbprint(public); err != nil {
		return nil, "", err
	}
	m["kid"], m["alg"], m["use"] = kid, ECDHES, "enc"
	return m, kid, nil
}

// parsePoint reads a public key on P-256 and checks that it is on the curve.
func parsePoint(m map[string]any) (*ecdh.PublicKey, error) {
	if m["kty"] != "EC" {
		return nil, fmt.Errorf("%w: only EC P-256", ErrKey)
	}
	if err := checkCoordinates(m); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(map[string]any{"kty": m["kty"], "crv": m["crv"], "x": m["x"], "y": m["y"]})
	if err != nil {
		return nil, fmt.Errorf("%w: not JSON", ErrKey)
	}
	var public ecdsa.PublicKey
	if err := jwk.ParseRawKey(raw, &public); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	point, err := public.ECDH() // checks that the point is on the curve
	if err != nil {
		return nil, fmt.Errorf("%w: point is not on the curve", ErrKey)
	}
	return point, nil
}
