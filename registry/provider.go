package registry

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/secret"
)

// providerLife is how long a sign-in by a provider may take.
const providerLife = 10 * time.Minute

// ProviderFlow is one sign-in by a provider that has begun. All but Next comes from
// the cookie of the browser that began it: nobody else can end it, and it ends once.
type ProviderFlow struct {
	Cookie                 string
	State, Nonce, Verifier string
	Next                   string
}

type providerFlowRow struct {
	TokenHash db.Bytes `gorm:"column:token_hash;primaryKey"`
	Next      string   `gorm:"column:next"`
	ExpiresAt db.Time  `gorm:"column:expires_at"`
}

func (providerFlowRow) TableName() string { return "provider_flow" }

func (r *Registry) flowOf(cookie, next string) ProviderFlow {
	part := func(name string) string {
		return base64.RawURLEncoding.EncodeToString(r.accounts.providerKey.MAC([]byte(name), []byte(cookie)))
	}
	return ProviderFlow{Cookie: cookie, State: part("state"), Nonce: part("nonce"), Verifier: part("verifier"), Next: next}
}

// BeginProvider begins a sign-in by a provider, which leads to next.
func (r *Registry) BeginProvider(ctx context.Context, next string) (ProviderFlow, error) {
	flow := r.flowOf(secret.RandomID(32), next)
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		if err := tx.Exec("DELETE FROM provider_flow WHERE expires_at <= ?", now).Error; err != nil {
			return err
		}
		return tx.Create(&providerFlowRow{TokenHash: sessionHash(flow.Cookie), Next: next, ExpiresAt: db.TimeOf(now.Add(providerLife))}).Error
	})
	if err != nil {
		return ProviderFlow{}, fmt.Errorf("begin a sign-in by a provider: %w", err)
	}
	return flow, nil
}

// TakeProvider gives the sign-in that a browser began, and uses it up. Error: Invalid
// "provider_stale" when the state is not that of the cookie, or it has been used, or
// took too long.
func (r *Registry) TakeProvider(ctx context.Context, cookie, state string) (ProviderFlow, error) {
	stale := fault.New(fault.Invalid, "provider_stale", "This sign-in has been used already, or took too long. Begin again.")
	if cookie == "" || !secret.Equal(r.flowOf(cookie, "").State, state) {
		return ProviderFlow{}, stale
	}
	var rows []providerFlowRow
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		rows = nil
		return tx.Raw("DELETE FROM provider_flow WHERE token_hash = ? AND expires_at > ? RETURNING *", sessionHash(cookie), now).Scan(&rows).Error
	})
	if err != nil {
		return ProviderFlow{}, fmt.Errorf("take a sign-in by a provider: %w", err)
	}
	if len(rows) == 0 {
		return ProviderFlow{}, stale
	}
	return r.flowOf(cookie, rows[0].Next), nil
}

type providerKeyRow struct {
	ID        int      `gorm:"column:id;primaryKey"`
	Sealed    db.Bytes `gorm:"column:sealed"`
	CreatedAt db.Time  `gorm:"column:created_at"`
}

func (providerKeyRow) TableName() string { return "provider_key" }

// ProviderKey is the key (P-256) by which the registry says to a provider who it is:
// made when it is first asked for, and kept sealed under the master key.
func (r *Registry) ProviderKey(ctx context.Context) (crypto.Signer, error) {
	fresh, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the key for a provider: %w", err)
	}
	plain, err := x509.MarshalPKCS8PrivateKey(fresh)
	if err != nil {
		return nil, fmt.Errorf("make the key for a provider: %w", err)
	}
	aad := []byte("provider_key|1")
	var row providerKeyRow
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		made := providerKeyRow{ID: 1, Sealed: r.accounts.providerKey.Derive("key").Seal(plain, aad), CreatedAt: now}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&made).Error; err != nil {
			return err
		}
		return tx.Where("id = 1").Take(&row).Error
	})
	if err != nil {
		return nil, fmt.Errorf("read the key for a provider: %w", err)
	}
	if plain, err = r.accounts.providerKey.Derive("key").Open(row.Sealed, aad); err != nil {
		return nil, fmt.Errorf("open the key for a provider: %w", err)
	}
	key, err := x509.ParsePKCS8PrivateKey(plain)
	signer, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return nil, fmt.Errorf("read the key for a provider: not a key: %w", err)
	}
	return signer, nil
}
