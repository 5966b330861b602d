package issuer

import (
	"cmp"
	"time"
)

// AuthorizationPolicy is what a deployment chooses about its authorization
// server. The zero value serves anonymous wallets, with refresh tokens that last
// 90 days and stay the same.
type AuthorizationPolicy struct {
	// RequireClient refuses a pre-authorized code to wallets that do not say who
	// they are (OID4VCI 1.0 §6.1, §12.3).
	RequireClient bool
	// RefreshLife is how long a consent and the refresh token that comes of it
	// last; 0 = 90 days.
	RefreshLife time.Duration
	// RotateRefresh gives a new refresh token with each use. FAPI 2.0 §5.3.2.1
	// advises against it: a lost answer locks the wallet out.
	RotateRefresh bool
}

func (p AuthorizationPolicy) refreshLife() time.Duration { return cmp.Or(p.RefreshLife, refreshLife) }
