package issuer

import (
	"context"
	"errors"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// Why the follower withdraws.
const (
	reasonChanged    = "detail_changed"
	reasonUnreadable = "record_unreadable"
)

// maxReason bounds the reason of a withdrawal, in bytes.
const maxReason = 500

// Withdraw withdraws one credential at once. Registrants may withdraw their own;
// admins and registrars any. Unlike a change of a detail it leaves no standing
// re-issue. The reason is shown to the person; it must not be empty. It returns
// Invalid "reason_required", NotFound, Forbidden, Unauthenticated, or Conflict
// "not_live" if the credential is withdrawn already.
func (i *Issuer) Withdraw(ctx context.Context, a registry.Actor, id uuid.UUID, reason string) error {
	row, err := i.ledger.Issuance(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return notFound()
	}
	if err != nil {
		return err
	}
	if err := i.may(ctx, a, toWithdraw, row.RegistrantID); err != nil {
		return err
	}
	if !goodReason(reason) {
		return fault.New(fault.Invalid, "reason_required", "Give a reason of at most 500 bytes, without control characters.")
	}
	n, err := i.ledger.Withdraw(ctx, []uuid.UUID{id}, ledger.Closing{Reason: reason, By: a.AccountID.String()}, false)
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "not_live", "This credential is no longer valid already.")
	}
	return err
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
