package seal

import (
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"socialregistry/internal/secret"
)

// HashSize is the size in bytes of blind indexes, value hashes and record
// hashes: HMAC-SHA-256 cut to 128 bits.
const HashSize = 16

// Key ids as they are stored beside what the key made. A rotation adds a new
// id and keeps the old key readable.
const (
	kekID    = "k1"
	hashID   = "h1"
	masterID = "m1"
)

// ErrUnknownKey says that something was made with a key that is not here.
var ErrUnknownKey = errors.New("seal: unknown key id")

// Keys are the registry's own keys.
type Keys struct {
	kek   secret.Key // wraps record keys
	index secret.Key // blind indexes
	hash  secret.Key // value and record hashes
	check secret.Key // tells the master key apart from others
}

// New derives the keys from the master key.
func New(m secret.Master) Keys {
	return Keys{
		kek:   m.Derive("registry/kek/" + kekID),
		index: m.Derive("registry/blind-index"),
		hash:  m.Derive("registry/value-hash/" + hashID),
		check: m.Derive("registry/key-check/" + masterID),
	}
}

// Check gives what is stored to know the master key again: its id and a keyed
// hash of a constant (32 bytes), from which nothing about the key can be told.
func (k Keys) Check() (id string, mac []byte) {
	return masterID, k.check.MAC([]byte("key-check"))
}

// IsChecked tells whether Check of this master key gave id and mac.
func (k Keys) IsChecked(id string, mac []byte) bool {
	ours, want := k.Check()
	return id == ours && Equal(mac, want)
}

// Wrapped is a record key as it is stored.
type Wrapped struct {
	KID string // id of the record key, bound to all that it seals
	Key []byte // the record key, sealed under the key-encryption key
	KEK string // id of the key-encryption key
}

// Record is the opened key of one person's record.
type Record struct {
	id  uuid.UUID
	kid string
	key secret.Key
}

// NewRecord makes a random key for the record of one person.
func (k Keys) NewRecord(id uuid.UUID) (Record, Wrapped) {
	r := Record{id: id, kid: secret.RandomID(6), key: secret.NewKey()}
	w := Wrapped{KID: r.kid, KEK: kekID}
	w.Key = k.kek.Seal(r.key[:], wrapAAD(id, w))
	return r, w
}

// OpenRecord unwraps the stored key of one person's record. It returns
// ErrUnknownKey, or secret.ErrInvalid if the key was not made for this person.
func (k Keys) OpenRecord(id uuid.UUID, w Wrapped) (Record, error) {
	if w.KEK != kekID {
		return Record{}, fmt.Errorf("open record key: %w: %q", ErrUnknownKey, w.KEK)
	}
	key, err := k.kek.Open(w.Key, wrapAAD(id, w))
	if err != nil || len(key) != secret.KeySize {
		return Record{}, fmt.Errorf("open record key: %w", secret.ErrInvalid)
	}
	return Record{id: id, kid: w.KID, key: secret.Key(key)}, nil
}

func wrapAAD(id uuid.UUID, w Wrapped) []byte {
	return []byte("record_key|" + id.String() + "|" + w.KID + "|" + w.KEK)
}

// Seal encrypts one value for one place: table, person, field and key are
// bound, so that a ciphertext cannot be moved to another place.
func (r Record) Seal(table, field string, plain []byte) []byte {
	return r.key.Seal(plain, r.aad(table, field))
}

// Open reverses Seal for the same place; secret.ErrInvalid if anything differs.
func (r Record) Open(table, field string, sealed []byte) ([]byte, error) {
	plain, err := r.key.Open(sealed, r.aad(table, field))
	if err != nil {
		return nil, fmt.Errorf("open %s.%s: %w", table, field, err)
	}
	return plain, nil
}

// SealText is Seal for text, as unpadded base64url.
func (r Record) SealText(table, field, plain string) string {
	return base64.RawURLEncoding.EncodeToString(r.Seal(table, field, []byte(plain)))
}

// OpenText reverses SealText.
func (r Record) OpenText(table, field, sealed string) (string, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil {
		return "", fmt.Errorf("open %s.%s: %w", table, field, secret.ErrInvalid)
	}
	plain, err := r.Open(table, field, b)
	return string(plain), err
}

func (r Record) aad(table, field string) []byte {
	return []byte(table + "|" + r.id.String() + "|" + field + "|" + r.kid)
}
