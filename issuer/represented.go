package issuer

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// Represented is a record whose credentials a person may hold: the own one, that of a
// ward, or that of the household that the person stands for. It tells what is attested
// and no more: that is what the person can have in a credential.
type Represented struct {
	registry.Attested
	For  Subject
	Self bool // it is the person's own
}

// Represented gives the records of others whose credentials the signed-in person may
// hold now, in an order that does not change. It returns Unauthenticated, Forbidden.
func (i *Issuer) Represented(ctx context.Context, a registry.Actor) ([]Represented, error) {
	if err := i.may(ctx, a, toConsent, a.RegistrantID); err != nil {
		return nil, err
	}
	ids, err := i.registry.Represented(ctx, a.RegistrantID)
	if err != nil {
		return nil, err
	}
	var out []Represented
	for _, id := range ids {
		r, err := i.RepresentedRecord(ctx, a, id)
		if fault.KindOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// RepresentedRecord gives one of the records whose credentials the signed-in person may
// hold now, the own one too. It returns NotFound for all others, Unauthenticated,
// Forbidden.
func (i *Issuer) RepresentedRecord(ctx context.Context, a registry.Actor, record uuid.UUID) (Represented, error) {
	if err := i.may(ctx, a, toConsent, a.RegistrantID); err != nil {
		return Represented{}, err
	}
	if err := i.may(ctx, a, toOffer, record); err != nil {
		return Represented{}, err
	}
	attested, err := i.registry.Attested(ctx, record)
	if err != nil {
		return Represented{}, fmt.Errorf("read who is represented: %w", err)
	}
	out := Represented{Attested: attested, For: subjectOf(attested.Kind), Self: record == a.RegistrantID}
	if !out.Self && barred(attested) != "" {
		return Represented{}, notFound()
	}
	return out, nil
}

// holderFor says who holds what a registrant gets about a record; zero: whom it is
// about.
func holderFor(a registry.Actor, record uuid.UUID) uuid.UUID {
	if a.RegistrantID == record {
		return uuid.Nil
	}
	return a.RegistrantID
}

// checkHolder refuses a code or a refresh token whose holder may hold none of the
// configurations any more: invalid_grant, in the given words. Whether each of them may
// be held is asked again at every issue.
func (i *Issuer) checkHolder(ctx context.Context, holder, record uuid.UUID, configIDs []string, refusal error) error {
	for _, id := range configIDs {
		config, known := i.configuration(id)
		if !known {
			continue
		}
		if held, err := i.mayHold(ctx, holder, record, config); err != nil || held {
			return err
		}
	}
	return refusal
}
