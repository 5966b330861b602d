package issuer

import (
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oid4vci"
	"socialregistry/registry"
)

// What the pages show of the ledger.
type (
	// Client is a registered client.
	Client = ledger.Client
	// WalletProvider is one whose attestations are believed.
	WalletProvider = ledger.WalletProvider
	// ProviderUse is what a wallet provider is believed about.
	ProviderUse = ledger.ProviderUse
	// Entry is one change of the issuer's settings.
	Entry = ledger.Entry
)

// The uses of a wallet provider.
const (
	ForClients = ledger.ForClients
	ForKeys    = ledger.ForKeys
)

// ClaimOf is a value of a field as a dc+sd-jwt says it.
func ClaimOf(f registry.Field, text string) any { return claimValue(oid4vci.FormatSDJWT, f, text) }
