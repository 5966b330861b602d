package conformance_test

import (
	"encoding/json"
	"maps"
	"os"
	"testing"

	"socialregistry/internal/vciclient"
	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
)

// seed stores the configurations of a new installation, and two more that want
// attested keys (OID4VCI 1.0 §12.2.4).
func (o *office) seed(t *testing.T) {
	t.Helper()
	raw, err := os.ReadFile("../../issuer/configurations.json")
	must(t, err)
	var all []ledger.Configuration
	must(t, json.Unmarshal(raw, &all))
	for _, c := range all {
		if c.ID != sdjwtID && c.ID != mdocID {
			continue
		}
		c.ID += attestedSuffix
		c.Document = maps.Clone(c.Document)
		for _, name := range []string{"type", "doctype"} { // no two configurations are of one type
			if value, ok := c.Document[name].(string); ok {
				c.Document[name] = value + "attested"
			}
		}
		c.Document["scope"] = c.ID
		c.Document["key_attestations_required"] = map[string]any{"key_storage": []string{"iso_18045_high"}}
		all = append(all, c)
	}
	for n := range all {
		all[n].Position = n + 1
	}
	must(t, o.ledger.SeedConfigurations(t.Context(), all))
}

// trust makes a wallet provider known: what it says of clients and of keys is
// believed.
func (o *office) trust(t *testing.T, p *vciclient.Provider) {
	t.Helper()
	_, err := o.ledger.CreateWalletProvider(t.Context(), ledger.WalletProvider{ID: "provider", Name: "Wallet provider",
		Uses: []ledger.ProviderUse{ledger.ForClients, ledger.ForKeys}, Roots: string(p.Root)}, ledger.Entry{Actor: "office", Reason: "test"})
	must(t, err)
}

// offer makes an offer of the variant's flow and gives its link.
func (o *office) offer(t *testing.T, v variant) string {
	t.Helper()
	grant := ledger.PreAuthorizedCode
	if v.browses() {
		grant = ledger.AuthorizationCode
	}
	offer, err := o.issuer.MakeOffer(t.Context(), o.staff, issuer.NewOffer{RegistrantID: o.person.ID, ConfigIDs: []string{v.configuration()}, GrantTypes: []ledger.GrantKind{grant}})
	must(t, err)
	return offer.URI
}

// code is the activation code that the office hands to the person.
func (o *office) code(t *testing.T) string {
	t.Helper()
	code, _, err := o.registry.NewActivationCode(t.Context(), o.staff, o.person.ID)
	must(t, err)
	return code
}
