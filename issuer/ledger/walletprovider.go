package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// ProviderUse is what a wallet provider is believed about.
type ProviderUse string

// The uses.
const (
	ForClients ProviderUse = "client_attestation" // which wallet a client is
	ForKeys    ProviderUse = "key_attestation"    // where a holder's key is kept (OID4VCI 1.0 appendix D)
)

// WalletProvider is a wallet provider whose attestations are believed, by its
// keys, by the authorities above its certificates, or both.
type WalletProvider struct {
	ID         string // short and speaking: "eudi-pilot"
	Name       string // shown to people
	Uses       []ProviderUse
	Clients    []string       // the clients that it may attest; empty: any
	JWKS       map[string]any // public keys (RFC 7517 §5); nil: none
	Roots      string         // certificates of authorities in PEM; "": none
	VersionNo  int64          // moves with every change
	CreatedAt  time.Time
	ChangedAt  time.Time
	DisabledAt time.Time // zero: it is believed
}

type providerRow struct {
	ID         string   `gorm:"column:id;primaryKey"`
	Name       string   `gorm:"column:name"`
	Uses       string   `gorm:"column:uses"`
	Clients    string   `gorm:"column:clients"`
	JWKS       db.JSON  `gorm:"column:jwks"`
	Roots      string   `gorm:"column:roots"`
	VersionNo  int64    `gorm:"column:version_no"`
	CreatedAt  db.Time  `gorm:"column:created_at;autoCreateTime:false"`
	ChangedAt  db.Time  `gorm:"column:changed_at"`
	DisabledAt *db.Time `gorm:"column:disabled_at"`
}

func (providerRow) TableName() string { return "wallet_provider" }

func providerRowOf(p WalletProvider) providerRow {
	row := providerRow{ID: p.ID, Name: p.Name, Uses: joinIDs(p.Uses), Clients: joinIDs(p.Clients), JWKS: p.JWKS, Roots: p.Roots,
		VersionNo: p.VersionNo, CreatedAt: db.TimeOf(p.CreatedAt), ChangedAt: db.TimeOf(p.ChangedAt)}
	if row.JWKS == nil {
		row.JWKS = db.JSON{}
	}
	if !p.DisabledAt.IsZero() {
		at := db.TimeOf(p.DisabledAt)
		row.DisabledAt = &at
	}
	return row
}

func (r providerRow) toProvider() WalletProvider {
	p := WalletProvider{ID: r.ID, Name: r.Name, Clients: splitIDs(r.Clients), Roots: r.Roots, VersionNo: r.VersionNo,
		CreatedAt: r.CreatedAt.Time, ChangedAt: r.ChangedAt.Time, DisabledAt: timeOf(r.DisabledAt)}
	if len(r.JWKS) > 0 {
		p.JWKS = r.JWKS
	}
	for _, use := range splitIDs(r.Uses) {
		p.Uses = append(p.Uses, ProviderUse(use))
	}
	return p
}

// WalletProviders gives all wallet providers in the order of their ids.
func (l *Ledger) WalletProviders(ctx context.Context) ([]WalletProvider, error) {
	var rows []providerRow
	err := l.read(ctx, func(tx *gorm.DB) error {
		return tx.Order("id").Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: read wallet providers: %w", err)
	}
	providers := make([]WalletProvider, len(rows))
	for n, r := range rows {
		providers[n] = r.toProvider()
	}
	return providers, nil
}

// Believed gives the wallet providers that are believed about use now.
func (l *Ledger) Believed(ctx context.Context, use ProviderUse) ([]WalletProvider, error) {
	all, err := l.WalletProviders(ctx)
	return slices.DeleteFunc(all, func(p WalletProvider) bool {
		return !p.DisabledAt.IsZero() || !slices.Contains(p.Uses, use)
	}), err
}

// CreateWalletProvider stores a wallet provider in the name of e.Actor. ErrExists
// if its id is taken.
func (l *Ledger) CreateWalletProvider(ctx context.Context, p WalletProvider, e Entry) (WalletProvider, error) {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		p.VersionNo, p.CreatedAt, p.ChangedAt = 1, now.Time, now.Time
		row := providerRowOf(p)
		if err := l.duplicate(tx.Create(&row).Error); err != nil {
			return err
		}
		return logEntry(tx, e, providerSubject(p.ID), nil, providerDoc(p), now)
	})
	if err != nil {
		return WalletProvider{}, fmt.Errorf("ledger: create wallet provider: %w", err)
	}
	return p, nil
}

// ChangeWalletProvider stores what change makes of a wallet provider. What it
// gives is kept but for id, version and times. It returns ErrNotFound, and the
// error of change.
func (l *Ledger) ChangeWalletProvider(ctx context.Context, id string, e Entry, change func(WalletProvider) (WalletProvider, error)) (WalletProvider, error) {
	var after WalletProvider
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		before, err := l.lockProvider(tx, id)
		if err != nil {
			return err
		}
		if after, err = change(before); err != nil {
			return err
		}
		after.ID, after.VersionNo, after.CreatedAt, after.ChangedAt = id, before.VersionNo+1, before.CreatedAt, now.Time
		row := providerRowOf(after)
		if err := tx.Select("*").Where("id = ?", id).Updates(&row).Error; err != nil {
			return err
		}
		return logEntry(tx, e, providerSubject(id), providerDoc(before), providerDoc(after), now)
	})
	if err != nil {
		return WalletProvider{}, fmt.Errorf("ledger: change wallet provider: %w", err)
	}
	return after, nil
}

func (l *Ledger) lockProvider(tx *gorm.DB, id string) (WalletProvider, error) {
	var row providerRow
	res := tx.Raw("SELECT id, name, uses, clients, jwks, roots, version_no, created_at, changed_at, disabled_at"+
		" FROM wallet_provider WHERE id = ?"+l.db.Dialect.ForUpdate(), id).Scan(&row)
	if res.Error == nil && res.RowsAffected == 0 {
		return WalletProvider{}, ErrNotFound
	}
	return row.toProvider(), res.Error
}

func providerSubject(id string) string { return "wallet_provider:" + id }

// providerDoc is how a wallet provider stands in the log.
func providerDoc(p WalletProvider) map[string]any {
	return map[string]any{"name": p.Name, "uses": p.Uses, "clients": p.Clients, "jwks": p.JWKS, "roots": p.Roots, "disabled": !p.DisabledAt.IsZero()}
}

// WalletProviderLog tells the changes of a wallet provider, the oldest first.
func (l *Ledger) WalletProviderLog(ctx context.Context, id string) ([]Entry, error) {
	return l.Log(ctx, providerSubject(id))
}
