package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// Consent is what a person agreed to: that a client gets certain details of a
// record in credentials of certain configurations, until when.
type Consent struct {
	ID           string
	Issuer       string    // name of the one that asked; "" = the one at the root; set by the ledger
	RegistrantID uuid.UUID // whose record
	AccountID    uuid.UUID // who agreed

	RepresentativeID uuid.UUID // who agreed, and holds what is issued, for the registrant; zero: the registrant

	ClientID    string
	ClientName  string              // as it was shown
	OfferID     string              // "" = the wallet began by itself
	Details     map[string][]string // configuration to the keys of the fields in it
	GivenAt     time.Time
	ExpiresAt   time.Time
	WithdrawnAt time.Time // zero = it stands
	WithdrawnBy string    // account

	LastUsed time.Time // when a credential was last issued under it; zero: never; told by Consents alone
}

type consentRow struct {
	Issuer       owner     `gorm:"column:issuer"`
	ID           string    `gorm:"column:id;primaryKey"`
	RegistrantID uuid.UUID `gorm:"column:registrant_id"`
	AccountID    uuid.UUID `gorm:"column:account_id"`

	RepresentativeID *uuid.UUID `gorm:"column:representative_id"`

	ClientID    string   `gorm:"column:client_id"`
	ClientName  string   `gorm:"column:client_name"`
	OfferID     string   `gorm:"column:offer_id"`
	Details     db.JSON  `gorm:"column:details"`
	GivenAt     db.Time  `gorm:"column:given_at"`
	ExpiresAt   db.Time  `gorm:"column:expires_at"`
	WithdrawnAt *db.Time `gorm:"column:withdrawn_at"`
	WithdrawnBy string   `gorm:"column:withdrawn_by"`
}

func (consentRow) TableName() string { return "consent" }

func consentRowOf(c Consent) consentRow {
	details := db.JSON{}
	for config, fields := range c.Details {
		details[config] = joinIDs(fields)
	}
	return consentRow{ID: c.ID, RegistrantID: c.RegistrantID, AccountID: c.AccountID, RepresentativeID: optionalID(c.RepresentativeID), ClientID: c.ClientID, ClientName: c.ClientName,
		OfferID: c.OfferID, Details: details}
}

func (r consentRow) toConsent() Consent {
	c := Consent{ID: r.ID, Issuer: string(r.Issuer), RegistrantID: r.RegistrantID, AccountID: r.AccountID, RepresentativeID: idOf(r.RepresentativeID), ClientID: r.ClientID, ClientName: r.ClientName,
		OfferID: r.OfferID, Details: map[string][]string{}, GivenAt: r.GivenAt.Time, ExpiresAt: r.ExpiresAt.Time,
		WithdrawnAt: timeOf(r.WithdrawnAt), WithdrawnBy: r.WithdrawnBy}
	for config, fields := range r.Details {
		text, _ := fields.(string)
		c.Details[config] = splitIDs(text)
	}
	return c
}

// maxConsents is how many consents of one registrant are read, the newest.
const maxConsents = 200

// Consents gives what was agreed to about a record, and what its registrant agreed to
// for others, the newest first, over and withdrawn ones too.
func (l *Ledger) Consents(ctx context.Context, registrant uuid.UUID) ([]Consent, error) {
	var rows []consentRow
	var used map[string]time.Time
	err := l.read(ctx, func(tx *gorm.DB) error {
		err := tx.Where("(registrant_id = ? OR representative_id = ?)", registrant, registrant).Order("given_at DESC, id").Limit(maxConsents).Find(&rows).Error
		if err == nil {
			used, err = lastUses(tx, rows)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: read consents: %w", err)
	}
	consents := make([]Consent, len(rows))
	for n, r := range rows {
		consents[n] = r.toConsent()
		consents[n].LastUsed = used[r.ID]
	}
	return consents, nil
}

// lastUses says when a credential was last issued under each consent.
func lastUses(tx *gorm.DB, rows []consentRow) (map[string]time.Time, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]string, len(rows))
	for n, r := range rows {
		ids[n] = r.ID
	}
	var uses []struct {
		Consent string   `gorm:"column:consent_id"`
		At      *db.Time `gorm:"column:at"`
	}
	err := tx.Raw("SELECT consent_id, max(issued_at) AS at FROM issuance WHERE issuer = ? AND consent_id IN ? AND consent_id <> '' GROUP BY consent_id", issuerOf(tx), ids).Scan(&uses).Error
	used := map[string]time.Time{}
	for _, u := range uses {
		used[u.Consent] = timeOf(u.At)
	}
	return used, err
}

// ReasonConsent is why a credential ends whose consent was withdrawn.
const ReasonConsent = "consent_withdrawn"

// WithdrawConsent ends a consent about a registrant's record, or one that the
// registrant gave for another, in the name of by, an account: its tokens lead to no
// credential any more (see Reserve), and are not refreshed. The credentials of the
// configurations in ending that were issued under it are withdrawn in the same moment,
// but those that are suspended: a suspension is the office's to end, and these are
// never restored (see Restore).
// A second withdrawal changes nothing. ErrNotFound: the registrant has no such
// consent.
func (l *Ledger) WithdrawConsent(ctx context.Context, registrant uuid.UUID, id, by string, ending []string) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		row, err := l.lockConsent(tx, id)
		switch {
		case err != nil:
			return err
		case row.RegistrantID != registrant && idOf(row.RepresentativeID) != registrant:
			return ErrNotFound
		case row.WithdrawnAt != nil:
			return nil
		}
		if err := tx.Model(&consentRow{}).Where("id = ?", id).Updates(map[string]any{"withdrawn_at": now, "withdrawn_by": by}).Error; err != nil {
			return err
		}
		return l.endUnder(tx, id, ending, Closing{Reason: ReasonConsent, By: by}, now)
	})
	if err != nil {
		return fmt.Errorf("ledger: withdraw consent: %w", err)
	}
	return nil
}

// endUnder withdraws what was issued, or is being issued, under a consent. The caller
// holds the consent: every reservation under it is committed, or will be refused.
func (l *Ledger) endUnder(tx *gorm.DB, consent string, configIDs []string, why Closing, now db.Time) error {
	if len(configIDs) == 0 {
		return nil
	}
	var ids []uuid.UUID
	if err := tx.Model(&issuanceRow{}).Where("consent_id = ? AND config_id IN ?", consent, configIDs).Pluck("id", &ids).Error; err != nil {
		return err
	}
	_, err := l.giveUp(tx, ids, why, now)
	return err
}

// consentOver says whether the consent to one of the credentials, of the configurations
// in ending, was withdrawn. The consents are held against a withdrawal until the
// caller's transaction ends, and before the credentials, as WithdrawConsent does.
func (l *Ledger) consentOver(tx *gorm.DB, ids []uuid.UUID, ending []string) (bool, error) {
	if len(ids) == 0 || len(ending) == 0 {
		return false, nil
	}
	var rows []consentRow
	err := tx.Raw("SELECT id, withdrawn_at FROM consent WHERE issuer = ? AND id IN (SELECT consent_id FROM issuance WHERE issuer = ? AND id IN ? AND config_id IN ?)"+
		" ORDER BY id"+l.db.Dialect.ForShare(), l.issuer, l.issuer, ids, ending).Scan(&rows).Error
	return slices.ContainsFunc(rows, func(r consentRow) bool { return r.WithdrawnAt != nil }), err
}

// lockConsent gives a consent and keeps a withdrawal out until the caller's
// transaction ends, so that no grant is made of a consent that was withdrawn.
func (l *Ledger) lockConsent(tx *gorm.DB, id string) (consentRow, error) {
	return findConsent(tx, id, l.db.Dialect.ForUpdate())
}

func findConsent(tx *gorm.DB, id, lock string) (consentRow, error) {
	var row consentRow
	if !isID(id) {
		return row, ErrNotFound
	}
	res := tx.Raw("SELECT id, registrant_id, representative_id, account_id, client_id, client_name, offer_id, details, given_at, expires_at, withdrawn_at, withdrawn_by"+
		" FROM consent WHERE issuer = ? AND id = ?"+lock, issuerOf(tx), id).Scan(&row)
	if res.Error == nil && res.RowsAffected == 0 {
		return row, ErrNotFound
	}
	return row, res.Error
}

// standing refuses a consent that was withdrawn or is over.
func (r consentRow) standing(now db.Time) error {
	switch {
	case r.WithdrawnAt != nil:
		return ErrRevoked
	case !now.Before(r.ExpiresAt.Time):
		return ErrExpired
	}
	return nil
}

// checkConsented gives the grant of an issue, locked, if it stands and what was agreed
// to allows the issue: ErrRevoked, ErrExpired, ErrNoConsent. The consent is held
// against a withdrawal until the caller's transaction ends, and before the grant, as
// everybody does who locks both.
func (l *Ledger) checkConsented(tx *gorm.DB, i Issuance, now db.Time) (grant Grant, err error) {
	var consent consentRow
	if i.ConsentID != "" {
		if consent, err = findConsent(tx, i.ConsentID, l.db.Dialect.ForShare()); err != nil {
			return Grant{}, err
		}
	}
	grant, err = checkGrant(tx, i.GrantID, l.db.Dialect.ForUpdate(), now)
	switch {
	case err != nil:
		return grant, err
	case grant.ConsentID != i.ConsentID:
		return grant, ErrRevoked
	case grant.ConsentID == "": // the person made the offer
		return grant, nil
	}
	return grant, consent.check(i, now)
}

// check refuses an issue that goes beyond what was agreed to: after the
// consent was withdrawn or is over, of another configuration, or of a field that
// the configuration gained since. ErrNoConsent.
func (r consentRow) check(i Issuance, now db.Time) error {
	if r.standing(now) != nil {
		return ErrNoConsent
	}
	fields, known := r.toConsent().Details[i.ConfigID]
	if !known {
		return ErrNoConsent
	}
	agreed := map[string]bool{}
	for _, field := range fields {
		agreed[field] = true
	}
	for field := range i.Fields {
		if !agreed[field] {
			return ErrNoConsent
		}
	}
	return nil
}
