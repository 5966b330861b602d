package ledger

import (
	"context"
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Grant is the permission behind an access token: whose record, for which
// configurations, until when. Its id stands in the token.
type Grant struct {
	ID           string
	OfferID      string
	RegistrantID uuid.UUID
	ConfigIDs    []string
	ExpiresAt    time.Time
}

type grantRow struct {
	ID           string    `gorm:"column:id;primaryKey"`
	OfferID      string    `gorm:"column:offer_id"`
	RegistrantID uuid.UUID `gorm:"column:registrant_id"`
	ConfigIDs    string    `gorm:"column:config_ids"`
	CreatedAt    db.Time   `gorm:"column:created_at"`
	ExpiresAt    db.Time   `gorm:"column:expires_at"`
	RevokedAt    *db.Time  `gorm:"column:revoked_at"`
}

func (grantRow) TableName() string { return "issue_grant" }

func (r grantRow) toGrant() Grant {
	return Grant{ID: r.ID, OfferID: r.OfferID, RegistrantID: r.RegistrantID, ConfigIDs: splitIDs(r.ConfigIDs), ExpiresAt: r.ExpiresAt.Time}
}

// Redemption is the attempt to turn an offer's code into a grant.
type Redemption struct {
	OfferID    string
	HasTxCode  bool   // the request carried one, perhaps empty
	TxCodeHash string // keyed hash of what it carried
	GrantID    string // random id of the grant to be made
	Life       time.Duration
}

// Redeem turns an offer into a grant, once: of any number of attempts at the
// same time, in any number of processes, one gets the grant and all others
// ErrUsed. A wrong transaction code is counted and gives ErrTxCodeWrong; the
// MaxTxFailures-th cancels the offer, after which the right code is ErrUsed
// too. Other refusals: ErrNotFound, ErrExpired, ErrTxCodeMissing,
// ErrTxCodeUnexpected.
func (l *Ledger) Redeem(ctx context.Context, r Redemption) (Grant, error) {
	var grant Grant
	var refused error
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		var offer offerRow
		if err := findOffer(tx, r.OfferID, l.db.Dialect.ForUpdate(), &offer); err != nil {
			return err
		}
		if refused = refusal(offer, r, now); refused != nil {
			return countFailure(tx, offer, refused) // committed: the count must stand
		}
		var err error
		grant, err = makeGrant(tx, offer, r, now)
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return Grant{}, fmt.Errorf("ledger: redeem offer: %w", err)
	}
	return grant, nil
}

// refusal checks in an order that tells a guesser nothing: whether the offer is
// alive comes before anything about its transaction code.
func refusal(o offerRow, r Redemption, now db.Time) error {
	switch {
	case o.State != string(OfferWaiting):
		return ErrUsed
	case !now.Before(o.ExpiresAt.Time):
		return ErrExpired
	case o.TxCodeHash == "" && r.HasTxCode: // OID4VCI 1.0 §6.3: invalid_request
		return ErrTxCodeUnexpected
	case o.TxCodeHash != "" && !r.HasTxCode:
		return ErrTxCodeMissing
	case o.TxCodeHash != "" && subtle.ConstantTimeCompare([]byte(o.TxCodeHash), []byte(r.TxCodeHash)) != 1:
		return ErrTxCodeWrong
	}
	return nil
}

// countFailure counts a wrong transaction code; the caller holds the offer's
// row, so parallel guesses are counted one by one.
func countFailure(tx *gorm.DB, o offerRow, refused error) error {
	if refused != ErrTxCodeWrong {
		return nil
	}
	set := map[string]any{"tx_failures": o.TxFailures + 1}
	if o.TxFailures+1 >= MaxTxFailures {
		set["state"], set["cancelled_by"] = string(OfferCancelled), ByTxFailures
	}
	return tx.Model(&offerRow{}).Where("id = ?", o.ID).Updates(set).Error
}

func makeGrant(tx *gorm.DB, o offerRow, r Redemption, now db.Time) (Grant, error) {
	if err := use(tx, onceCode, o.ID, o.ExpiresAt); err != nil {
		return Grant{}, err
	}
	if err := setOfferState(tx, o.ID, OfferRedeemed, OfferWaiting); err != nil {
		return Grant{}, err
	}
	row := grantRow{ID: r.GrantID, OfferID: o.ID, RegistrantID: o.RegistrantID, ConfigIDs: o.ConfigIDs,
		CreatedAt: now, ExpiresAt: db.Time{Time: now.Add(r.Life)}}
	return row.toGrant(), tx.Create(&row).Error
}

// checkGrant refuses a grant that is unknown, over or revoked, in the caller's
// transaction; lock keeps a revocation out until that ends.
func checkGrant(tx *gorm.DB, id, lock string, now db.Time) (Grant, error) {
	var row grantRow
	res := tx.Raw("SELECT id, offer_id, registrant_id, config_ids, created_at, expires_at, revoked_at"+
		" FROM issue_grant WHERE id = ?"+lock, id).Scan(&row)
	switch {
	case res.Error != nil:
		return Grant{}, res.Error
	case res.RowsAffected == 0, row.RevokedAt != nil:
		return Grant{}, ErrRevoked
	case !now.Before(row.ExpiresAt.Time):
		return Grant{}, ErrExpired
	}
	return row.toGrant(), nil
}
