package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// IssuanceQuery asks for credentials; what is zero asks nothing.
type IssuanceQuery struct {
	ConfigID     string
	State        State
	Since        time.Time // reserved then or later
	RegistrantID uuid.UUID
	Format       string
	From, To     uuid.UUID // an id between these, both included
	Once         bool      // of the copies that went out together the first alone
	Before       Place     // of the last one of the page before
	Limit        int
}

// Place is where an issuance stands in the list, the newest first.
type Place struct {
	At time.Time
	ID uuid.UUID
}

// FindIssuances gives the credentials that a query asks for, the newest first.
func (l *Ledger) FindIssuances(ctx context.Context, q IssuanceQuery) ([]Issuance, error) {
	var rows []issuanceRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		if q.ConfigID != "" {
			tx = tx.Where("config_id = ?", q.ConfigID)
		}
		if q.State != "" {
			tx = tx.Where("state = ?", string(q.State))
		}
		if !q.Since.IsZero() {
			tx = tx.Where("reserved_at >= ?", db.TimeOf(q.Since))
		}
		if q.RegistrantID != uuid.Nil {
			tx = tx.Where("registrant_id = ?", q.RegistrantID)
		}
		if q.Format != "" {
			tx = tx.Where("format = ?", q.Format)
		}
		if q.To != uuid.Nil {
			tx = tx.Where("id BETWEEN ? AND ?", q.From, q.To)
		}
		if q.Once {
			tx = tx.Where("NOT EXISTS (SELECT 1 FROM issuance o WHERE o.issuer = issuance.issuer AND o.response_id = issuance.response_id AND o.id < issuance.id)")
		}
		if !q.Before.At.IsZero() {
			tx = tx.Where("(reserved_at, id) < (?, ?)", db.TimeOf(q.Before.At), q.Before.ID)
		}
		return tx.Order("reserved_at DESC, id DESC").Limit(q.Limit).Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: find issuances: %w", err)
	}
	return toIssuances(rows), nil
}

// OpenOffers gives the offers that may still be redeemed, those that end first at
// first, at most limit.
func (l *Ledger) OpenOffers(ctx context.Context, limit int) ([]Offer, error) {
	var rows []offerRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Where("state = ? AND expires_at > ?", string(OfferWaiting), db.TimeOf(l.now())).Order("expires_at, id").Limit(limit).Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: find open offers: %w", err)
	}
	out := make([]Offer, len(rows))
	for n, r := range rows {
		out[n] = r.toOffer()
	}
	return out, nil
}
