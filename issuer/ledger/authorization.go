package ledger

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Refresh is a refresh token to be stored: its hash, never the token.
type Refresh struct {
	Hash string // "" = none
	Life time.Duration
}

// Authorization is the attempt to turn an authorization code into a grant.
type Authorization struct {
	Grant       Grant     // ID, Family and ConsentID are those that stand in the code
	CodeExpires time.Time // when the code is refused for its age alone
	Life        time.Duration
	Refresh     Refresh
}

type refreshRow struct {
	Issuer     owner    `gorm:"column:issuer"`
	Hash       string   `gorm:"column:hash;primaryKey"`
	Family     string   `gorm:"column:family"`
	CreatedAt  db.Time  `gorm:"column:created_at"`
	ExpiresAt  db.Time  `gorm:"column:expires_at"`
	ReplacedAt *db.Time `gorm:"column:replaced_at"`
}

func (refreshRow) TableName() string { return "refresh_token" }

// Authorize turns a code into a grant, once: of any number of attempts at the
// same time, in any number of processes, one gets the grant and all others
// ErrUsed. A second attempt revokes what came of the first (RFC 6749 §4.1.2).
// Other refusals: ErrRevoked and ErrExpired for a consent that does not stand
// any more, and for an offer that is over; ErrRevoked for a disabled client.
func (l *Ledger) Authorize(ctx context.Context, a Authorization) (Grant, error) {
	var grant Grant
	var refused error
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		refused = use(tx, onceCode, a.Grant.ID, db.TimeOf(a.CodeExpires))
		if refused == ErrUsed {
			return l.revokeGrants(tx, now, "family = ?", a.Grant.Family) // committed
		}
		if refused != nil {
			return refused
		}
		if err := l.holdClient(tx, a.Grant.ClientID); err != nil {
			return err
		}
		consent, err := l.lockConsent(tx, a.Grant.ConsentID)
		if err != nil {
			return err
		}
		if err := consent.standing(now); err != nil {
			return err
		}
		if err := l.takeOffer(tx, a.Grant.OfferID, now); err != nil {
			return err
		}
		grant, err = insertGrant(tx, a.Grant, a.Life, a.Refresh, now)
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return Grant{}, fmt.Errorf("ledger: authorize: %w", err)
	}
	return grant, nil
}

// takeOffer marks the offer that led to an authorization as redeemed.
func (l *Ledger) takeOffer(tx *gorm.DB, id string, now db.Time) error {
	if id == "" {
		return nil
	}
	var offer offerRow
	if err := findOffer(tx, id, l.db.Dialect.ForUpdate(), &offer); err != nil {
		return err
	}
	if offer.State != string(OfferWaiting) {
		return ErrRevoked
	}
	return setOfferState(tx, id, OfferRedeemed, OfferWaiting)
}

func insertGrant(tx *gorm.DB, g Grant, life time.Duration, refresh Refresh, now db.Time) (Grant, error) {
	g.ExpiresAt = now.Add(life)
	row := grantRowOf(g, now)
	if err := tx.Create(&row).Error; err != nil {
		return Grant{}, err
	}
	return g, insertRefresh(tx, refresh, g.Family, now)
}

func insertRefresh(tx *gorm.DB, r Refresh, family string, now db.Time) error {
	if r.Hash == "" {
		return nil
	}
	return tx.Create(&refreshRow{Hash: r.Hash, Family: family, CreatedAt: now, ExpiresAt: db.TimeOf(now.Add(r.Life))}).Error
}

// Renewal is the attempt to get a new access token with a refresh token.
type Renewal struct {
	Hash    string                            // of the refresh token
	Grant   func(family Grant) (Grant, error) // draws up the new grant of the first one, or refuses; may run more than once
	Life    time.Duration
	Replace Refresh // takes the place of the refresh token; none = that stays as it is
}

// Renew makes a further grant of an authorization. It is refused with
// ErrNotFound for an unknown token, ErrExpired and ErrRevoked for one that is
// over, whose consent is or whose client is disabled, with ErrUsed for one that was
// replaced, which revokes the whole authorization (RFC 9700 §4.14.2), and with the
// error of r.Grant.
func (l *Ledger) Renew(ctx context.Context, r Renewal) (Grant, error) {
	var grant Grant
	var refused error
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		token, err := l.lockRefresh(tx, r.Hash, now)
		if refused = nil; err == ErrUsed {
			refused = err
			return l.revokeGrants(tx, now, "family = ?", token.Family) // committed
		}
		if err != nil {
			return err
		}
		family, err := l.lockFamily(tx, token.Family, now)
		if err != nil {
			return err
		}
		next, err := r.Grant(family)
		if err != nil {
			return err
		}
		if err := replaceRefresh(tx, r, family.Family, now); err != nil {
			return err
		}
		grant, err = insertGrant(tx, next, r.Life, Refresh{}, now)
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return Grant{}, fmt.Errorf("ledger: renew: %w", err)
	}
	return grant, nil
}

func (l *Ledger) lockRefresh(tx *gorm.DB, hash string, now db.Time) (refreshRow, error) {
	var row refreshRow
	res := tx.Raw("SELECT hash, family, created_at, expires_at, replaced_at FROM refresh_token WHERE issuer = ? AND hash = ?"+
		l.db.Dialect.ForUpdate(), l.issuer, hash).Scan(&row)
	switch {
	case res.Error != nil:
		return row, res.Error
	case res.RowsAffected == 0:
		return row, ErrNotFound
	case row.ReplacedAt != nil:
		return row, ErrUsed
	case !now.Before(row.ExpiresAt.Time):
		return row, ErrExpired
	}
	return row, nil
}

// lockFamily gives the first grant of an authorization, if it still stands. The
// client and the consent are locked before the grant, as whoever disables or
// withdraws them does.
func (l *Ledger) lockFamily(tx *gorm.DB, id string, now db.Time) (Grant, error) {
	row, err := findGrant(tx, id, "")
	if err != nil {
		return Grant{}, err
	}
	if err := l.holdClient(tx, row.ClientID); err != nil {
		return Grant{}, err
	}
	if row.ConsentID != "" {
		consent, err := l.lockConsent(tx, row.ConsentID)
		if err != nil {
			return Grant{}, err
		}
		if err := consent.standing(now); err != nil {
			return Grant{}, err
		}
	}
	if row, err = findGrant(tx, id, l.db.Dialect.ForUpdate()); err != nil {
		return Grant{}, err
	}
	if row.RevokedAt != nil {
		return Grant{}, ErrRevoked
	}
	return row.toGrant(), nil
}

func replaceRefresh(tx *gorm.DB, r Renewal, family string, now db.Time) error {
	if r.Replace.Hash == "" {
		return nil
	}
	if err := tx.Model(&refreshRow{}).Where("hash = ?", r.Hash).Update("replaced_at", now).Error; err != nil {
		return err
	}
	return insertRefresh(tx, r.Replace, family, now)
}

// RefreshFamily gives the authorization that a refresh token belongs to, over or
// not; ErrNotFound if there is none.
func (l *Ledger) RefreshFamily(ctx context.Context, hash string) (Grant, error) {
	var grant Grant
	err := l.read(ctx, func(tx *gorm.DB) error {
		var token refreshRow
		if err := tx.Where("hash = ?", hash).Limit(1).Find(&token).Error; err != nil {
			return err
		}
		row, err := findGrant(tx, token.Family, "")
		grant = row.toGrant()
		return err
	})
	if err != nil {
		return Grant{}, fmt.Errorf("ledger: find refresh token: %w", err)
	}
	return grant, nil
}
