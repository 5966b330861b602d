package keys

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"socialregistry/internal/jose"
)

// ErrNoKey says that no key of the algorithm is in use at that time.
var ErrNoKey = errors.New("keys: no key signs now")

// Ring is the set of the issuer's keys, newest first. It never changes and is
// safe for concurrent use.
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
func (r *Ring) Current(alg string, now time.Time) (Key, error) { return r.current(Signing, alg, now) }

// Encryption gives the key that wallets are to encrypt for at this moment. It
// returns ErrNoKey.
func (r *Ring) Encryption(now time.Time) (Key, error) { return r.current(Encryption, ECDHES, now) }

// Authority gives the issuer CA that signs certificates at this moment. It
// returns ErrNoKey.
func (r *Ring) Authority(now time.Time) (Key, error) { return r.current(Authority, caAlg, now) }

// Root gives the key that signs trust bundles at this moment. It returns ErrNoKey.
func (r *Ring) Root(now time.Time) (Key, error) { return r.current(Root, jose.ES256, now) }

// Roots lists the keys that may sign trust bundles now or later, newest first: without
// the revoked, and without those that are over, whose thief must find nobody who trusts
// them still.
func (r *Ring) Roots(now time.Time) []Key {
	return slices.DeleteFunc(r.of(Root), func(k Key) bool { return !k.RevokedAt.IsZero() || !now.Before(k.NotAfter) })
}

func (r *Ring) current(use, alg string, now time.Time) (Key, error) {
	for _, k := range r.keys {
		if k.Use == use && k.Alg == alg && k.SignsAt(now) {
			return k, nil
		}
	}
	return Key{}, fmt.Errorf("%w: %s", ErrNoKey, alg)
}

// ByKID finds a signing key by its id, whatever its window.
func (r *Ring) ByKID(kid string) (Key, bool) {
	for _, k := range r.All() {
		if k.KID == kid {
			return k, true
		}
	}
	return Key{}, false
}

// Decrypting lists the keys that open what wallets encrypted, newest first. Wallets
// keep metadata for a while, so a key opens for a time after its window, and never
// when revoked.
func (r *Ring) Decrypting(now time.Time) []Key {
	return slices.DeleteFunc(r.of(Encryption), func(k Key) bool {
		return !k.RevokedAt.IsZero() || !now.Before(k.NotAfter.Add(decryptsAfter))
	})
}

// decryptsAfter is how long after its window an encryption key still opens.
const decryptsAfter = 7 * 24 * time.Hour

// Newest gives the last key of a use and algorithm that is in use now or will be,
// if there is one.
func (r *Ring) Newest(use, alg string, now time.Time) (last Key, ok bool) {
	for _, k := range r.keys {
		if k.Use == use && k.Alg == alg && k.RevokedAt.IsZero() && now.Before(k.NotAfter) && (!ok || k.NotAfter.After(last.NotAfter)) {
			last, ok = k, true
		}
	}
	return last, ok
}

// Lasts says whether a use and algorithm has a key in use now, and one that will
// be in use then.
func (r *Ring) Lasts(use, alg string, now, then time.Time) bool {
	_, err := r.current(use, alg, now)
	last, ok := r.Newest(use, alg, now)
	return err == nil && ok && then.Before(last.NotAfter)
}

// All lists every signing key, newest first, the revoked ones too.
func (r *Ring) All() []Key { return r.of(Signing) }

// Authorities lists the issuer CAs that are not revoked, newest first. Their
// certificates are what verifiers trust.
func (r *Ring) Authorities() []Key {
	return slices.DeleteFunc(r.of(Authority), func(k Key) bool { return !k.RevokedAt.IsZero() })
}

// FromRevoked says whether a key's certificate was made by an issuer CA that is
// revoked now.
func (r *Ring) FromRevoked(k Key) bool {
	leaf, err := k.Certificate()
	if err != nil {
		return false
	}
	return slices.ContainsFunc(r.of(Authority), func(ca Key) bool {
		own, err := ca.Certificate()
		return err == nil && !ca.RevokedAt.IsZero() && leaf.CheckSignatureFrom(own) == nil
	})
}

// Outside says whether a CA certified a key that is none of ours (see
// Key.WithChain), and gives its own certificate.
func (r *Ring) Outside(k Key) (*x509.Certificate, bool) {
	leaf, err := k.Certificate()
	if err != nil {
		return nil, false
	}
	return leaf, !slices.ContainsFunc(r.of(Authority), func(ca Key) bool {
		own, err := ca.Certificate()
		return err == nil && leaf.CheckSignatureFrom(own) == nil
	})
}

func (r *Ring) of(use string) []Key {
	return slices.DeleteFunc(slices.Clone(r.keys), func(k Key) bool { return k.Use != use })
}

// Published lists the signing keys that verifiers should know, newest first:
// those to come, those that sign, and those that once did while anything that
// they signed can be valid; without the revoked.
func (r *Ring) Published(now time.Time) []Key {
	return slices.DeleteFunc(r.All(), func(k Key) bool {
		over := !k.PublishedUntil.IsZero() && !now.Before(k.PublishedUntil)
		return over || !k.RevokedAt.IsZero()
	})
}

// JWKS gives the published keys as a JWK set (RFC 7517 §5), public parts only.
func (r *Ring) JWKS(now time.Time) (map[string]any, error) {
	set := []any{}
	for _, k := range r.Published(now) {
		jwk, err := k.JWK()
		if err != nil {
			return nil, err
		}
		set = append(set, jwk)
	}
	return map[string]any{"keys": set}, nil
}
