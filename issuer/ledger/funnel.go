package ledger

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// countedSteps is the most steps that Funnel counts: it is asked for by a page.
const countedSteps = 200_000

// Funnel counts the steps that credentials of this issuer have taken since a moment, by step; all
// is false if there are more than are counted.
func (l *Ledger) Funnel(ctx context.Context, since time.Time) (steps map[string]int, all bool, err error) {
	var rows []struct {
		Step  string `gorm:"column:step"`
		Count int    `gorm:"column:count"`
	}
	err = l.read(ctx, func(tx *gorm.DB) error {
		rows = nil
		return tx.Raw(`SELECT step, count(*) AS count FROM (SELECT step FROM issuance_event WHERE issuer = ? AND id >= ? ORDER BY id DESC LIMIT ?) e GROUP BY step`,
			issuerOf(tx), firstID(since), countedSteps).Scan(&rows).Error
	})
	if err != nil {
		return nil, false, fmt.Errorf("ledger: count steps: %w", err)
	}
	steps, n := map[string]int{}, 0
	for _, row := range rows {
		steps[row.Step] = row.Count
		n += row.Count
	}
	return steps, n < countedSteps, nil
}

// firstID is before every id that was made at a moment or later (RFC 9562 §5.7).
func firstID(at time.Time) (id uuid.UUID) {
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(0, at.UnixMilli())))
	copy(id[:6], ms[2:])
	return id
}
