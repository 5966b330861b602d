package issuer

import (
	"context"

	"socialregistry/registry"
)

// SignedCap is how far Signed counts.
const SignedCap = 1000

// Signed counts the credentials of all issuers that a key signed, and those of them
// that have not ended, each up to SignedCap. It returns Forbidden, Unauthenticated.
func (s *Issuers) Signed(ctx context.Context, a registry.Actor, kid string) (all, live int, err error) {
	if err := mayKeep(a, toSeeKeys); err != nil {
		return 0, 0, err
	}
	for _, i := range s.all {
		n, m, err := i.ledger.SignedBy(ctx, kid, SignedCap)
		if err != nil {
			return 0, 0, err
		}
		all, live = all+int(n), live+int(m)
	}
	return min(all, SignedCap), min(live, SignedCap), nil
}
