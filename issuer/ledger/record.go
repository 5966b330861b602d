package ledger

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Record closes the reservations of one response after the signatures: the
// credentials are issued, their offer too if they were the last ones missing, a
// standing re-issue is done, and what they take the place of is replaced.
// ErrNotReserved if one of the reservations was withdrawn or swept meanwhile: then
// none is issued, and none of the signed bytes may be handed out.
func (l *Ledger) Record(ctx context.Context, ids ...uuid.UUID) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error { return l.record(tx, ids, now) })
	if err != nil {
		return fmt.Errorf("ledger: record: %w", err)
	}
	return nil
}

func (l *Ledger) record(tx *gorm.DB, ids []uuid.UUID, now db.Time) error {
	rows, err := l.issue(tx, ids, now)
	if err != nil {
		return err
	}
	offer, err := l.settleOffer(tx, rows[0])
	if err != nil {
		return err
	}
	if err := writeBirth(tx, rows, offer, now); err != nil {
		return err
	}
	if err := l.replace(tx, rows, offer, now); err != nil {
		return err
	}
	return tx.Exec("DELETE FROM standing_reissue WHERE issuer = ? AND registrant_id = ? AND config_id = ?", l.issuer, rows[0].RegistrantID, rows[0].ConfigID).Error
}

// issue marks what was reserved as issued, all of it: ErrNotReserved.
func (l *Ledger) issue(tx *gorm.DB, ids []uuid.UUID, now db.Time) ([]issuanceRow, error) {
	rows, err := l.lockIssuances(tx, ids, []State{Reserved})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || len(rows) != len(ids) {
		return nil, ErrNotReserved
	}
	return rows, tx.Model(&issuanceRow{}).Where("id IN ?", ids).Updates(map[string]any{"state": string(Issued), "issued_at": now}).Error
}

// writeBirth begins the lives of credentials: when they were offered, if they were,
// and when they were issued.
func writeBirth(tx *gorm.DB, rows []issuanceRow, offer offerRow, now db.Time) error {
	if offer.ID != "" {
		err := writeEvents(tx, rows, StepOffered, Closing{By: offer.CreatedBy}, offer.CreatedAt)
		if err != nil {
			return err
		}
	}
	return writeEvents(tx, rows, StepIssued, Closing{By: ByWallet}, now)
}

// settleOffer marks the offer behind an issuance as issued when all that it offers
// has been, and gives it; the zero row if the wallet began by itself. It locks the
// offer before it counts: of two last ones at once, the second sees the first.
func (l *Ledger) settleOffer(tx *gorm.DB, i issuanceRow) (offerRow, error) {
	var offer offerRow
	res := tx.Raw("SELECT id, config_ids, created_by, created_at, replaces FROM credential_offer"+
		" WHERE issuer = ? AND id = (SELECT offer_id FROM issue_grant WHERE issuer = ? AND id = ?)"+l.db.Dialect.ForUpdate(), l.issuer, l.issuer, i.GrantID).Scan(&offer)
	if res.Error != nil || res.RowsAffected == 0 {
		return offer, res.Error
	}
	var issued int64
	err := tx.Model(&issuanceRow{}).Where("grant_id = ? AND issued_at IS NOT NULL", i.GrantID).
		Distinct("config_id").Count(&issued).Error
	if err != nil || int(issued) < len(splitIDs(offer.ConfigIDs)) {
		return offer, err
	}
	return offer, setOfferState(tx, offer.ID, OfferIssued, OfferRedeemed)
}
