package issuer

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// mayHold says whether a person may hold a credential of a configuration about a
// record now: their own, a ward's while the guardianship lasts, that of the
// household in which they have one of its holders' roles. holder zero means that
// staff gave it to whom it is about, or who stands for that.
//
// The answer changes with the record's ChainNo, with the holder's own record, or with
// the day. The gate holds the first alone: so it is asked before a reservation and
// again after (see confirm). What changes before the second answer is seen by it; what
// changes after it finds the reservation, by the change log of either record (Follow)
// or by the calendar (turnDay).
func (i *Issuer) mayHold(ctx context.Context, holder, record uuid.UUID, c Configuration) (bool, error) {
	if holder == uuid.Nil {
		return true, nil
	}
	s, err := i.standing(ctx, holder, record)
	if err != nil {
		return false, fmt.Errorf("who may hold a credential: %w", err)
	}
	return holds(s, c), nil
}

// standing gives how a person stands to a record: in no way, if there is no such
// record, or if nothing may be issued to the person (see barred) or the person's own
// record cannot be read.
func (i *Issuer) standing(ctx context.Context, person, record uuid.UUID) (registry.Standing, error) {
	now, err := i.situationOf(ctx, person)
	if err != nil && !errors.Is(err, ErrUnreadable) {
		return registry.Standing{}, err
	}
	if now.closed != "" {
		return registry.Standing{}, nil
	}
	s, err := i.registry.Standing(ctx, person, record)
	if kind := fault.KindOf(err); kind == fault.NotFound || kind == fault.Gone {
		return registry.Standing{}, nil
	}
	return s, err
}

// holds says what a standing is good for.
func holds(s registry.Standing, c Configuration) bool {
	if subjectOf(s.Kind) != c.For {
		return false
	}
	if c.For == ForHousehold {
		return s.HasRole(c.HolderRoles...)
	}
	return s.Self || s.Guardian && !c.OwnOnly
}

// lapses says why a live credential ends because of who holds it; "" if it does
// not.
func (i *Issuer) lapses(ctx context.Context, c ledger.Issuance) (reason string, err error) {
	config, known := i.configuration(c.ConfigID)
	if !known { // it was issued by one that is gone: nothing tells who may hold it
		config.For = ""
	}
	held, err := i.mayHold(ctx, c.RepresentativeID, c.RegistrantID, config)
	if err != nil || held {
		return "", err
	}
	return reasonNotHeld, nil
}

// represents says whether a person may ask for any credential about a record that
// is not their own.
func (i *Issuer) represents(ctx context.Context, person, record uuid.UUID) (bool, error) {
	if person == uuid.Nil {
		return false, nil
	}
	s, err := i.standing(ctx, person, record)
	if err != nil {
		return false, fmt.Errorf("who may act for a record: %w", err)
	}
	for _, c := range i.configs {
		if holds(s, c) {
			return true, nil
		}
	}
	return false, nil
}

// holderOf says who will hold what an actor offers about a record, and checks that
// every configuration is about such a record and, of a registrant, that they may
// hold it. Zero: whom the record is about.
func (i *Issuer) holderOf(ctx context.Context, a registry.Actor, record uuid.UUID, configIDs []string) (uuid.UUID, error) {
	attested, err := i.registry.Attested(ctx, record)
	if err != nil {
		return uuid.Nil, fmt.Errorf("offer to a registrant: %w", err)
	}
	holder := uuid.Nil
	if a.RegistrantID != record {
		holder = a.RegistrantID // zero for staff
	}
	for _, id := range configIDs {
		c, _ := i.configuration(id)
		if c.For != subjectOf(attested.Kind) {
			return uuid.Nil, fault.New(fault.Invalid, "unknown_configuration", "A credential configuration is not about such a record.")
		}
		if ok, err := i.mayHold(ctx, holder, record, c); err != nil {
			return uuid.Nil, err
		} else if !ok {
			return uuid.Nil, notFound()
		}
	}
	return holder, nil
}
