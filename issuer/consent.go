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

// Consents gives what was agreed to about a record, the newest first: who gets
// which details, until when, and what was withdrawn. It returns NotFound for
// somebody else's record, Forbidden, Unauthenticated.
func (i *Issuer) Consents(ctx context.Context, a registry.Actor, registrantID uuid.UUID) ([]Consent, error) {
	if err := i.may(ctx, a, toSee, registrantID); err != nil {
		return nil, err
	}
	return i.ledger.Consents(ctx, registrantID)
}

// WithdrawConsent ends what a wallet was allowed: its tokens lead to no further
// credential, and are not refreshed. What it has stays valid; withdrawing that is
// another step. Registrants withdraw their own; admins and registrars in the
// person's name. It returns NotFound, Forbidden, Unauthenticated.
func (i *Issuer) WithdrawConsent(ctx context.Context, a registry.Actor, registrantID uuid.UUID, id string) error {
	if err := i.may(ctx, a, toRevoke, registrantID); err != nil {
		return err
	}
	err := i.ledger.WithdrawConsent(ctx, registrantID, id, a.AccountID.String())
	if errors.Is(err, ledger.ErrNotFound) {
		return notFound()
	}
	return err
}
