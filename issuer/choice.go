package issuer

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

// A wallet that asks for a credential does not say about whom: the signed-in person
// does, for the own record or for one that is represented.

// chosen gives the record that a decision is about: what was asked for, if it is one
// of the choices, the first of them, or without any the person's own.
func chosen(a registry.Actor, choices []Represented, about uuid.UUID) (uuid.UUID, error) {
	switch {
	case slices.ContainsFunc(choices, func(r Represented) bool { return r.RegistrantID == about }):
		return about, nil
	case about != uuid.Nil:
		return uuid.Nil, notFound()
	case len(choices) > 0:
		return choices[0].RegistrantID, nil
	}
	return a.RegistrantID, nil
}

// choicesOf gives the choices of a request: none, if its offer is over or is made to
// somebody else.
func (i *Issuer) choicesOf(ctx context.Context, a registry.Actor, req oauth.PushedRequest, configs []Configuration) ([]Represented, error) {
	offer, err := i.offerOf(ctx, req)
	if oauth.CodeOf(err) == oauth.CodeAccessDenied {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return i.choices(ctx, a, configs, offer)
}

// choices gives the records for which a person may agree to credentials of all of the
// configurations. Where an offer began it, that is the offer's alone, and of one that
// was made to another holder none. Of the own record
// no more is read than whose it is.
func (i *Issuer) choices(ctx context.Context, a registry.Actor, configs []Configuration, offer *ledger.Offer) ([]Represented, error) {
	records, err := i.eligible(ctx, a, offer)
	if err != nil {
		return nil, err
	}
	var out []Represented
	for _, r := range records {
		if held, err := i.mayHoldAll(ctx, holderFor(a, r.RegistrantID), r, configs); err != nil {
			return nil, err
		} else if held {
			out = append(out, r)
		}
	}
	return out, nil
}

// eligible gives the records that a person may be asked about. That of an offer is read
// alone: Represented tells of so many records and no more.
func (i *Issuer) eligible(ctx context.Context, a registry.Actor, offer *ledger.Offer) ([]Represented, error) {
	own := Represented{Attested: registry.Attested{RegistrantID: a.RegistrantID, Kind: registry.PersonKind}, For: ForPerson, Self: true}
	switch {
	case offer == nil:
		others, err := i.Represented(ctx, a)
		return append([]Represented{own}, others...), err
	case !madeFor(*offer, offer.RegistrantID, a.RegistrantID):
		return nil, nil
	case offer.RegistrantID == a.RegistrantID:
		return []Represented{own}, nil
	}
	r, err := i.RepresentedRecord(ctx, a, offer.RegistrantID)
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	return []Represented{r}, err
}

func (i *Issuer) mayHoldAll(ctx context.Context, holder uuid.UUID, r Represented, configs []Configuration) (bool, error) {
	for _, c := range configs {
		if c.For != r.For {
			return false, nil
		}
		if held, err := i.mayHold(ctx, holder, r.RegistrantID, c); err != nil || !held {
			return false, err
		}
	}
	return true, nil
}

// madeFor says whether a person may take up an offer about a record: it is about that
// record, and was made to nobody else.
func madeFor(o ledger.Offer, record, person uuid.UUID) bool {
	return o.RegistrantID == record && (o.RepresentativeID == uuid.Nil || o.RepresentativeID == person)
}

// offerOf gives the offer behind a request, nil without one. access_denied: there is
// none any more.
func (i *Issuer) offerOf(ctx context.Context, req oauth.PushedRequest) (*ledger.Offer, error) {
	if req.IssuerState == "" {
		return nil, nil
	}
	var claims stateClaims // how old it may be was asked when it was pushed
	if err := i.tokens.Open(kindIssuerState, req.IssuerState, i.now().Add(-decisionLife-pushedLife), &claims); err != nil {
		return nil, oauth.AccessDenied("").Because(err)
	}
	offer, err := i.ledger.Offer(ctx, claims.Offer)
	if err != nil {
		return nil, orNotFound(err, oauth.AccessDenied(""))
	}
	if offer.State != ledger.OfferWaiting {
		return nil, oauth.AccessDenied("")
	}
	return &offer, nil
}

// ownOffer gives the id of the offer behind a request, "" without one. access_denied:
// it is not this person's, or not open any more.
func (i *Issuer) ownOffer(ctx context.Context, o opened, a registry.Actor) (string, error) {
	offer, err := i.offerOf(ctx, o.req)
	if err != nil || offer == nil {
		return "", err
	}
	if !madeFor(*offer, o.about, a.RegistrantID) {
		return "", oauth.AccessDenied("")
	}
	return offer.ID, nil
}
