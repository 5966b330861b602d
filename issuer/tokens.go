package issuer

import (
	"time"

	"github.com/google/uuid"

	"socialregistry/issuer/ledger"
)

// Life times of what the issuer hands out.
const (
	offerLife = 10 * time.Minute
	nonceLife = 5 * time.Minute
	// freshLife is how long a DPoP nonce and an attestation challenge are good: the
	// next answer has a new one.
	freshLife = 5 * time.Minute
	// tokenLife: a longer one would have to be bound to its sender (OID4VCI 1.0
	// §13.10).
	tokenLife = 5 * time.Minute
	// boundTokenLife is that of a token bound to a DPoP key.
	boundTokenLife = 10 * time.Minute
	// pushedLife: a request_uri is followed at once (FAPI 2.0 §5.3.2.2: less than
	// ten minutes).
	pushedLife = 90 * time.Second
	// decisionLife is how long a person may take to sign in and to decide.
	decisionLife = 10 * time.Minute
	// codeLife: at most a minute (FAPI 2.0 §5.3.2.1).
	codeLife = time.Minute
)

// refreshLife is how long a consent lasts, and the refresh token that comes of
// it, unless AuthorizationPolicy says otherwise.
const refreshLife = 90 * 24 * time.Hour

// Kinds of sealed tokens. A token of one kind never opens as another.
const (
	kindCode        = "pre-authorized_code"
	kindNonce       = "c_nonce"
	kindAccess      = "access_token"
	kindDecision    = "authorization_request"
	kindAuthCode    = "authorization_code"
	kindIssuerState = "issuer_state"

	kindDPoPNonce    = "dpop_nonce"
	kindChallenge    = "attestation_challenge"
	kindTransaction  = "transaction_id"
	kindNotification = "notification_id"
)

// codeClaims stand in a pre-authorized code. The offer's row says whether it may
// still be redeemed.
type codeClaims struct {
	Offer string `json:"o"`
}

// stateClaims stand in the issuer_state of an offer (OID4VCI 1.0 §5.1.3).
type stateClaims struct {
	Offer string `json:"o"`
}

// decisionClaims stand in the address of the page on which a person decides
// about a pushed request. The request's row says whether that is still open.
type decisionClaims struct {
	Request string    `json:"q"`
	Account uuid.UUID `json:"a,omitzero"` // to whom it was shown, and who alone may decide; zero: nobody yet
	About   uuid.UUID `json:"r,omitzero"` // the record that was shown; zero: none yet
	Expires time.Time `json:"e"`
}

// authCodeClaims stand in an authorization code: all that it is bound to. Its
// grant's id is used up when it is redeemed.
type authCodeClaims struct {
	Grant       string    `json:"g"`
	Consent     string    `json:"s"`
	Offer       string    `json:"o,omitempty"`
	Registrant  uuid.UUID `json:"r"`
	HeldBy      uuid.UUID `json:"h,omitzero"` // who agreed for the registrant, and will hold it; zero: the registrant
	ClientID    string    `json:"a"`
	RedirectURI string    `json:"u"`
	Challenge   string    `json:"p"`           // PKCE S256
	JKT         string    `json:"k,omitempty"` // DPoP key (RFC 9449 §10); "" = none was named
	granted
}

// nonceClaims stand in a c_nonce. Its id is used up by the reservation.
type nonceClaims struct {
	ID string `json:"n"`
}

// accessClaims stand in an access token. The grant is looked up when a status
// index is reserved, so that it can be revoked.
type accessClaims struct {
	Grant       string            `json:"g"`
	Family      string            `json:"f"`           // the same for all tokens of one authorization
	Consent     string            `json:"s,omitempty"` // "" = the person made the offer
	Registrant  uuid.UUID         `json:"r"`
	HeldBy      uuid.UUID         `json:"h,omitzero"` // who holds it for the registrant; zero: the registrant
	ConfigIDs   []string          `json:"c"`
	ClientID    string            `json:"a,omitempty"` // "" = an anonymous wallet
	JKT         string            `json:"k,omitempty"` // DPoP key that the token is bound to; "" = none
	Identifiers map[string]string `json:"i,omitempty"` // credential_identifier to configuration; nil = the wallet asks by configuration id
}

// accessOf gives what stands in the access token of a grant.
func accessOf(g ledger.Grant) accessClaims {
	return accessClaims{Grant: g.ID, Family: g.Family, Consent: g.ConsentID, Registrant: g.RegistrantID, HeldBy: g.RepresentativeID, ConfigIDs: g.ConfigIDs, ClientID: g.ClientID,
		JKT: g.JKT, Identifiers: g.Identifiers}
}
