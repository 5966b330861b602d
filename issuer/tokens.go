package issuer

import (
	"time"

	"github.com/google/uuid"
)

// Life times of what the issuer hands out.
const (
	offerLife = 10 * time.Minute
	nonceLife = 5 * time.Minute
	// tokenLife: a longer one would have to be bound to its sender (OID4VCI 1.0
	// §13.10).
	tokenLife = 5 * time.Minute
)

// Kinds of sealed tokens. A token of one kind never opens as another.
const (
	kindCode   = "pre-authorized_code"
	kindNonce  = "c_nonce"
	kindAccess = "access_token"
)

// codeClaims stand in a pre-authorized code. The offer's row says whether it may
// still be redeemed.
type codeClaims struct {
	Offer string `json:"o"`
}

// nonceClaims stand in a c_nonce. Its id is used up by the reservation.
type nonceClaims struct {
	ID string `json:"n"`
}

// accessClaims stand in an access token. The grant is looked up when a status
// index is reserved, so that it can be revoked.
type accessClaims struct {
	Grant      string    `json:"g"`
	Registrant uuid.UUID `json:"r"`
	ConfigIDs  []string  `json:"c"`
	ClientID   string    `json:"a,omitempty"`
}
