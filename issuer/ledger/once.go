package ledger

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
)

// Once is a kind of ids that may be used once.
type Once string

// The kinds. Those of JWTs that callers sign are used up by UseOnce.
const (
	onceCode  Once = "code"
	onceNonce Once = "nonce"

	OnceDPoP        Once = "dpop"        // RFC 9449 §11.1
	OnceAssertion   Once = "assertion"   // RFC 7523 §3 point 7
	OnceAttestation Once = "attestation" // the proof of possession of a client attestation
)

type usedRow struct {
	Issuer    owner   `gorm:"column:issuer"`
	Kind      Once    `gorm:"column:kind;primaryKey"`
	ID        string  `gorm:"column:id;primaryKey"`
	ExpiresAt db.Time `gorm:"column:expires_at"`
}

func (usedRow) TableName() string { return "used_id" }

// use marks an id as used, in the caller's transaction. The primary key decides
// between two processes: no row written means that it was used before, ErrUsed.
// The mark is kept until the id is refused for its age alone.
func use(tx *gorm.DB, kind Once, id string, expires db.Time) error {
	row := usedRow{Kind: kind, ID: id, ExpiresAt: expires}
	res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if res.Error != nil {
		return fmt.Errorf("mark %s as used: %w", kind, res.Error)
	}
	if res.RowsAffected == 0 {
		return ErrUsed
	}
	return nil
}

// UseOnce marks an id as used; ErrUsed if it was used before, by whichever
// process.
func (l *Ledger) UseOnce(ctx context.Context, kind Once, id string, expires time.Time) error {
	err := l.inTx(ctx, func(tx *gorm.DB, _ db.Time) error {
		return use(tx, kind, id, db.TimeOf(expires))
	})
	if err != nil {
		return fmt.Errorf("ledger: use once: %w", err)
	}
	return nil
}

// Present checks the grant behind an access token that is being used: ErrRevoked,
// ErrExpired. A proof that came with it is used up: ErrUsed; proof is "" for a
// token that needs none.
func (l *Ledger) Present(ctx context.Context, grant, proof string, expires time.Time) error {
	check := func(tx *gorm.DB, now db.Time) error {
		_, err := checkGrant(tx, grant, "", now)
		return err
	}
	var err error
	if proof == "" {
		err = l.read(ctx, func(tx *gorm.DB) error { return check(tx, db.TimeOf(l.now())) })
	} else {
		err = l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
			if err := check(tx, now); err != nil {
				return err
			}
			return use(tx, OnceDPoP, proof, db.TimeOf(expires))
		})
	}
	if err != nil {
		return fmt.Errorf("ledger: present a token: %w", err)
	}
	return nil
}
