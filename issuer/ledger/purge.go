package ledger

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Purge deletes offers, deferrals, grants, refresh tokens and deliveries that were over longer ago than
// keep, at most limit of each, and says how many. What was issued by them stays,
// and so does what was agreed to. A grant stays as long as a refresh token of its
// authorization does.
func (l *Ledger) Purge(ctx context.Context, keep time.Duration, limit int) (int, error) {
	purged := 0
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		purged = 0
		for _, statement := range []string{
			"DELETE FROM refresh_token WHERE issuer = @issuer AND hash IN" +
				" (SELECT hash FROM refresh_token WHERE issuer = @issuer AND expires_at < @before ORDER BY expires_at LIMIT @limit)",
			"DELETE FROM issue_grant WHERE issuer = @issuer AND id IN (SELECT id FROM issue_grant g WHERE issuer = @issuer AND expires_at < @before" +
				" AND NOT EXISTS (SELECT 1 FROM refresh_token r WHERE r.issuer = g.issuer AND r.family = g.family) ORDER BY expires_at LIMIT @limit)",
			"DELETE FROM deferred_issuance WHERE issuer = @issuer AND id IN" +
				" (SELECT id FROM deferred_issuance WHERE issuer = @issuer AND expires_at < @before ORDER BY expires_at LIMIT @limit)",
			"DELETE FROM credential_offer WHERE issuer = @issuer AND id IN" +
				" (SELECT id FROM credential_offer WHERE issuer = @issuer AND expires_at < @before ORDER BY expires_at LIMIT @limit)",
			"DELETE FROM delivery WHERE id IN (SELECT id FROM delivery WHERE state <> 'waiting' AND ended_at < @before ORDER BY ended_at LIMIT @limit)",
		} {
			done := tx.Exec(statement, map[string]any{"issuer": l.issuer, "before": db.TimeOf(now.Add(-keep)), "limit": limit})
			if done.Error != nil {
				return done.Error
			}
			purged += int(done.RowsAffected)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("ledger: purge: %w", err)
	}
	return purged, nil
}
