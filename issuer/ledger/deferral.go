package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// DeferralState says where a deferred credential stands.
type DeferralState string

// The states of a deferral; only a waiting one leads to credentials.
const (
	DeferralWaiting   DeferralState = "waiting"
	DeferralDelivered DeferralState = "delivered"
	DeferralDenied    DeferralState = "denied"
)

// Deferral is a request for credentials that are not ready (OID4VCI 1.0 §9): what
// is needed to make them later, without another proof.
type Deferral struct {
	ID           string
	RegistrantID uuid.UUID
	ConfigID     string
	GrantID      string // of the token that asked; another one of the same client may fetch
	ConsentID    string // of that token's grant, for Defer alone: it is not stored
	ClientID     string // "" = an anonymous wallet
	Keys         []DeferredKey
	State        DeferralState
	ExpiresAt    time.Time
}

// DeferredKey is the public key of a good proof, and how the wallet named it.
type DeferredKey struct {
	JWK map[string]any
	KID string // DID URL; "": the wallet named it by JWK
}

type deferralRow struct {
	Issuer       owner     `gorm:"column:issuer"`
	ID           string    `gorm:"column:id;primaryKey"`
	RegistrantID uuid.UUID `gorm:"column:registrant_id"`
	ConfigID     string    `gorm:"column:config_id"`
	GrantID      string    `gorm:"column:grant_id"`
	ClientID     string    `gorm:"column:client_id"`
	Keys         db.JSON   `gorm:"column:keys"`
	State        string    `gorm:"column:state"`
	CreatedAt    db.Time   `gorm:"column:created_at"`
	ExpiresAt    db.Time   `gorm:"column:expires_at"`
}

func (deferralRow) TableName() string { return "deferred_issuance" }

func deferralRowOf(d Deferral, now db.Time) deferralRow {
	list := make([]any, len(d.Keys))
	for n, k := range d.Keys {
		list[n] = map[string]any{"jwk": k.JWK, "kid": k.KID}
	}
	return deferralRow{ID: d.ID, RegistrantID: d.RegistrantID, ConfigID: d.ConfigID, GrantID: d.GrantID, ClientID: d.ClientID,
		Keys: db.JSON{"keys": list}, State: string(DeferralWaiting), CreatedAt: now, ExpiresAt: db.Time{Time: d.ExpiresAt}}
}

func (r deferralRow) toDeferral() Deferral {
	d := Deferral{ID: r.ID, RegistrantID: r.RegistrantID, ConfigID: r.ConfigID, GrantID: r.GrantID, ClientID: r.ClientID,
		State: DeferralState(r.State), ExpiresAt: r.ExpiresAt.Time}
	list, _ := r.Keys["keys"].([]any)
	for _, v := range list {
		m, _ := v.(map[string]any)
		jwk, _ := m["jwk"].(map[string]any)
		kid, _ := m["kid"].(string)
		d.Keys = append(d.Keys, DeferredKey{JWK: jwk, KID: kid})
	}
	return d
}

// Defer keeps a request for later, in one transaction: it checks the grant
// (ErrRevoked, ErrExpired, ErrNoConsent, ErrTooMany) and that none of the kind is
// suspended (ErrSuspended), and uses up the nonce (ErrUsed), as Reserve does. State
// is set by Defer.
func (l *Ledger) Defer(ctx context.Context, d Deferral, nonce string, nonceExpires time.Time) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		if _, err := l.checkConsented(tx, Issuance{GrantID: d.GrantID, ConsentID: d.ConsentID, ConfigID: d.ConfigID}, now); err != nil {
			return err
		}
		if err := checkSuspended(tx, d.RegistrantID, d.ConfigID); err != nil {
			return err
		}
		var n int64
		err := tx.Model(&deferralRow{}).Where("grant_id = ? AND config_id = ?", d.GrantID, d.ConfigID).Count(&n).Error
		if err != nil {
			return err
		}
		if n >= MaxPerGrant {
			return ErrTooMany
		}
		if err := useNonce(tx, nonce, nonceExpires); err != nil {
			return err
		}
		row := deferralRowOf(d, now)
		return tx.Create(&row).Error
	})
	if err != nil {
		return fmt.Errorf("ledger: defer: %w", err)
	}
	return nil
}

// Deferral gives a deferred request; ErrNotFound if there is none.
func (l *Ledger) Deferral(ctx context.Context, id string) (Deferral, error) {
	var rows []deferralRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Where("id = ?", id).Find(&rows).Error
	})
	if err == nil && len(rows) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Deferral{}, fmt.Errorf("ledger: read deferral: %w", err)
	}
	return rows[0].toDeferral(), nil
}

// Deliver is Record for the credentials of a deferral, which leads to no others
// after that: of two deliveries at once, one gets ErrUsed, and its credentials
// are never issued.
func (l *Ledger) Deliver(ctx context.Context, deferral string, ids ...uuid.UUID) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		if err := endDeferral(tx, deferral, DeferralDelivered); err != nil {
			return err
		}
		return l.record(tx, ids, now)
	})
	if err != nil {
		return fmt.Errorf("ledger: deliver: %w", err)
	}
	return nil
}

// Deny ends a deferral without credentials, for good. It returns ErrUsed if it
// was over already.
func (l *Ledger) Deny(ctx context.Context, deferral string) error {
	err := l.inTx(ctx, func(tx *gorm.DB, _ db.Time) error { return endDeferral(tx, deferral, DeferralDenied) })
	if err != nil {
		return fmt.Errorf("ledger: deny: %w", err)
	}
	return nil
}

// endDeferral moves a waiting deferral on. The row's lock decides between two at
// once.
func endDeferral(tx *gorm.DB, id string, to DeferralState) error {
	res := tx.Model(&deferralRow{}).Where("id = ? AND state = ?", id, string(DeferralWaiting)).Update("state", string(to))
	if res.Error == nil && res.RowsAffected == 0 {
		return ErrUsed
	}
	return res.Error
}
