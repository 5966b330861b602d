package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// PushedRequest is what a client asks for, from its push (RFC 9126) to the
// person's decision. What the document means is known to package issuer.
type PushedRequest struct {
	ID        string // random, at least 128 bits
	ClientID  string
	Client    Client // as it is registered now; Pushed gives it
	Document  map[string]any
	ExpiresAt time.Time // of the request_uri; a decision may come later
}

type pushedRow struct {
	Issuer    owner   `gorm:"column:issuer"`
	ID        string  `gorm:"column:id;primaryKey"`
	ClientID  string  `gorm:"column:client_id"`
	Request   db.JSON `gorm:"column:request"`
	CreatedAt db.Time `gorm:"column:created_at"`
	ExpiresAt db.Time `gorm:"column:expires_at"`
}

func (pushedRow) TableName() string { return "pushed_request" }

// keepPushed is how long a pushed request waits for the person's decision after
// its request_uri is over.
const keepPushed = time.Hour

// Push stores a request whose request_uri is good for life.
func (l *Ledger) Push(ctx context.Context, r PushedRequest, life time.Duration) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		return tx.Create(&pushedRow{ID: r.ID, ClientID: r.ClientID, Request: r.Document, CreatedAt: now, ExpiresAt: db.TimeOf(now.Add(life))}).Error
	})
	if err != nil {
		return fmt.Errorf("ledger: push request: %w", err)
	}
	return nil
}

// Pushed gives a request that nobody has decided about, with its client;
// ErrNotFound for all others.
func (l *Ledger) Pushed(ctx context.Context, id string) (PushedRequest, error) {
	var row pushedRow
	var client clientRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		if !isID(id) {
			return ErrNotFound
		}
		if err := tx.Where("id = ?", id).Take(&row).Error; err != nil {
			return err
		}
		return tx.Where("id = ?", row.ClientID).Take(&client).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = ErrNotFound
	}
	if err != nil {
		return PushedRequest{}, fmt.Errorf("ledger: read pushed request: %w", err)
	}
	return PushedRequest{ID: row.ID, ClientID: row.ClientID, Client: client.toClient(), Document: row.Request, ExpiresAt: row.ExpiresAt.Time}, nil
}

// Decide ends a pushed request by the person's decision: of any number at the
// same time, in any number of processes, one goes through, and all others get
// ErrUsed. A consent, nil if the person refuses, is stored with its times; it
// lasts for life.
func (l *Ledger) Decide(ctx context.Context, requestID string, consent *Consent, life time.Duration) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		done := tx.Where("id = ?", requestID).Delete(&pushedRow{}) // the row's lock decides
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected == 0 {
			return ErrUsed
		}
		if consent == nil {
			return nil
		}
		row := consentRowOf(*consent)
		row.GivenAt, row.ExpiresAt = now, db.TimeOf(now.Add(life))
		return tx.Create(&row).Error
	})
	if err != nil {
		return fmt.Errorf("ledger: decide about a pushed request: %w", err)
	}
	return nil
}

// forgetPushed deletes requests that nobody decided about in time.
func forgetPushed(tx *gorm.DB, now db.Time) error {
	return tx.Where("expires_at <= ?", db.TimeOf(now.Add(-keepPushed))).Delete(&pushedRow{}).Error
}
