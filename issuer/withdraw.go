package issuer

import (
	"cmp"
	"context"
	"errors"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// Why the follower withdraws. The pages have words for each.
const (
	reasonChanged    = "detail_changed"
	reasonUnreadable = "record_unreadable"
	reasonGone       = "record_gone"     // deleted, erased or merged into another
	reasonInactive   = "record_inactive" // of a person; of a group: it has ended
	reasonDeceased   = "person_deceased"
	reasonNotHeld    = "holder_no_longer_entitled" // a guardianship has ended, or a part in a household
)

// maxReason bounds the reason of a step, in bytes.
const maxReason = 500

// Withdraw withdraws one credential at once and for good, with all copies that went
// out with it; if the office does, with the papers of it that count, for it means what
// they say. Who withdraws a paper means that paper alone. Registrants may withdraw their own; admins and registrars any.
// Unlike a change of a detail it leaves no standing re-issue. The reason is shown
// to the person; it must not be empty. It returns Invalid "reason_required",
// NotFound, Forbidden, Unauthenticated, Conflict "not_live" if the credential
// has ended already, or Conflict "suspended" of who is no staff: the office ends a
// suspension, and who holds the credential does not get a new one instead.
func (i *Issuer) Withdraw(ctx context.Context, a registry.Actor, id uuid.UUID, reason string) error {
	return i.turn(ctx, a, toWithdraw, id, reason, fault.New(fault.Conflict, "not_live", "This credential is no longer valid already."),
		func(ids []uuid.UUID, why ledger.Closing) (int, error) {
			if isStaff(a, toWithdraw) {
				return i.ledger.Withdraw(ctx, ids, why, false)
			}
			n, err := i.ledger.GiveUp(ctx, ids, why)
			if errors.Is(err, ledger.ErrSuspended) {
				err = fault.Wrap(fault.Conflict, "suspended", "This credential is suspended: only the office can restore it or withdraw it.", err)
			}
			return n, err
		})
}

// Suspend takes validity from a credential, its copies and its papers until it is restored or
// withdrawn: staff only. Errors are those of Withdraw, but Conflict "not_issued" if
// it is not a valid credential now.
func (i *Issuer) Suspend(ctx context.Context, a registry.Actor, id uuid.UUID, reason string) error {
	return i.turn(ctx, a, toSuspend, id, reason, fault.New(fault.Conflict, "not_issued", "Only a credential that is issued and valid can be suspended."),
		func(ids []uuid.UUID, why ledger.Closing) (int, error) { return i.ledger.Suspend(ctx, ids, why) })
}

// Restore gives validity back to a credential that is suspended, and to its papers that
// are: staff only. One
// that is withdrawn is never restored. Errors are those of Withdraw, but Conflict
// "not_suspended", or Conflict "consent_withdrawn" where the configuration lets its
// credentials end with their consent: such a one is withdrawn.
func (i *Issuer) Restore(ctx context.Context, a registry.Actor, id uuid.UUID, reason string) error {
	return i.turn(ctx, a, toSuspend, id, reason, fault.New(fault.Conflict, "not_suspended", "Only a credential that is suspended can be restored."),
		func(ids []uuid.UUID, why ledger.Closing) (int, error) {
			n, err := i.ledger.Restore(ctx, ids, why, i.endWithConsent())
			if errors.Is(err, ledger.ErrNoConsent) {
				err = fault.Wrap(fault.Conflict, "consent_withdrawn", "The consent to this credential was withdrawn: it is not restored, only withdrawn.", err)
			}
			return n, err
		})
}

// turn is what the steps that people take have in common: who may, why, and what
// it means when nothing moved.
func (i *Issuer) turn(ctx context.Context, a registry.Actor, act action, id uuid.UUID, reason string, idle error,
	step func(ids []uuid.UUID, why ledger.Closing) (int, error)) error {
	if _, err := i.issuanceFor(ctx, a, act, id); err != nil {
		return err
	}
	if !goodReason(reason) {
		return reasonRequired()
	}
	n, err := step([]uuid.UUID{id}, ledger.Closing{Reason: reason, By: a.AccountID.String(), Papers: isStaff(a, act)})
	if err == nil && n == 0 {
		return idle
	}
	return err
}

// issuanceFor gives a credential to whoever may do something with it; NotFound for
// one that is not there and for somebody else's.
func (i *Issuer) issuanceFor(ctx context.Context, a registry.Actor, act action, id uuid.UUID) (ledger.Issuance, error) {
	if err := inScope(a, act); err != nil {
		return ledger.Issuance{}, err
	}
	row, err := i.ledger.Issuance(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) { // the same work, so that nobody learns which credentials there are
		return row, cmp.Or(i.may(ctx, a, act, id), notFound())
	}
	if err != nil {
		return row, err
	}
	if row.RepresentativeID != uuid.Nil && a.RegistrantID == row.RepresentativeID {
		return row, i.may(ctx, a, act, a.RegistrantID) // theirs, though about somebody else
	}
	return row, i.may(ctx, a, act, row.RegistrantID)
}

func reasonRequired() error {
	return fault.New(fault.Invalid, "reason_required", "Give a reason of at most 500 bytes, without control characters.")
}

func goodReason(s string) bool {
	if s == "" || len(s) > maxReason || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}
