package secret

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrExpired says that a token is ours and over.
var ErrExpired = errors.New("secret: token expired")

// maxToken bounds what Open looks at, in bytes.
const maxToken = 8192

// Tokens makes and opens sealed tokens: short state that a client carries for
// us and can neither read nor change. Several key ids may be open at once, so
// that keys can be rotated; the first seals.
type Tokens struct {
	keys map[string]Key
	seal string
}

// NewTokens makes tokens sealed under k, which is named id (letters, digits).
func NewTokens(id string, k Key) Tokens { return Tokens{keys: map[string]Key{id: k}, seal: id} }

// With adds an older key that still opens.
func (t Tokens) With(id string, k Key) Tokens {
	keys := map[string]Key{id: k}
	for i, v := range t.keys {
		keys[i] = v
	}
	return Tokens{keys: keys, seal: t.seal}
}

// Seal makes a token of the given kind that carries claims (as JSON) until
// expires. The kind is bound: a token of one kind never opens as another.
func (t Tokens) Seal(kind string, claims any, expires time.Time) (string, error) {
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("seal %s token: %w", kind, err)
	}
	plain := binary.BigEndian.AppendUint64(nil, uint64(expires.Unix()))
	sealed := t.keys[t.seal].Seal(append(plain, body...), tokenAAD(kind, t.seal))
	return t.seal + "." + base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Open reads a token of the given kind into claims. It returns ErrInvalid for
// what is not ours or of another kind, ErrExpired from its expiry second on.
func (t Tokens) Open(kind, token string, now time.Time, claims any) error {
	id, enc, ok := strings.Cut(token, ".")
	key, known := t.keys[id]
	if !ok || !known || len(token) > maxToken {
		return ErrInvalid
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(enc)
	if err != nil {
		return ErrInvalid
	}
	plain, err := key.Open(sealed, tokenAAD(kind, id))
	if err != nil || len(plain) < 8 {
		return ErrInvalid
	}
	if now.Unix() >= int64(binary.BigEndian.Uint64(plain)) {
		return ErrExpired
	}
	if err := json.Unmarshal(plain[8:], claims); err != nil {
		return ErrInvalid
	}
	return nil
}

func tokenAAD(kind, id string) []byte { return []byte("token\x00" + kind + "\x00" + id) }
