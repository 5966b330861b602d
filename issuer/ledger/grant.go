package ledger

import (
	"context"
	"crypto/subtle"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Grant is the permission behind an access token: whose record, for which
// configurations, for which client and key, until when. Its id stands in the
// token.
type Grant struct {
	ID           string
	Family       string // the first grant of the authorization; all of a family are revoked together
	Kind         GrantKind
	OfferID      string // "" = the wallet began by itself
	RegistrantID uuid.UUID

	RepresentativeID uuid.UUID // who holds what is issued for the registrant; zero: the registrant

	ConfigIDs   []string
	ClientID    string            // "" = an anonymous wallet
	JKT         string            // thumbprint of the DPoP key that the token is bound to; "" = none
	Instance    string            // thumbprint of the attested key that the refresh token is bound to; "" = none
	ConsentID   string            // "" = the person made the offer: nobody had to be asked
	Identifiers map[string]string // credential_identifier to configuration; nil = none were issued
	ExpiresAt   time.Time
}

// GrantKind says how an access token came to be.
type GrantKind string

// The kinds of a grant.
const (
	AuthorizationCode GrantKind = "authorization_code"
	PreAuthorizedCode GrantKind = "pre-authorized_code"
	RefreshToken      GrantKind = "refresh_token"
)

type grantRow struct {
	Issuer       owner     `gorm:"column:issuer"`
	ID           string    `gorm:"column:id;primaryKey"`
	Family       string    `gorm:"column:family"`
	Kind         string    `gorm:"column:kind"`
	OfferID      string    `gorm:"column:offer_id"`
	RegistrantID uuid.UUID `gorm:"column:registrant_id"`

	RepresentativeID *uuid.UUID `gorm:"column:representative_id"`

	ConfigIDs   string   `gorm:"column:config_ids"`
	ClientID    string   `gorm:"column:client_id"`
	JKT         string   `gorm:"column:jkt"`
	Instance    string   `gorm:"column:instance"`
	ConsentID   string   `gorm:"column:consent_id"`
	Identifiers db.JSON  `gorm:"column:identifiers"`
	CreatedAt   db.Time  `gorm:"column:created_at"`
	ExpiresAt   db.Time  `gorm:"column:expires_at"`
	RevokedAt   *db.Time `gorm:"column:revoked_at"`
}

func (grantRow) TableName() string { return "issue_grant" }

func grantRowOf(g Grant, now db.Time) grantRow {
	identifiers := db.JSON{}
	for id, config := range g.Identifiers {
		identifiers[id] = config
	}
	return grantRow{ID: g.ID, Family: g.Family, Kind: string(g.Kind), OfferID: g.OfferID, RegistrantID: g.RegistrantID,
		RepresentativeID: optionalID(g.RepresentativeID),
		ConfigIDs:        joinIDs(g.ConfigIDs), ClientID: g.ClientID, JKT: g.JKT, Instance: g.Instance, ConsentID: g.ConsentID, Identifiers: identifiers,
		CreatedAt: now, ExpiresAt: db.TimeOf(g.ExpiresAt)}
}

func (r grantRow) toGrant() Grant {
	g := Grant{ID: r.ID, Family: r.Family, Kind: GrantKind(r.Kind), OfferID: r.OfferID, RegistrantID: r.RegistrantID, RepresentativeID: idOf(r.RepresentativeID),
		ConfigIDs: splitIDs(r.ConfigIDs), ClientID: r.ClientID, JKT: r.JKT, Instance: r.Instance, ConsentID: r.ConsentID, ExpiresAt: r.ExpiresAt.Time}
	for id, config := range r.Identifiers {
		if g.Identifiers == nil {
			g.Identifiers = map[string]string{}
		}
		g.Identifiers[id], _ = config.(string)
	}
	return g
}

// Redemption is the attempt to turn an offer's code into a grant.
type Redemption struct {
	OfferID    string
	HasTxCode  bool   // the request carried one, perhaps empty
	TxCodeHash string // keyed hash of what it carried
	GrantID    string // random id of the grant to be made
	ClientID   string // "" = an anonymous wallet
	JKT        string // thumbprint of the DPoP key to bind the token to; "" = none
	Instance   string // thumbprint of the attested key to bind the refresh token to; "" = none
	Life       time.Duration
	Refresh    Refresh
	// Narrow gives what of the offered configurations is granted, with their
	// credential_identifiers, or refuses; may run more than once. nil = all of them.
	Narrow func(offered []string) (configIDs []string, identifiers map[string]string, err error)
}

// Redeem turns an offer into a grant, once: of any number of attempts at the
// same time, in any number of processes, one gets the grant and all others
// ErrUsed. A wrong transaction code is counted and gives ErrTxCodeWrong; the
// MaxTxFailures-th cancels the offer, after which the right code is ErrUsed
// too. Other refusals: ErrNotFound, ErrExpired, ErrTxCodeMissing,
// ErrTxCodeUnexpected, ErrRevoked for a disabled client, and the error of r.Narrow.
func (l *Ledger) Redeem(ctx context.Context, r Redemption) (Grant, error) {
	var grant Grant
	var refused error
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		if err := l.holdClient(tx, r.ClientID); err != nil {
			return err
		}
		var offer offerRow
		if err := findOffer(tx, r.OfferID, l.db.Dialect.ForUpdate(), &offer); err != nil {
			return err
		}
		if refused = refusal(offer, r, now); refused != nil {
			return countFailure(tx, offer, refused) // committed: the count must stand
		}
		var err error
		grant, err = makeGrant(tx, offer, r, now)
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return Grant{}, fmt.Errorf("ledger: redeem offer: %w", err)
	}
	return grant, nil
}

// refusal checks in an order that tells a guesser nothing: whether the offer is
// alive comes before anything about its transaction code.
func refusal(o offerRow, r Redemption, now db.Time) error {
	switch {
	case o.State != string(OfferWaiting):
		return ErrUsed
	case !now.Before(o.ExpiresAt.Time):
		return ErrExpired
	case !slices.Contains(splitGrants(o.GrantTypes), PreAuthorizedCode):
		return ErrNotFound
	case o.TxCodeHash == "" && r.HasTxCode: // OID4VCI 1.0 §6.3: invalid_request
		return ErrTxCodeUnexpected
	case o.TxCodeHash != "" && !r.HasTxCode:
		return ErrTxCodeMissing
	case o.TxCodeHash != "" && subtle.ConstantTimeCompare([]byte(o.TxCodeHash), []byte(r.TxCodeHash)) != 1:
		return ErrTxCodeWrong
	}
	return nil
}

// countFailure counts a wrong transaction code; the caller holds the offer's
// row, so parallel guesses are counted one by one.
func countFailure(tx *gorm.DB, o offerRow, refused error) error {
	if refused != ErrTxCodeWrong {
		return nil
	}
	set := map[string]any{"tx_failures": o.TxFailures + 1}
	if o.TxFailures+1 >= MaxTxFailures {
		set["state"], set["cancelled_by"] = string(OfferCancelled), ByTxFailures
	}
	return tx.Model(&offerRow{}).Where("id = ?", o.ID).Updates(set).Error
}

func makeGrant(tx *gorm.DB, o offerRow, r Redemption, now db.Time) (Grant, error) {
	if err := use(tx, onceCode, o.ID, o.ExpiresAt); err != nil {
		return Grant{}, err
	}
	if err := setOfferState(tx, o.ID, OfferRedeemed, OfferWaiting); err != nil {
		return Grant{}, err
	}
	configIDs, identifiers, err := r.narrow(splitIDs(o.ConfigIDs))
	if err != nil {
		return Grant{}, err
	}
	g := Grant{ID: r.GrantID, Family: r.GrantID, Kind: PreAuthorizedCode, OfferID: o.ID, RegistrantID: o.RegistrantID, RepresentativeID: idOf(o.RepresentativeID),
		ConfigIDs: configIDs, Identifiers: identifiers, ClientID: r.ClientID, JKT: r.JKT, Instance: r.Instance}
	return insertGrant(tx, g, r.Life, r.Refresh, now)
}

func (r Redemption) narrow(offered []string) ([]string, map[string]string, error) {
	if r.Narrow == nil {
		return offered, nil, nil
	}
	return r.Narrow(offered)
}

// checkGrant refuses a grant that is unknown, over or revoked, in the caller's
// transaction; lock keeps a revocation out until that ends.
func checkGrant(tx *gorm.DB, id, lock string, now db.Time) (Grant, error) {
	row, err := findGrant(tx, id, lock)
	switch {
	case err == ErrNotFound, err == nil && row.RevokedAt != nil:
		return Grant{}, ErrRevoked
	case err == nil && !now.Before(row.ExpiresAt.Time):
		return Grant{}, ErrExpired
	}
	return row.toGrant(), err
}

func findGrant(tx *gorm.DB, id, lock string) (grantRow, error) {
	var row grantRow
	res := tx.Raw("SELECT id, family, kind, offer_id, registrant_id, representative_id, config_ids, client_id, jkt, instance, consent_id, identifiers,"+
		" created_at, expires_at, revoked_at FROM issue_grant WHERE issuer = ? AND id = ?"+lock, issuerOf(tx), id).Scan(&row)
	if res.Error == nil && res.RowsAffected == 0 {
		return row, ErrNotFound
	}
	return row, res.Error
}
