package issuer

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/internal/secret"
	"socialregistry/issuer/keys"
	"socialregistry/issuer/ledger"
)

const (
	// keyLife is how long a key is used. A certificate lasts 457 days at most
	// (ISO 18013-5 §B.1.4), and after the key's last day it must cover a year of
	// credentials.
	keyLife = 90 * 24 * time.Hour
	// authorityLife is how long an issuer CA signs certificates.
	authorityLife = 10 * 365 * 24 * time.Hour
	// successorLead is how long before the end of a key its successor is made and
	// published. Verifiers without network get a new bundle at least weekly.
	successorLead = 14 * 24 * time.Hour
	// rootLife is how long a root key signs trust bundles, and rootLead how long before
	// its end the next one stands in them: verifiers that open one within that time
	// trust it without anybody's doing. rootOverlap is the same for a rotation by hand.
	rootLife    = 5 * 365 * 24 * time.Hour
	rootLead    = 365 * 24 * time.Hour
	rootOverlap = 30 * 24 * time.Hour
	// handOver is how long a key's window lasts beyond the beginning of its
	// successor's: for a process that has not read the new key yet, or whose clock
	// is behind.
	handOver = 5 * time.Minute
	// defaultOverlap is how long a new key is published before it signs.
	defaultOverlap = 24 * time.Hour
)

// keySlot is what there is always one key in use for.
type keySlot struct{ use, alg string }

// keySlots are all of an issuer. The authority comes first: it certifies the others. The
// root key is the registry's, and kept by the issuer at the root of the public URL.
func keySlots(issuer string) []keySlot {
	all := []keySlot{{keys.Authority, jose.ES256}, {keys.Signing, jose.ES256}, {keys.Signing, jose.EdDSA}, {keys.Encryption, keys.ECDHES}}
	if issuer == "" {
		all = append(all, keySlot{keys.Root, jose.ES256})
	}
	return all
}

func (s keySlot) life() time.Duration {
	switch s.use {
	case keys.Authority:
		return authorityLife
	case keys.Root:
		return rootLife
	}
	return keyLife
}

// lead is how long before the end of a key its successor is made and published.
func (s keySlot) lead() time.Duration {
	if s.use == keys.Root {
		return rootLead
	}
	return successorLead
}

// overlap is how long a new key is published before it is used, if nobody says.
func (s keySlot) overlap(usual time.Duration) time.Duration {
	if s.use == keys.Root {
		return max(rootOverlap, usual)
	}
	return usual
}

// keyring is the issuer's keys as this process knows them. The set is read anew
// when the database's has another revision (Issuer.FollowKeys), so that every
// process follows a rotation. It is safe for concurrent use.
type keyring struct {
	wrap  secret.Key
	slots []keySlot
	known atomic.Pointer[knownKeys] // never nil once loaded
}

type knownKeys struct {
	*keys.Ring
	revision int64
}

func (r *keyring) now() *keys.Ring { return r.known.Load().Ring }

// Current gives the key that signs with alg at this moment; keys.ErrNoKey.
func (r *keyring) Current(alg string, at time.Time) (keys.Key, error) {
	return r.now().Current(alg, at)
}

// Encryption gives the key that wallets are to encrypt for; keys.ErrNoKey.
func (r *keyring) Encryption(at time.Time) (keys.Key, error) { return r.now().Encryption(at) }

// ByKID finds a signing key, whatever its window.
func (r *keyring) ByKID(kid string) (keys.Key, bool) { return r.now().ByKID(kid) }

// Ready says whether every algorithm has a key that is in use now; keys.ErrNoKey
// if not. The next start makes the missing ones, and so does FollowKeys.
func (i *Issuer) Ready(context.Context) error {
	ring, now := i.ring.now(), i.now()
	for _, alg := range []string{jose.ES256, jose.EdDSA} {
		if _, err := ring.Current(alg, now); err != nil {
			return err
		}
	}
	_, err := ring.Encryption(now)
	return err
}

// FollowKeys reads the keys again if they have changed since this process read
// them, settles those that are over, and makes a successor for each that soon
// will be. It says whether it read them. Call it every few seconds.
func (i *Issuer) FollowKeys(ctx context.Context) (changed bool, err error) {
	now := i.now()
	if i.ring.needs(now) {
		if err := i.renewKeys(ctx, now); err != nil {
			return false, fmt.Errorf("renew keys: %w", err)
		}
	}
	return i.rereadKeys(ctx)
}

// rereadKeys reads the keys again if they have changed, and says whether it did.
func (i *Issuer) rereadKeys(ctx context.Context) (changed bool, err error) {
	revision, err := i.ledger.KeyRevision(ctx)
	if err != nil || revision == i.ring.known.Load().revision {
		return false, err
	}
	return true, i.readKeys(ctx)
}

// needs says whether some key has to be made or settled.
func (r *keyring) needs(now time.Time) bool {
	ring := r.now()
	for _, s := range r.slots {
		if !ring.Lasts(s.use, s.alg, now, now.Add(s.lead())) {
			return true
		}
	}
	for _, k := range ring.All() {
		if k.PublishedUntil.IsZero() && k.NotAfter.Before(now.Add(-handOver)) {
			return true
		}
	}
	return false
}

// loadKeys makes what is missing and reads the keys. Of two starts at once, the
// database keeps one of each and both read those.
func (i *Issuer) loadKeys(ctx context.Context) error {
	if err := i.readKeys(ctx); err != nil {
		return err
	}
	if !i.ring.needs(i.now()) {
		return nil
	}
	if err := i.renewKeys(ctx, i.now()); err != nil {
		return err
	}
	return i.readKeys(ctx)
}

// readKeys opens the stored keys and puts them in place of those known.
func (i *Issuer) readKeys(ctx context.Context) error {
	stored, revision, err := i.ledger.Keys(ctx)
	if err != nil {
		return err
	}
	ring, err := i.ring.unwrap(stored)
	if err != nil {
		return err
	}
	i.ring.known.Store(&knownKeys{Ring: ring, revision: revision})
	return nil
}

func (r *keyring) unwrap(stored []ledger.Key) (*keys.Ring, error) {
	opened := make([]keys.Key, len(stored))
	for n, s := range stored {
		k, err := keys.Unwrap(s.Use, s.KID, s.Alg, s.Wrapped, r.wrap)
		if err != nil {
			return nil, err
		}
		k.NotBefore, k.NotAfter, k.PublishedUntil, k.RevokedAt, k.Chain, k.Former = s.NotBefore, s.NotAfter, s.PublishedUntil, s.RevokedAt, s.Chain, s.Former
		opened[n] = k
	}
	return keys.NewRing(opened...)
}

// renewKeys settles the keys that are over and makes the next one wherever none
// is in use, or the last one will soon be over.
func (i *Issuer) renewKeys(ctx context.Context, now time.Time) error {
	why := ledger.Entry{Actor: "the issuer", Reason: "its window is over"}
	if err := i.ledger.SettleKeys(ctx, now.Add(-handOver), statusLife, why); err != nil {
		return err
	}
	for _, s := range i.ring.slots {
		if err := i.renewSlot(ctx, s, now); err != nil {
			return err
		}
	}
	return nil
}

// renewSlot works on the keys as they are stored now: another process may have
// been first.
func (i *Issuer) renewSlot(ctx context.Context, s keySlot, now time.Time) error {
	stored, _, err := i.ledger.Keys(ctx)
	if err != nil {
		return err
	}
	ring, err := i.ring.unwrap(stored)
	if err != nil {
		return err
	}
	from, reason := startOfDay(now), "no key is in use"
	if last, ok := ring.Newest(s.use, s.alg, now); ok {
		from, reason = last.NotAfter.Add(-handOver), "the key before it is soon over"
	}
	if ring.Lasts(s.use, s.alg, now, now.Add(s.lead())) {
		return nil
	}
	next, err := i.makeKey(ring, s, from, now)
	if err != nil {
		return err
	}
	next.Generation = nextGeneration(stored, s)
	return i.ledger.AddKeys(ctx, []ledger.Key{next}, ledger.Entry{Actor: "the issuer", Reason: reason})
}

func nextGeneration(stored []ledger.Key, s keySlot) int {
	newest := 0
	for _, k := range stored {
		if k.Use == s.use && k.Alg == s.alg {
			newest = max(newest, k.Generation)
		}
	}
	return newest + 1
}

// makeKey makes a key that is used from a time on, with its certificate, wrapped
// for storage.
func (i *Issuer) makeKey(ring *keys.Ring, s keySlot, from, now time.Time) (ledger.Key, error) {
	k, err := keys.Generate(s.use, s.alg, from, from.Add(s.life()))
	if err != nil {
		return ledger.Key{}, err
	}
	cert, err := i.certify(ring, k, now)
	if err != nil {
		return ledger.Key{}, err
	}
	wrapped, err := k.Wrap(i.ring.wrap)
	if err != nil {
		return ledger.Key{}, err
	}
	return ledger.Key{Use: k.Use, KID: k.KID, Alg: k.Alg, Wrapped: wrapped, Chain: cert, NotBefore: k.NotBefore, NotAfter: k.NotAfter}, nil
}

// certify makes the certificate of a new key: an issuer CA signs its own, and that
// of every ES256 key. Other keys have none.
func (i *Issuer) certify(ring *keys.Ring, k keys.Key, now time.Time) ([][]byte, error) {
	var der []byte
	var err error
	switch {
	case k.Use == keys.Authority:
		der, err = k.SelfSigned(i.legal)
	case k.Use == keys.Signing && k.Alg == jose.ES256:
		var ca keys.Key
		if ca, err = ring.Authority(now); err == nil {
			der, err = ca.Certify(k, i.legal)
		}
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return [][]byte{der}, nil
}
