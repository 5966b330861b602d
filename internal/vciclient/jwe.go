package vciclient

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"socialregistry/internal/jose"
)

// algECDHES is the one way to agree on a key here: ephemeral-static Diffie-Hellman
// on P-256, its result the content key itself (RFC 7518 §4.6).
const algECDHES = "ECDH-ES"

// keySize is how many bytes the key of a content encryption has (RFC 7518 §5.3);
// 0 for one that this wallet does not know.
func keySize(enc string) int {
	return map[string]int{"A128GCM": 16, "A192GCM": 24, "A256GCM": 32}[enc]
}

// encrypt makes a compact JWE (RFC 7516 §5.1) for a public key. header gives kid
// and zip; zip DEF compresses first (RFC 7516 §4.1.3).
func encrypt(to *ecdh.PublicKey, enc string, header map[string]any, plain []byte) (string, error) {
	ephemeral, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return "", fmt.Errorf("encrypt: %w", err)
	}
	header["alg"], header["enc"], header["epk"] = algECDHES, enc, encryptionJWK(ephemeral.PublicKey())
	if header["zip"] == "DEF" {
		if plain, err = deflate(plain); err != nil {
			return "", err
		}
	}
	protected, err := encode(header)
	if err != nil {
		return "", err
	}
	seal, err := contentCipher(ephemeral, to, enc)
	if err != nil {
		return "", err
	}
	iv := make([]byte, seal.NonceSize())
	_, _ = rand.Read(iv) // never fails
	b64 := base64.RawURLEncoding.EncodeToString
	sealed := seal.Seal(nil, iv, plain, []byte(b64(protected)))
	text, tag := sealed[:len(sealed)-seal.Overhead()], sealed[len(sealed)-seal.Overhead():]
	return strings.Join([]string{b64(protected), "", b64(iv), b64(text), b64(tag)}, "."), nil
}

// decrypt opens a compact JWE (RFC 7516 §5.2) that must use the content
// encryption that was asked for.
func decrypt(key *ecdh.PrivateKey, enc, compact string) ([]byte, error) {
	parts := strings.Split(strings.TrimSpace(compact), ".")
	if len(parts) != 5 || parts[1] != "" {
		return nil, errors.New("the answer is no compact JWE with a key that was agreed on")
	}
	raw := make([][]byte, len(parts))
	for n, p := range parts {
		var err error
		if raw[n], err = base64.RawURLEncoding.Strict().DecodeString(p); err != nil {
			return nil, errors.New("the JWE of the answer is not base64url")
		}
	}
	header, err := jose.DecodeObject(raw[0])
	if err != nil {
		return nil, fmt.Errorf("the JWE of the answer: %w", err)
	}
	if header["alg"] != algECDHES || header["enc"] != enc || header["crit"] != nil {
		return nil, errors.New("the answer is encrypted in another way than I asked for")
	}
	epk, _ := header["epk"].(map[string]any)
	from, err := parseEncryptionKey(epk)
	if err != nil {
		return nil, err
	}
	open, err := contentCipher(key, from, enc)
	if err != nil {
		return nil, err
	}
	if len(raw[2]) != open.NonceSize() || len(raw[4]) != open.Overhead() {
		return nil, errors.New("the JWE of the answer is malformed")
	}
	plain, err := open.Open(nil, raw[2], append(raw[3], raw[4]...), []byte(parts[0]))
	if err != nil {
		return nil, errors.New("the answer is not encrypted for me, or it was altered")
	}
	if header["zip"] == "DEF" {
		return inflate(plain)
	}
	return plain, nil
}

// contentCipher agrees on the content key: Concat KDF of one round (RFC 7518
// §4.6.2), without party information.
func contentCipher(private *ecdh.PrivateKey, public *ecdh.PublicKey, enc string) (cipher.AEAD, error) {
	size := keySize(enc)
	if size == 0 {
		return nil, fmt.Errorf("this wallet does not know the encryption %q", Printable(enc))
	}
	shared, err := private.ECDH(public)
	if err != nil {
		return nil, errors.New("agree on a key: it is on another curve")
	}
	sized := func(s string) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(s))), s...) }
	round := sha256.New()
	for _, part := range [][]byte{{0, 0, 0, 1}, shared, sized(enc), sized(""), sized(""), binary.BigEndian.AppendUint32(nil, uint32(size*8))} {
		round.Write(part)
	}
	block, err := aes.NewCipher(round.Sum(nil)[:size])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// encryptionJWK is the JSON form of a P-256 key for agreement.
func encryptionJWK(k *ecdh.PublicKey) map[string]any {
	point := k.Bytes() // 4, x, y
	b64 := base64.RawURLEncoding.EncodeToString
	return map[string]any{"kty": "EC", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])}
}

// parseEncryptionKey reads it. A point off the curve is refused.
func parseEncryptionKey(jwk map[string]any) (*ecdh.PublicKey, error) {
	x, errX := base64.RawURLEncoding.Strict().DecodeString(text(jwk["x"]))
	y, errY := base64.RawURLEncoding.Strict().DecodeString(text(jwk["y"]))
	if jwk["kty"] != "EC" || jwk["crv"] != "P-256" || errX != nil || errY != nil || len(x) != 32 || len(y) != 32 {
		return nil, errors.New("a key for encryption is none on P-256")
	}
	k, err := ecdh.P256().NewPublicKey(append(append([]byte{4}, x...), y...))
	if err != nil {
		return nil, errors.New("a key for encryption is off its curve")
	}
	return k, nil
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func deflate(plain []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// inflate is bounded like every body.
func inflate(packed []byte) ([]byte, error) {
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxBody+1))
	if err != nil {
		return nil, errors.New("the answer cannot be unpacked")
	}
	if len(plain) > maxBody {
		return nil, fmt.Errorf("the answer unpacks to more than %d bytes", maxBody)
	}
	return plain, nil
}
