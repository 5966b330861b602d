package issuer

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/internal/jose"
	"socialregistry/issuer/keys"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// KeyInfo is one of the issuer's keys as its keepers see it, without the private
// part.
type KeyInfo struct {
	KID              string
	Issuer           string // name of the one whose it is, "" = the one at the root; set by Issuers.Keys
	Kind             string // ES256, EdDSA, ECDH-ES (encrypted requests), CA (issuer CA) or ROOT (trust bundles)
	State            string // KeyToCome, KeyInUse, KeyRetired or KeyRevoked
	NotBefore        time.Time
	NotAfter         time.Time
	PublishedUntil   time.Time // zero: not known yet
	RevokedAt        time.Time // zero: not revoked
	CertificateUntil time.Time // zero: it has none
}

// The states of a key.
const (
	KeyToCome  = "to_come" // published, not used yet
	KeyInUse   = "in_use"
	KeyRetired = "retired" // what it signed is still good
	KeyRevoked = "revoked" // nothing that it signed is
)

// The kinds of keys, as their keepers name them.
const (
	KindES256      = jose.ES256
	KindEdDSA      = jose.EdDSA
	KindEncryption = keys.ECDHES
	KindAuthority  = "CA"
	KindRoot       = "ROOT"
)

func kindOf(use, alg string) string {
	switch use {
	case keys.Authority:
		return KindAuthority
	case keys.Root:
		return KindRoot
	}
	return alg
}

func (r *keyring) slotOf(kind string) (keySlot, error) {
	for _, s := range r.slots {
		if kindOf(s.use, s.alg) == kind {
			return s, nil
		}
	}
	return keySlot{}, fault.New(fault.Invalid, "key_kind", "There are keys of these kinds: ES256, EdDSA, ECDH-ES and CA, and ROOT of the first issuer.")
}

// Keys lists all keys, by kind, the oldest first. Admins and auditors may read
// them. It returns Forbidden, Unauthenticated.
func (i *Issuer) Keys(ctx context.Context, a registry.Actor) ([]KeyInfo, error) {
	if err := mayKeep(a, toSeeKeys); err != nil {
		return nil, err
	}
	stored, _, err := i.ledger.Keys(ctx)
	if err != nil {
		return nil, err
	}
	return KeyInfos(stored, i.now()), nil
}

// KeyInfos says of stored keys how they stand at that time.
func KeyInfos(stored []ledger.Key, now time.Time) []KeyInfo {
	out := make([]KeyInfo, len(stored))
	for n, k := range stored {
		out[n] = keyInfo(k, now)
	}
	return out
}

func keyInfo(s ledger.Key, now time.Time) KeyInfo {
	k := keys.Key{KID: s.KID, NotBefore: s.NotBefore, NotAfter: s.NotAfter, RevokedAt: s.RevokedAt, Chain: s.Chain}
	info := KeyInfo{KID: s.KID, Kind: kindOf(s.Use, s.Alg), State: KeyRetired, NotBefore: s.NotBefore, NotAfter: s.NotAfter,
		PublishedUntil: s.PublishedUntil, RevokedAt: s.RevokedAt}
	switch {
	case !s.RevokedAt.IsZero():
		info.State = KeyRevoked
	case now.Before(s.NotBefore):
		info.State = KeyToCome
	case k.SignsAt(now):
		info.State = KeyInUse
	}
	if leaf, err := k.Certificate(); err == nil {
		info.CertificateUntil = leaf.NotAfter
	}
	return info
}

// RotateKey makes the next key of a kind (KindES256 ...). It is published now and
// used from a time on: at, or the overlap from now if at is zero, or now if at
// is past. The one before it signs until then. The reason is kept. It returns
// Invalid "key_kind", "reason_required" or "key_time" (more than a year ahead),
// Conflict "keys_changed" when somebody else rotated at this moment, Forbidden,
// Unauthenticated.
func (i *Issuer) RotateKey(ctx context.Context, a registry.Actor, kind string, at time.Time, reason string) (KeyInfo, error) {
	why, err := i.keeping(a, reason)
	if err != nil {
		return KeyInfo{}, err
	}
	s, err := i.ring.slotOf(kind)
	if err != nil {
		return KeyInfo{}, err
	}
	now := i.now()
	switch {
	case at.IsZero():
		at = now.Add(s.overlap(i.overlap))
	case at.Before(now):
		at = now
	case at.After(now.AddDate(1, 0, 0)):
		return KeyInfo{}, fault.New(fault.Invalid, "key_time", "A key may begin within a year from now.")
	}
	if err := i.readKeys(ctx); err != nil {
		return KeyInfo{}, err
	}
	next, err := i.makeKey(i.ring.now(), s, at, now)
	if err != nil {
		return KeyInfo{}, err
	}
	err = i.ledger.RotateKey(ctx, next, at.Add(handOver), why)
	if errors.Is(err, ledger.ErrUsed) {
		return KeyInfo{}, fault.Wrap(fault.Conflict, "keys_changed", "Somebody else rotated this kind of key at the same moment. Look at the list again.", err)
	}
	if err != nil {
		return KeyInfo{}, err
	}
	return keyInfo(next, now), i.readKeys(ctx)
}

// RevokeKey ends a key at once: verifiers refuse what it signed, and if it was in
// use another takes its place at this moment. With an issuer CA, the certificates
// of all signing keys are made anew under the next. The reason is kept. It
// returns Invalid "reason_required", NotFound, Conflict "key_revoked", Forbidden,
// Unauthenticated.
func (i *Issuer) RevokeKey(ctx context.Context, a registry.Actor, kid, reason string) error {
	why, err := i.keeping(a, reason)
	if err != nil {
		return err
	}
	if err := keyError(i.ledger.RevokeKey(ctx, kid, why)); err != nil {
		return err
	}
	if err := i.loadKeys(ctx); err != nil {
		return err
	}
	return i.recertify(ctx, why)
}

// recertify makes new certificates for the signing keys whose own is from an
// issuer CA that is revoked.
func (i *Issuer) recertify(ctx context.Context, why ledger.Entry) error {
	ring, now := i.ring.now(), i.now()
	for _, k := range ring.All() {
		if len(k.Chain) == 0 || !k.RevokedAt.IsZero() || !now.Before(k.NotAfter) || !ring.FromRevoked(k) {
			continue
		}
		chain, err := i.certify(ring, k, now)
		if err != nil {
			return err
		}
		if err := i.ledger.CertifyKey(ctx, k.KID, chain, why); err != nil && !errors.Is(err, ledger.ErrRevoked) {
			return err
		}
	}
	return i.readKeys(ctx)
}

// KeyRequest makes a certificate signing request (PKCS #10, PEM) for a signing
// key, for a CA outside. It returns NotFound, Conflict "key_without_certificate"
// for a key that is not ES256, Forbidden, Unauthenticated.
func (i *Issuer) KeyRequest(ctx context.Context, a registry.Actor, kid string) ([]byte, error) {
	if err := mayKeep(a, toKeepKeys); err != nil {
		return nil, err
	}
	k, err := i.storedKey(ctx, kid)
	if err != nil {
		return nil, err
	}
	der, err := k.Request(i.legal)
	if err != nil {
		return nil, fault.Wrap(fault.Conflict, "key_without_certificate", "Only signing keys for ES256 have certificates.", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), nil
}

// CertifyKey gives a signing key the certificates of a CA outside (PEM, the key's
// own first) in place of our own. See keys.WithChain for what they must be. It
// returns Invalid "certificate" that says what is wrong, Invalid
// "reason_required", NotFound, Conflict "key_revoked", Forbidden,
// Unauthenticated.
func (i *Issuer) CertifyKey(ctx context.Context, a registry.Actor, kid string, chain []byte, reason string) error {
	why, err := i.keeping(a, reason)
	if err != nil {
		return err
	}
	k, err := i.storedKey(ctx, kid)
	if err != nil {
		return err
	}
	certificates, err := keys.ParseChain(chain)
	if err == nil {
		k, err = k.WithChain(certificates, i.now())
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, "certificate", fmt.Sprintf("This certificate cannot be taken: %v.", err), err)
	}
	if err := keyError(i.ledger.CertifyKey(ctx, kid, k.Chain, why)); err != nil {
		return err
	}
	return i.readKeys(ctx)
}

func (i *Issuer) storedKey(ctx context.Context, kid string) (keys.Key, error) {
	if err := i.readKeys(ctx); err != nil {
		return keys.Key{}, err
	}
	k, ok := i.ring.ByKID(kid)
	if !ok {
		return k, keyNotFound()
	}
	return k, nil
}

// KeyHistory gives what was done with a key, the oldest first. It returns
// NotFound, Forbidden, Unauthenticated.
func (i *Issuer) KeyHistory(ctx context.Context, a registry.Actor, kid string) ([]ledger.Entry, error) {
	all, err := i.Keys(ctx, a)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(all, func(k KeyInfo) bool { return k.KID == kid }) {
		return nil, keyNotFound()
	}
	return i.ledger.KeyLog(ctx, kid)
}

// keeping checks who does something with a key, and that it is said why.
func (i *Issuer) keeping(a registry.Actor, reason string) (ledger.Entry, error) {
	if err := mayKeep(a, toKeepKeys); err != nil {
		return ledger.Entry{}, err
	}
	if !goodReason(reason) {
		return ledger.Entry{}, reasonRequired()
	}
	return ledger.Entry{Actor: a.Name, Reason: reason}, nil
}

func keyError(err error) error {
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return keyNotFound()
	case errors.Is(err, ledger.ErrRevoked):
		return fault.Wrap(fault.Conflict, "key_revoked", "This key is revoked already.", err)
	}
	return err
}

func keyNotFound() error { return fault.New(fault.NotFound, "key_not_found", "There is no such key.") }
