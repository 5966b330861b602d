package issuer

import (
	"context"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
	"socialregistry/issuer/keys"
	"socialregistry/issuer/ledger"
)

// keyLife is how long a key signs. What it signed stays good afterwards.
const keyLife = 5 * 365 * 24 * time.Hour

// signingAlgs are the algorithms that there is always a key for.
func signingAlgs() []string { return []string{jose.ES256, jose.EdDSA} }

// Ready says whether every algorithm has a key that signs now; keys.ErrNoKey if
// not. The next start makes the missing ones.
func (i *Issuer) Ready(context.Context) error {
	for _, alg := range signingAlgs() {
		if _, err := i.ring.Current(alg, i.now()); err != nil {
			return err
		}
	}
	return nil
}

// loadRing opens the stored signing keys, and makes one per algorithm where none
// signs now: at the first start, and when the last one is over or revoked. Of two
// starts at once, the database keeps one of each and both load those.
func loadRing(ctx context.Context, l *ledger.Ledger, wrap secret.Key, now time.Time) (*keys.Ring, error) {
	stored, err := l.Keys(ctx)
	if err != nil {
		return nil, err
	}
	if fresh, err := missingKeys(stored, wrap, now); err != nil {
		return nil, err
	} else if len(fresh) > 0 {
		if err := l.AddKeys(ctx, fresh); err != nil {
			return nil, err
		}
		if stored, err = l.Keys(ctx); err != nil {
			return nil, err
		}
	}
	opened := make([]keys.Key, len(stored))
	for n, s := range stored {
		k, err := keys.Unwrap(s.KID, s.Alg, s.Wrapped, wrap)
		if err != nil {
			return nil, err
		}
		k.NotBefore, k.NotAfter, k.RevokedAt = s.NotBefore, s.NotAfter, s.RevokedAt
		opened[n] = k
	}
	return keys.NewRing(opened...)
}

// missingKeys makes the next generation for every algorithm of which no key signs
// now. It signs from the start of the day, as credentials are valid from the
// start of their day.
func missingKeys(stored []ledger.Key, wrap secret.Key, now time.Time) ([]ledger.Key, error) {
	signs, last := map[string]bool{}, map[string]int{}
	for _, s := range stored {
		k := keys.Key{NotBefore: s.NotBefore, NotAfter: s.NotAfter, RevokedAt: s.RevokedAt}
		signs[s.Alg] = signs[s.Alg] || k.SignsAt(now)
		last[s.Alg] = max(last[s.Alg], s.Generation)
	}
	var fresh []ledger.Key
	for _, alg := range signingAlgs() {
		if signs[alg] {
			continue
		}
		k, err := keys.Generate(alg, startOfDay(now), startOfDay(now).Add(keyLife))
		if err != nil {
			return nil, err
		}
		wrapped, err := k.Wrap(wrap)
		if err != nil {
			return nil, err
		}
		fresh = append(fresh, ledger.Key{KID: k.KID, Alg: alg, Generation: last[alg] + 1, Wrapped: wrapped, NotBefore: k.NotBefore, NotAfter: k.NotAfter})
	}
	return fresh, nil
}
