package issuer

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// Consent is what a person agreed to: who gets which details, until when.
type Consent = ledger.Consent

// Consents gives what was agreed to about a record, and what its registrant agreed to
// for others, the newest first: who gets which details, until when, and what was
// withdrawn. It returns NotFound for somebody else's record, Forbidden,
// Unauthenticated.
func (i *Issuer) Consents(ctx context.Context, a registry.Actor, registrantID uuid.UUID) ([]Consent, error) {
	if err := i.may(ctx, a, toSee, registrantID); err != nil {
		return nil, err
	}
	return i.ledger.Consents(ctx, registrantID)
}

// WithdrawConsent ends what a wallet was allowed: its tokens lead to no further
// credential, and are not refreshed. What it has stays valid, but for credentials of
// the configurations that say otherwise (see Ends), which are withdrawn. Registrants
// withdraw their own, also those that they gave for others; admins and registrars in
// the person's name. It returns NotFound, Forbidden, Unauthenticated.
func (i *Issuer) WithdrawConsent(ctx context.Context, a registry.Actor, registrantID uuid.UUID, id string) error {
	if err := i.may(ctx, a, toRevoke, registrantID); err != nil {
		return err
	}
	err := i.ledger.WithdrawConsent(ctx, registrantID, id, a.AccountID.String(), i.endWithConsent())
	if errors.Is(err, ledger.ErrNotFound) {
		return notFound()
	}
	return err
}

// Ends gives those configurations that a consent is for whose credentials are withdrawn
// with it; all others stay valid.
func (i *Issuer) Ends(c Consent) []Configuration {
	var out []Configuration
	for _, config := range i.configs {
		if _, agreed := c.Details[config.ID]; agreed && config.ConsentEnd == WithdrawIssued {
			out = append(out, config)
		}
	}
	return out
}

func (i *Issuer) endWithConsent() []string {
	var ids []string
	for _, c := range i.configs {
		if c.ConsentEnd == WithdrawIssued {
			ids = append(ids, c.ID)
		}
	}
	return ids
}
