package keys

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrNoKey says that no key of the algorithm signs at that time.
var ErrNoKey = errors.New("keys: no key signs now")

// Ring is the set of signing keys, newest first. It never changes and is safe
// for concurrent use.
type Ring struct {
	keys []Key
}

// NewRing makes a ring of keys that are checked one by one (see Key.Check). It
// returns ErrKey for a bad key, or for an id that comes twice.
func NewRing(keys ...Key) (*Ring, error) {
	sorted := slices.SortedFunc(slices.Values(keys), func(a, b Key) int {
		return cmp.Or(b.NotBefore.Compare(a.NotBefore), cmp.Compare(a.KID, b.KID))
	})
	for i, k := range sorted {
		if err := k.Check(); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(sorted[:i], func(o Key) bool { return o.KID == k.KID }) {
			return nil, fmt.Errorf("%w: id %s comes twice", ErrKey, k.KID)
		}
	}
	return &Ring{keys: sorted}, nil
}

// Current gives the key that signs with alg at this moment: of those in their
// window the newest. It returns ErrNoKey.
func (r *Ring) Current(alg string, now time.Time) (Key, error) {
	for _, k := range r.keys {
		if k.Alg == alg && k.SignsAt(now) {
			return k, nil
		}
	}
	return Key{}, fmt.Errorf("%w: %s", ErrNoKey, alg)
}

// ByKID finds a key by its id, whatever its window.
func (r *Ring) ByKID(kid string) (Key, bool) {
	for _, k := range r.keys {
		if k.KID == kid {
			return k, true
		}
	}
	return Key{}, false
}

// All lists every key, newest first, the revoked ones too.
func (r *Ring) All() []Key { return slices.Clone(r.keys) }

// Published lists the keys that verifiers should know, newest first: those to
// come, those that sign and those that once did, without the revoked.
func (r *Ring) Published() []Key {
	return slices.DeleteFunc(r.All(), func(k Key) bool { return !k.RevokedAt.IsZero() })
}

// JWKS gives the published keys as a JWK set (RFC 7517 §5), public parts only.
func (r *Ring) JWKS() (map[string]any, error) {
	set := []any{}
	for _, k := range r.Published() {
		jwk, err := k.JWK()
		if err != nil {
			return nil, err
		}
		set = append(set, jwk)
	}
	return map[string]any{"keys": set}, nil
}
