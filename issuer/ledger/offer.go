package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// OfferState says how far an offer went. That its time is over is told by
// ExpiresAt, not by the state.
type OfferState string

// The states of an offer.
const (
	OfferWaiting   OfferState = "waiting"   // nobody has redeemed its code
	OfferRedeemed  OfferState = "redeemed"  // a wallet has a token
	OfferIssued    OfferState = "issued"    // a wallet has every credential that was offered
	OfferCancelled OfferState = "cancelled" // withdrawn, or too many wrong transaction codes
)

// MaxTxFailures is how many wrong transaction codes kill an offer
// (OID4VCI 1.0 §13.6.3).
const MaxTxFailures = 5

// ByTxFailures cancels an offer after too many wrong transaction codes.
const ByTxFailures = "tx_failures"

// Offer is a credential offer: what is offered to whom.
type Offer struct {
	ID           string // random, at least 128 bits
	RegistrantID uuid.UUID
	ConfigIDs    []string
	GrantTypes   []GrantKind // by which a wallet may redeem it
	State        OfferState
	TxCodeHash   string // keyed hash; "" = no transaction code is asked
	TxCodeMode   string // "numeric" or "text"; "" = no transaction code is asked
	TxFailures   int
	Replaces     uuid.UUID // the credential that it is a re-issue of; zero: none
	CreatedBy    string
	CancelledBy  string // account, or ByTxFailures; "" = not cancelled
	CreatedAt    time.Time
	ExpiresAt    time.Time

	RepresentativeID uuid.UUID // who holds the credential for the registrant; zero: the registrant

	SealedCode string // of CreateOffer only: the transaction code, to be sent to whoever holds the credential; "": it is not sent
}

type offerRow struct {
	Issuer       owner      `gorm:"column:issuer"`
	ID           string     `gorm:"column:id;primaryKey"`
	RegistrantID uuid.UUID  `gorm:"column:registrant_id"`
	ConfigIDs    string     `gorm:"column:config_ids"`
	GrantTypes   string     `gorm:"column:grant_types"`
	State        string     `gorm:"column:state"`
	TxCodeHash   string     `gorm:"column:tx_code_hash"`
	TxCodeMode   string     `gorm:"column:tx_code_mode"`
	TxFailures   int        `gorm:"column:tx_failures"`
	Replaces     *uuid.UUID `gorm:"column:replaces"`
	CreatedBy    string     `gorm:"column:created_by"`
	CancelledBy  string     `gorm:"column:cancelled_by"`
	CreatedAt    db.Time    `gorm:"column:created_at"`
	ExpiresAt    db.Time    `gorm:"column:expires_at"`

	RepresentativeID *uuid.UUID `gorm:"column:representative_id"`
}

func (offerRow) TableName() string { return "credential_offer" }

func offerRowOf(o Offer) offerRow {
	return offerRow{Replaces: optionalID(o.Replaces), RepresentativeID: optionalID(o.RepresentativeID), ID: o.ID, RegistrantID: o.RegistrantID, ConfigIDs: joinIDs(o.ConfigIDs), GrantTypes: joinIDs(o.GrantTypes),
		State: string(o.State), TxCodeHash: o.TxCodeHash, TxCodeMode: o.TxCodeMode, TxFailures: o.TxFailures, CreatedBy: o.CreatedBy,
		CreatedAt: db.Time{Time: o.CreatedAt}, ExpiresAt: db.Time{Time: o.ExpiresAt}}
}

func (r offerRow) toOffer() Offer {
	return Offer{Replaces: idOf(r.Replaces), RepresentativeID: idOf(r.RepresentativeID), ID: r.ID, RegistrantID: r.RegistrantID, ConfigIDs: splitIDs(r.ConfigIDs),
		GrantTypes: splitGrants(r.GrantTypes), State: OfferState(r.State), TxCodeHash: r.TxCodeHash, TxCodeMode: r.TxCodeMode, TxFailures: r.TxFailures, CreatedBy: r.CreatedBy, CancelledBy: r.CancelledBy,
		CreatedAt: r.CreatedAt.Time, ExpiresAt: r.ExpiresAt.Time}
}

// CreateOffer stores a waiting offer that ends after life, and gives it back
// with its times. A sealed transaction code goes into the outbox with it.
func (l *Ledger) CreateOffer(ctx context.Context, o Offer, life time.Duration) (Offer, error) {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		o.State, o.CreatedAt, o.ExpiresAt = OfferWaiting, now.Time, now.Add(life)
		row := offerRowOf(o)
		if err := tx.Create(&row).Error; err != nil || o.SealedCode == "" {
			return err
		}
		return sendTxCode(tx, o)
	})
	if err != nil {
		return Offer{}, fmt.Errorf("ledger: create offer: %w", err)
	}
	return o, nil
}

// Offer gives an offer; ErrNotFound if there is none.
func (l *Ledger) Offer(ctx context.Context, id string) (Offer, error) {
	var row offerRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		return findOffer(tx, id, "", &row)
	})
	if err != nil {
		return Offer{}, fmt.Errorf("ledger: read offer: %w", err)
	}
	return row.toOffer(), nil
}

// WaitingOffer gives an offer that may still be redeemed. ErrNotFound for one that
// is over as for one that never was: the statement leaves both out, so that the
// time of an answer does not tell them apart either.
func (l *Ledger) WaitingOffer(ctx context.Context, id string) (Offer, error) {
	var rows []offerRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		if !isID(id) {
			return ErrNotFound
		}
		return tx.Where("id = ? AND state = ? AND expires_at > ?", id, string(OfferWaiting), db.TimeOf(l.now())).Limit(1).Find(&rows).Error
	})
	if err == nil && len(rows) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Offer{}, fmt.Errorf("ledger: read waiting offer: %w", err)
	}
	return rows[0].toOffer(), nil
}

// CancelOffer ends an offer in the name of by, an account, and revokes the grant
// that it led to. ErrNotFound if there is no such offer; an offer that is over already stays as it is.
func (l *Ledger) CancelOffer(ctx context.Context, id, by string) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		var row offerRow
		if err := findOffer(tx, id, l.db.Dialect.ForUpdate(), &row); err != nil {
			return err
		}
		err := tx.Model(&offerRow{}).Where("id = ? AND state IN ?", id, []OfferState{OfferWaiting, OfferRedeemed}).
			Updates(map[string]any{"state": string(OfferCancelled), "cancelled_by": by}).Error
		if err != nil {
			return err
		}
		return l.revokeGrants(tx, now, "offer_id = ?", id)
	})
	if err != nil {
		return fmt.Errorf("ledger: cancel offer: %w", err)
	}
	return nil
}

func findOffer(tx *gorm.DB, id, lock string, row *offerRow) error {
	if !isID(id) {
		return ErrNotFound
	}
	res := tx.Raw("SELECT id, registrant_id, representative_id, config_ids, grant_types, state, tx_code_hash, tx_code_mode, tx_failures, replaces, created_by,"+
		" cancelled_by, created_at, expires_at FROM credential_offer WHERE issuer = ? AND id = ?"+lock, issuerOf(tx), id).Scan(row)
	if res.Error == nil && res.RowsAffected == 0 {
		return ErrNotFound
	}
	return res.Error
}

func setOfferState(tx *gorm.DB, id string, to OfferState, from ...OfferState) error {
	return tx.Model(&offerRow{}).Where("id = ? AND state IN ?", id, from).Update("state", string(to)).Error
}
