package issuer

import (
	"context"
	"fmt"

	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
)

// trust gives the wallet providers that are believed about use. It is read afresh
// each time, so that one that staff disable is not believed from then on, by no
// process.
func (i *Issuer) trust(ctx context.Context, use ledger.ProviderUse) (oauth.Trust, error) {
	believed, err := i.ledger.Believed(ctx, use)
	if err != nil {
		return oauth.Trust{}, err
	}
	providers := make([]oauth.Provider, len(believed))
	for n, p := range believed {
		providers[n] = oauth.Provider{Name: p.ID, Clients: p.Clients, JWKS: p.JWKS, Roots: p.Roots}
	}
	trust, err := oauth.NewTrust(providers)
	if err != nil {
		return oauth.Trust{}, fmt.Errorf("read wallet providers: %w", err)
	}
	return trust, nil
}
