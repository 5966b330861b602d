package issuer

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"socialregistry/internal/fault"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

// Bounds of a wallet provider.
const (
	maxProviderID      = 40  // characters
	maxProviderName    = 100 // characters
	maxProviderClients = 100
	maxProviderReason  = 500
)

// WalletProviders gives the wallet providers by id. It returns Unauthenticated and
// Forbidden.
func (i *Issuer) WalletProviders(ctx context.Context, a registry.Actor) ([]ledger.WalletProvider, error) {
	if err := mayKeep(a, toSeeProviders); err != nil {
		return nil, err
	}
	return i.ledger.WalletProviders(ctx)
}

// WalletProvider gives one. It returns Unauthenticated, Forbidden, NotFound.
func (i *Issuer) WalletProvider(ctx context.Context, a registry.Actor, id string) (ledger.WalletProvider, error) {
	all, err := i.WalletProviders(ctx, a)
	if err != nil {
		return ledger.WalletProvider{}, err
	}
	n := slices.IndexFunc(all, func(p ledger.WalletProvider) bool { return p.ID == id })
	if n < 0 {
		return ledger.WalletProvider{}, providerFault(ledger.ErrNotFound)
	}
	return all[n], nil
}

// WalletProviderLog tells who changed a wallet provider, when and why, the oldest
// change first. It returns Unauthenticated, Forbidden, NotFound.
func (i *Issuer) WalletProviderLog(ctx context.Context, a registry.Actor, id string) ([]ledger.Entry, error) {
	if _, err := i.WalletProvider(ctx, a, id); err != nil {
		return nil, err
	}
	return i.ledger.WalletProviderLog(ctx, id)
}

// DefineWalletProvider adds a provider whose attestations are believed from then
// on, unless it is disabled. reason goes into the log. It returns Unauthenticated,
// Forbidden, Conflict "wallet_provider_exists", Invalid "invalid_wallet_provider".
func (i *Issuer) DefineWalletProvider(ctx context.Context, a registry.Actor, p ledger.WalletProvider, disabled bool, reason string) (ledger.WalletProvider, error) {
	if err := mayKeep(a, toKeepProviders); err != nil {
		return ledger.WalletProvider{}, err
	}
	if err := checkProvider(p, reason); err != nil {
		return ledger.WalletProvider{}, err
	}
	p.DisabledAt = i.since(time.Time{}, disabled)
	p, err := i.ledger.CreateWalletProvider(ctx, p, ledger.Entry{Actor: a.Name, Reason: reason})
	return p, providerFault(err)
}

// ChangeWalletProvider replaces a provider, whose version must be p.VersionNo. What
// it attests from then on is believed by the new keys alone. It returns
// Unauthenticated, Forbidden, NotFound, Conflict "version_conflict", Invalid
// "invalid_wallet_provider".
func (i *Issuer) ChangeWalletProvider(ctx context.Context, a registry.Actor, p ledger.WalletProvider, disabled bool, reason string) (ledger.WalletProvider, error) {
	if err := mayKeep(a, toKeepProviders); err != nil {
		return ledger.WalletProvider{}, err
	}
	if err := checkProvider(p, reason); err != nil {
		return ledger.WalletProvider{}, err
	}
	after, err := i.ledger.ChangeWalletProvider(ctx, p.ID, ledger.Entry{Actor: a.Name, Reason: reason},
		func(before ledger.WalletProvider) (ledger.WalletProvider, error) {
			if before.VersionNo != p.VersionNo {
				return before, fault.New(fault.Conflict, "version_conflict", "The wallet provider was changed meanwhile.")
			}
			after := p
			after.DisabledAt = i.since(before.DisabledAt, disabled)
			return after, nil
		})
	return after, providerFault(err)
}

// since gives since when something is disabled.
func (i *Issuer) since(before time.Time, disabled bool) time.Time {
	switch {
	case !disabled:
		return time.Time{}
	case before.IsZero():
		return i.now()
	}
	return before
}

// checkProvider holds a provider to its bounds. It returns Invalid with a field per
// mistake.
func checkProvider(p ledger.WalletProvider, reason string) error {
	_, badKeys := oauth.NewTrust([]oauth.Provider{{JWKS: p.JWKS}})
	_, badRoots := oauth.NewTrust([]oauth.Provider{{Roots: p.Roots}})
	var bad []fault.Field
	for _, rule := range []struct {
		name   string
		good   bool
		detail string
	}{
		{"key", isSlug(p.ID), "Up to 40 small letters, digits, - and _, a letter first."},
		{"name", p.Name != "" && isLine(p.Name, maxProviderName), "A line of 1 to 100 characters."},
		{"reason", isLine(reason, maxProviderReason), "A line of up to 500 characters."},
		{"uses", areUses(p.Uses), "client_attestation, key_attestation, or both."},
		{"clients", areClientIDs(p.Clients), "Up to 100 client ids without white space."},
		{"jwks", badKeys == nil, "A JWK Set of 1 to 16 public keys, P-256 or Ed25519, is needed."},
		{"jwks", p.JWKS != nil || p.Roots != "", "Keys, or certificates of authorities in roots, are needed."},
		{"roots", badRoots == nil, "Up to 16 certificates of authorities in PEM, and nothing else."},
	} {
		if !rule.good {
			bad = append(bad, fault.Field{Name: rule.name, Code: "bad_" + rule.name, Detail: rule.detail})
		}
	}
	if len(bad) > 0 {
		return fault.InvalidFields("invalid_wallet_provider", "The wallet provider has mistakes.", bad)
	}
	return nil
}

// areUses says that uses are the known ones, each once.
func areUses(uses []ledger.ProviderUse) bool {
	seen := map[ledger.ProviderUse]bool{}
	for _, use := range uses {
		if use != ledger.ForClients && use != ledger.ForKeys || seen[use] {
			return false
		}
		seen[use] = true
	}
	return len(uses) > 0
}

func areClientIDs(ids []string) bool {
	return len(ids) <= maxProviderClients && !slices.ContainsFunc(ids, func(id string) bool {
		return id == "" || !isLine(id, maxProviderName) || strings.ContainsFunc(id, unicode.IsSpace)
	})
}

func isSlug(s string) bool {
	other := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' }
	return s != "" && len(s) <= maxProviderID && s[0] >= 'a' && s[0] <= 'z' && !strings.ContainsFunc(s, other)
}

// isLine says that s is at most limit characters of text on one line.
func isLine(s string, limit int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= limit && !strings.ContainsFunc(s, unicode.IsControl)
}

func providerFault(err error) error {
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return fault.Wrap(fault.NotFound, "no_such_wallet_provider", "There is no such wallet provider.", err)
	case errors.Is(err, ledger.ErrExists):
		return fault.Wrap(fault.Conflict, "wallet_provider_exists", "There is a wallet provider with this key.", err)
	}
	return err
}
