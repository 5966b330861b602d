package ledger

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Outcome is what a wallet told about the credentials of a response (OID4VCI 1.0
// §11).
type Outcome string

// The outcomes, each with the column that keeps when it was first told.
const (
	Accepted Outcome = "accepted_at"
	Refused  Outcome = "failed_at"
	Deleted  Outcome = "deleted_at"
)

// reason is why a credential ends that the wallet does not keep.
func (o Outcome) reason() string {
	if o == Deleted {
		return "wallet_deleted"
	}
	return "wallet_failed"
}

// Notify keeps what a wallet told about all credentials of one response, once:
// what is told again changes nothing (§11.1). Credentials that the wallet does not
// keep are withdrawn unless they are suspended; those that it keeps end what they were issued in place of.
// ErrNotFound: no credential was issued with that response.
func (l *Ledger) Notify(ctx context.Context, responseID string, told Outcome) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		var n int64
		known := tx.Model(&issuanceRow{}).Where("response_id = ? AND issued_at IS NOT NULL", responseID)
		if err := known.Count(&n).Error; err != nil {
			return err
		}
		if n == 0 {
			return ErrNotFound
		}
		var rows []issuanceRow
		first := tx.Where("response_id = ? AND issued_at IS NOT NULL AND "+string(told)+" IS NULL", responseID).Order("id")
		if err := first.Find(&rows).Error; err != nil || len(rows) == 0 {
			return err
		}
		if err := tx.Model(&issuanceRow{}).Where("id IN ?", idsOf(rows)).Update(string(told), now).Error; err != nil {
			return err
		}
		if told == Accepted {
			return l.accepted(tx, rows, now)
		}
		return l.notKept(tx, rows, told.reason(), now)
	})
	if err != nil {
		return fmt.Errorf("ledger: notify: %w", err)
	}
	return nil
}
