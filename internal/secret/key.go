package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// KeySize is the size in bytes of every key here.
const KeySize = 32

// ErrInvalid says that a sealed value or a token was not made by us with this
// key, for this use; it never says which.
var ErrInvalid = errors.New("secret: not authentic")

// Master is the root of all symmetric keys. Whoever has it and the database
// can read every sealed value, forge tokens and unwrap the signing keys.
type Master struct{ k Key }

// NewMaster makes a random master key.
func NewMaster() Master {
	var m Master
	rand.Read(m.k[:]) // never fails: crypto/rand ends the process instead
	return m
}

// ParseMaster reads a master key from base64 (standard or URL alphabet, with or
// without padding; white space around it is ignored). It must be 32 bytes.
func ParseMaster(s string) (Master, error) {
	s = strings.TrimRight(strings.TrimSpace(s), "=")
	s = strings.NewReplacer("+", "-", "/", "_").Replace(s)
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return Master{}, errors.New("secret: master key is not base64")
	}
	if len(b) != KeySize {
		return Master{}, fmt.Errorf("secret: master key has %d bytes, want %d", len(b), KeySize)
	}
	return Master{Key(b)}, nil
}

// Encode gives the base64 that ParseMaster reads.
func (m Master) Encode() string { return base64.RawURLEncoding.EncodeToString(m.k[:]) }

// Derive gives the key for one purpose. Keys of different purposes say nothing
// about each other (RFC 5869).
func (m Master) Derive(purpose string) Key { return m.k.Derive(purpose) }

// Key is a 256-bit symmetric key. Use each for one thing only.
type Key [KeySize]byte

// NewKey makes a random key.
func NewKey() Key {
	var k Key
	rand.Read(k[:])
	return k
}

// Derive gives a key below this one.
func (k Key) Derive(purpose string) Key {
	b, err := hkdf.Key(sha256.New, k[:], nil, "socialregistry/"+purpose, KeySize)
	if err != nil {
		panic("secret: hkdf of 32 bytes cannot fail: " + err.Error())
	}
	return Key(b)
}

// Seal encrypts with AES-256-GCM under a random nonce and gives nonce followed
// by ciphertext and tag (28 bytes more than the plaintext). aad is bound, not
// stored: Open needs the same.
func (k Key) Seal(plaintext, aad []byte) []byte {
	gcm := k.gcm()
	return gcm.Seal(nil, nil, plaintext, aad)
}

// Open reverses Seal; ErrInvalid if anything differs.
func (k Key) Open(sealed, aad []byte) ([]byte, error) {
	plain, err := k.gcm().Open(nil, nil, sealed, aad)
	if err != nil {
		return nil, ErrInvalid
	}
	return plain, nil
}

func (k Key) gcm() cipher.AEAD {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		panic("secret: aes with 32 bytes cannot fail: " + err.Error())
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("secret: gcm cannot fail: " + err.Error())
	}
	return gcm
}

// MAC gives the HMAC-SHA-256 (32 bytes) of the parts. Each part is preceded by
// its length, so that no two lists of parts share an input.
func (k Key) MAC(parts ...[]byte) []byte {
	h := hmac.New(sha256.New, k[:])
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write(p)
	}
	return h.Sum(nil)
}
