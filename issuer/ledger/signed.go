package ledger

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// SignedBy counts the credentials that were signed with a key, and those of them that
// have not ended; beyond limit it counts no further.
func (l *Ledger) SignedBy(ctx context.Context, kid string, limit int) (all, live int64, err error) {
	err = l.read(ctx, func(tx *gorm.DB) error {
		some := tx.Model(&issuanceRow{}).Select("state").Where("kid = ?", kid).Limit(limit)
		if err := tx.Table("(?) AS issuance", some).Count(&all).Error; err != nil {
			return err
		}
		return tx.Table("(?) AS issuance", some).Where("state IN ?", liveStates()).Count(&live).Error
	})
	if err != nil {
		return 0, 0, fmt.Errorf("ledger: count what a key signed: %w", err)
	}
	return all, live, nil
}
