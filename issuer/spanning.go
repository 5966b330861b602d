package issuer

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// What a person has from all issuers is shown together, and what is named by its id is
// looked for at each: ids are random, so that one issuer has it or none.

// Readiness is Issuer.Readiness at every issuer.
func (s *Issuers) Readiness(ctx context.Context, a registry.Actor, registrantID uuid.UUID) ([]Readiness, error) {
	return gather(s, func(i *Issuer) ([]Readiness, error) { return i.Readiness(ctx, a, registrantID) })
}

// Issued is Issuer.Issued at every issuer, the newest first.
func (s *Issuers) Issued(ctx context.Context, a registry.Actor, registrantID uuid.UUID) ([]Issued, error) {
	all, err := gather(s, func(i *Issuer) ([]Issued, error) { return i.Issued(ctx, a, registrantID) })
	slices.SortStableFunc(all, func(x, y Issued) int { return y.ReservedAt.Compare(x.ReservedAt) })
	return all[:min(len(all), maxShown)], err
}

// Consents is Issuer.Consents at every issuer, the newest first.
func (s *Issuers) Consents(ctx context.Context, a registry.Actor, registrantID uuid.UUID) ([]Consent, error) {
	all, err := gather(s, func(i *Issuer) ([]Consent, error) { return i.Consents(ctx, a, registrantID) })
	slices.SortStableFunc(all, func(x, y Consent) int { return y.GivenAt.Compare(x.GivenAt) })
	return all, err
}

// Ends is Issuer.Ends of the issuer that asked for the consent.
func (s *Issuers) Ends(c Consent) []Configuration {
	i, err := s.Of(c.Issuer)
	if err != nil { // it was removed: nothing is known of its configurations
		return nil
	}
	return i.Ends(c)
}

// gather puts the lists of all issuers into one.
func gather[T any](s *Issuers, list func(*Issuer) ([]T, error)) ([]T, error) {
	var all []T
	for _, i := range s.all {
		some, err := list(i)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// Life is Issuer.Life of whichever issuer the credential is from.
func (s *Issuers) Life(ctx context.Context, a registry.Actor, id uuid.UUID) (Life, error) {
	i, err := s.issuerOf(ctx, id)
	if err != nil {
		return Life{}, err
	}
	return i.Life(ctx, a, id)
}

// Withdraw is Issuer.Withdraw of whichever issuer the credential is from.
func (s *Issuers) Withdraw(ctx context.Context, a registry.Actor, id uuid.UUID, reason string) error {
	return s.turn(ctx, id, func(i *Issuer) error { return i.Withdraw(ctx, a, id, reason) })
}

// Suspend is Issuer.Suspend of whichever issuer the credential is from.
func (s *Issuers) Suspend(ctx context.Context, a registry.Actor, id uuid.UUID, reason string) error {
	return s.turn(ctx, id, func(i *Issuer) error { return i.Suspend(ctx, a, id, reason) })
}

// Restore is Issuer.Restore of whichever issuer the credential is from.
func (s *Issuers) Restore(ctx context.Context, a registry.Actor, id uuid.UUID, reason string) error {
	return s.turn(ctx, id, func(i *Issuer) error { return i.Restore(ctx, a, id, reason) })
}

// Reissue is Issuer.Reissue of whichever issuer the credential is from.
func (s *Issuers) Reissue(ctx context.Context, a registry.Actor, id uuid.UUID, withTxCode bool) (o Offer, err error) {
	err = s.turn(ctx, id, func(i *Issuer) error {
		o, err = i.Reissue(ctx, a, id, withTxCode)
		return err
	})
	return o, err
}

func (s *Issuers) turn(ctx context.Context, credential uuid.UUID, step func(*Issuer) error) error {
	i, err := s.issuerOf(ctx, credential)
	if err != nil {
		return err
	}
	return step(i)
}

// issuerOf finds the issuer that a credential is from; the one at the root for one that
// is not there, and says so then as it always does.
func (s *Issuers) issuerOf(ctx context.Context, credential uuid.UUID) (*Issuer, error) {
	for _, i := range s.all {
		_, err := i.ledger.Issuance(ctx, credential)
		if !errors.Is(err, ledger.ErrNotFound) {
			return i, err
		}
	}
	return s.Issuer, nil
}

// Offer is Issuer.Offer of whichever issuer made the offer.
func (s *Issuers) Offer(ctx context.Context, a registry.Actor, id string) (o Offer, err error) {
	err = s.first(func(i *Issuer) error {
		o, err = i.Offer(ctx, a, id)
		return err
	})
	return o, err
}

// CancelOffer is Issuer.CancelOffer of whichever issuer made the offer.
func (s *Issuers) CancelOffer(ctx context.Context, a registry.Actor, id string) error {
	return s.first(func(i *Issuer) error { return i.CancelOffer(ctx, a, id) })
}

// WithdrawConsent is Issuer.WithdrawConsent of whichever issuer asked for the consent.
func (s *Issuers) WithdrawConsent(ctx context.Context, a registry.Actor, registrantID uuid.UUID, id string) error {
	return s.first(func(i *Issuer) error { return i.WithdrawConsent(ctx, a, registrantID, id) })
}

// first asks one issuer after the other until one finds what is asked for.
func (s *Issuers) first(ask func(*Issuer) error) (err error) {
	for _, i := range s.all {
		if err = ask(i); fault.KindOf(err) != fault.NotFound {
			return err
		}
	}
	return err
}

// Authorization is Issuer.Authorization of the issuer that sealed the decision.
func (s *Issuers) Authorization(ctx context.Context, a registry.Actor, decision string) (Authorization, error) {
	return s.sealedBy(decision).Authorization(ctx, a, decision)
}

// AuthorizationAbout is Issuer.AuthorizationAbout of the issuer that sealed the decision.
func (s *Issuers) AuthorizationAbout(ctx context.Context, a registry.Actor, decision string, about uuid.UUID) (Authorization, error) {
	return s.sealedBy(decision).AuthorizationAbout(ctx, a, decision, about)
}

// Represented is Issuer.Represented at every issuer, each record once.
func (s *Issuers) Represented(ctx context.Context, a registry.Actor) ([]Represented, error) {
	all, err := gather(s, func(i *Issuer) ([]Represented, error) { return i.Represented(ctx, a) })
	seen := map[uuid.UUID]bool{}
	return slices.DeleteFunc(all, func(r Represented) bool {
		again := seen[r.RegistrantID]
		seen[r.RegistrantID] = true
		return again
	}), err
}

// RepresentedRecord is Issuer.RepresentedRecord of an issuer of which the person may
// hold a credential about the record.
func (s *Issuers) RepresentedRecord(ctx context.Context, a registry.Actor, record uuid.UUID) (r Represented, err error) {
	err = s.first(func(i *Issuer) error {
		r, err = i.RepresentedRecord(ctx, a, record)
		return err
	})
	return r, err
}

// Decide is Issuer.Decide of the issuer that sealed the decision.
func (s *Issuers) Decide(ctx context.Context, a registry.Actor, decision string, allow bool) (location string, err error) {
	return s.sealedBy(decision).Decide(ctx, a, decision, allow)
}

// sealedBy finds the issuer of a decision; the one at the root for what nobody sealed.
func (s *Issuers) sealedBy(decision string) *Issuer {
	for _, i := range s.all {
		var claims decisionClaims
		if i.tokens.Open(kindDecision, decision, i.now(), &claims) == nil {
			return i
		}
	}
	return s.Issuer
}

// Keys is Issuer.Keys at every issuer.
func (s *Issuers) Keys(ctx context.Context, a registry.Actor) ([]KeyInfo, error) {
	return gather(s, func(i *Issuer) ([]KeyInfo, error) {
		keys, err := i.Keys(ctx, a)
		for n := range keys {
			keys[n].Issuer = i.name
		}
		return keys, err
	})
}

// RevokeKey is Issuer.RevokeKey of whichever issuer the key is of.
func (s *Issuers) RevokeKey(ctx context.Context, a registry.Actor, kid, reason string) error {
	return s.first(func(i *Issuer) error { return i.RevokeKey(ctx, a, kid, reason) })
}

// KeyHistory is Issuer.KeyHistory of whichever issuer the key is of.
func (s *Issuers) KeyHistory(ctx context.Context, a registry.Actor, kid string) (entries []ledger.Entry, err error) {
	err = s.first(func(i *Issuer) error {
		entries, err = i.KeyHistory(ctx, a, kid)
		return err
	})
	return entries, err
}
