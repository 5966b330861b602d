package ledger

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Revoke ends an authorization: no grant of the family leads to a credential or
// to a token any more. It is no error if there is none, or if it is over.
func (l *Ledger) Revoke(ctx context.Context, family string) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		return l.revokeGrants(tx, now, "family = ?", family)
	})
	if err != nil {
		return fmt.Errorf("ledger: revoke: %w", err)
	}
	return nil
}

// revokeGrants ends the grants that a condition tells; refresh tokens end with
// their family. The first grants of their families are locked before, by a
// statement of its own: a renewal holds them until its grant is there, and only a
// statement that begins after that sees it (READ COMMITTED).
func (l *Ledger) revokeGrants(tx *gorm.DB, now db.Time, condition string, args ...any) error {
	var locked []string
	err := tx.Raw("SELECT id FROM issue_grant WHERE issuer = ? AND revoked_at IS NULL AND id IN (SELECT family FROM issue_grant WHERE issuer = ? AND "+condition+")"+
		" ORDER BY id"+l.db.Dialect.ForUpdate(), append([]any{l.issuer, l.issuer}, args...)...).Scan(&locked).Error
	if err != nil {
		return err
	}
	return tx.Model(&grantRow{}).Where("revoked_at IS NULL").Where(condition, args...).Update("revoked_at", now).Error
}
