package issuer

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oid4vci"
	"socialregistry/registry"
)

// Reissue makes an offer of a new credential in the place of one (OID4VCI 1.0
// §14.5): registrants for those that they hold, and for those that their wards or
// household held and that have ended; staff who may make offers for any. A
// registrant holds the new one, staff leave it with whoever held the old one. When the new
// one is issued, or when the wallet says that it took it, as its configuration has
// it, the old one is withdrawn with all its copies. It may have been withdrawn
// before: then the two are tied, and nothing else happens.
//
// It returns Forbidden, Unauthenticated, NotFound as CreateOffer does, or Conflict
// "not_issued" for what nobody ever had, "is_paper", "suspended", "replaced" and "no_contact".
func (i *Issuer) Reissue(ctx context.Context, a registry.Actor, id uuid.UUID, withTxCode bool) (Offer, error) {
	row, err := i.issuanceFor(ctx, a, toOffer, id)
	if err != nil {
		return Offer{}, err
	}
	if err := mayBeReissued(row); err != nil {
		return Offer{}, err
	}
	if err := i.checkConfigIDs([]string{row.ConfigID}); err != nil {
		return Offer{}, err
	}
	holder, err := newHolder(a, i.toIssued(row))
	if err != nil {
		return Offer{}, err
	}
	if _, err := i.holderOf(ctx, registry.Actor{RegistrantID: holder}, row.RegistrantID, []string{row.ConfigID}); err != nil {
		return Offer{}, fmt.Errorf("offer a new credential: %w", err)
	}
	o := ledger.Offer{RegistrantID: row.RegistrantID, RepresentativeID: holder, ConfigIDs: []string{row.ConfigID},
		Replaces: row.ID, GrantTypes: []ledger.GrantKind{ledger.PreAuthorizedCode}, CreatedBy: a.AccountID.String()}
	if withTxCode {
		o.TxCodeMode = oid4vci.TxCodeNumeric
	}
	return i.makeOffer(ctx, a, o)
}

// newHolder says who will hold the new credential; zero: whom it is about. It returns
// NotFound for what is not ReplaceableBy a registrant.
func newHolder(a registry.Actor, old Issued) (uuid.UUID, error) {
	if isStaff(a, toOffer) {
		return old.HeldBy, nil
	}
	if !old.ReplaceableBy(a) {
		return uuid.Nil, notFound()
	}
	return holderFor(a, old.RegistrantID), nil
}

// ReplaceableBy says whether a registrant may get a new credential in the place of this
// one: who holds it may, and, as soon as it has ended, also who stands for whom it is
// about. Nobody takes a good one out of another's wallet, a guardian neither.
func (c Issued) ReplaceableBy(a registry.Actor) bool {
	holder := c.HeldBy
	if holder == uuid.Nil {
		holder = c.RegistrantID
	}
	return holder == a.RegistrantID || c.HeldBy == uuid.Nil && !c.WithdrawnAt.IsZero()
}

func mayBeReissued(row ledger.Issuance) error {
	switch {
	case row.IssuedAt.IsZero():
		return fault.New(fault.Conflict, "not_issued", "This credential was never issued.")
	case row.Format == FormatPaper:
		return fault.New(fault.Conflict, "is_paper", "This was printed. Print a new one instead.")
	case row.State == ledger.Suspended:
		return errSuspended()
	case row.ReplacedBy != uuid.Nil:
		return fault.New(fault.Conflict, "replaced", "A newer credential stands in the place of this one.")
	}
	return nil
}
