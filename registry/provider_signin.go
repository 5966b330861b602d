package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// ProviderRules says by which claims a provider's people are known here.
type ProviderRules struct {
	Claim      string // of a registrant; "": registrants do not sign in by it
	Identifier string // what it is matched to: a type of identifier, or a field of that type
	StaffClaim string // of staff, matched to what an administrator wrote down; "": they do not
}

// ProviderProof is what a provider says of who signed in, after all checks.
type ProviderProof struct {
	Issuer  string
	Claims  map[string]any // sub among them
	At      time.Time      // when the provider itself asked the person; zero: it does not say
	AsStaff bool           // who asks is on the way to the console
}

// ProviderReason is the reason in the change log when an account is linked.
const ProviderReason = "sign-in by a provider linked"

// claim gives the value of a claim as text. An address or a telephone counts only if
// the provider says that it is verified.
func (p ProviderProof) claim(name string) string {
	if name == "email" || name == "phone_number" {
		if verified, _ := p.Claims[name+"_verified"].(bool); !verified {
			return ""
		}
	}
	text, _ := p.Claims[name].(string)
	if text = strings.TrimSpace(text); len(text) > 200 || checkText(text) != nil {
		return ""
	}
	return text
}

func errNotLinked() error {
	return fault.New(fault.Forbidden, "provider_not_linked", "Nobody here is known by what the other service says of you.")
}

// SignInByProvider starts a session for whom a provider's proof stands for: the one
// person with a verified identifier that is the claim, whose account is opened if there
// is none, and linked; or the member of staff with that claim. An account that is linked
// is asked each time whether the claim still is its own. The session is as fresh as the
// provider says that its proof is. Errors: Forbidden "provider_not_linked" when there is
// no such one, or several, or the account is linked to somebody else; Forbidden
// "provider_link_removed" when its owner took the link away.
func (r *Registry) SignInByProvider(ctx context.Context, rules ProviderRules, proof ProviderProof) (token string, a Account, err error) {
	subject, _ := proof.Claims["sub"].(string)
	if subject == "" || proof.Issuer == "" {
		return "", Account{}, errNotLinked()
	}
	who := r.accounts.providerKey.MAC([]byte("subject"), []byte(proof.Issuer), []byte(subject))
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		row, err := r.providerAccount(tx, rules, proof, who, now)
		if err != nil {
			return err
		}
		if token, a, err = r.startSession(tx, row, ByProvider, now); err != nil {
			return err
		}
		return tx.Model(&sessionRow{}).Where("id_hash = ?", sessionHash(token)).Update("proved_at", r.provedThere(proof.At, now)).Error
	})
	if err != nil {
		return "", Account{}, fmt.Errorf("sign in by a provider: %w", err)
	}
	return token, a, nil
}

// provedThere is when somebody proved who they are who came by a provider: it may know
// them from hours ago. One that does not say proves nothing that counts for sensitive
// acts.
func (r *Registry) provedThere(at time.Time, now db.Time) db.Time {
	if at.IsZero() || at.Before(now.Add(-r.stepUp)) {
		return db.TimeOf(now.Add(-r.stepUp))
	}
	if at.After(now.Time) { // by another clock
		return now
	}
	return db.TimeOf(at)
}

// providerAccount finds the account, and links it if it is not.
func (r *Registry) providerAccount(tx *gorm.DB, rules ProviderRules, proof ProviderProof, who db.Bytes, now db.Time) (row accountRow, err error) {
	if row, err = r.linkedAccount(tx, rules, proof, who, now); err != nil || row.ID != uuid.Nil {
		return row, err
	}
	if proof.AsStaff {
		row, err = staffOfClaim(tx, proof.claim(rules.StaffClaim))
	}
	if err == nil && row.ID == uuid.Nil {
		row, err = r.registrantOfClaim(tx, rules, proof, now)
	}
	if err == nil && row.ID == uuid.Nil {
		row, err = staffOfClaim(tx, proof.claim(rules.StaffClaim))
	}
	if err != nil {
		return row, err
	}
	if row.ID == uuid.Nil {
		return row, errNotLinked()
	}
	if err := tx.Where("account_id = ? AND issuer = ? AND ended_at IS NOT NULL", row.ID, proof.Issuer).Delete(&providerLinkRow{}).Error; err != nil {
		return row, err
	}
	link := providerLinkRow{ID: uuid.Must(uuid.NewV7()), AccountID: row.ID, Issuer: proof.Issuer, SubjectHash: who, CreatedAt: now, UsedAt: now}
	err = tx.Create(&link).Error
	if r.db.Dialect.IsDuplicate(err) { // the account is somebody else's at the provider
		return row, errNotLinked()
	}
	if err != nil || row.RegistrantID == nil {
		return row, err
	}
	return row, r.logLink(tx, row, now)
}

// linkedAccount reads the account that is linked to a subject; the zero row: none is. A
// link does not outlive what it was made by: it is taken away when the claim is not that
// of the account any more, which may be because its identifier is another's now.
func (r *Registry) linkedAccount(tx *gorm.DB, rules ProviderRules, proof ProviderProof, who db.Bytes, now db.Time) (row accountRow, err error) {
	var link providerLinkRow
	found := tx.Where("issuer = ? AND subject_hash = ?", proof.Issuer, who).Limit(1).Find(&link)
	if found.Error != nil || found.RowsAffected == 0 {
		return row, found.Error
	}
	if err := tx.Where("id = ? AND disabled_at IS NULL", link.AccountID).Limit(1).Find(&row).Error; err != nil {
		return row, err
	}
	holds, err := r.holdsClaim(tx, rules, proof, row)
	switch {
	case err != nil:
		return row, err
	case !holds:
		return accountRow{}, tx.Delete(&link).Error
	case link.EndedAt != nil:
		return row, fault.New(fault.Forbidden, "provider_link_removed", "You took this way to sign in away. Sign in another way, and allow it again.")
	}
	return row, tx.Model(&link).Update("used_at", now).Error
}

// holdsClaim tells whether an account is still the one that the claims stand for.
func (r *Registry) holdsClaim(tx *gorm.DB, rules ProviderRules, proof ProviderProof, row accountRow) (bool, error) {
	if row.ID == uuid.Nil {
		return false, nil
	}
	if row.RegistrantID == nil {
		named, err := staffOfClaim(tx, proof.claim(rules.StaffClaim))
		return named.ID == row.ID, err
	}
	value := proof.claim(rules.Claim)
	if value == "" || rules.Identifier == "" {
		return false, nil
	}
	ids, err := r.verifiedHolders(tx, rules.Identifier, value)
	return len(ids) == 1 && ids[0] == *row.RegistrantID, err
}

// staffOfClaim gives the account of staff that is known by a claim; the zero row: none.
func staffOfClaim(tx *gorm.DB, value string) (row accountRow, err error) {
	if value == "" {
		return row, nil
	}
	err = tx.Where("provider_name = ? AND registrant_id IS NULL AND disabled_at IS NULL", strings.ToLower(value)).Limit(1).Find(&row).Error
	return row, err
}

// registrantOfClaim gives the account of the one active person whose verified
// identifier is the claim, and opens it; the zero row: there is none, or several.
func (r *Registry) registrantOfClaim(tx *gorm.DB, rules ProviderRules, proof ProviderProof, now db.Time) (row accountRow, err error) {
	value := proof.claim(rules.Claim)
	if value == "" || rules.Identifier == "" {
		return row, nil
	}
	ids, err := r.verifiedHolders(tx, rules.Identifier, value)
	if err != nil || len(ids) != 1 {
		return row, err
	}
	found := tx.Where("registrant_id = ?", ids[0]).Limit(1).Find(&row)
	switch {
	case found.Error != nil:
		return row, found.Error
	case found.RowsAffected > 0 && row.DisabledAt != nil:
		return accountRow{}, nil
	case found.RowsAffected > 0:
		return row, nil
	}
	var number string
	if err := tx.Raw("SELECT number FROM registrant WHERE id = ?", ids[0]).Scan(&number).Error; err != nil {
		return row, err
	}
	row = accountRow{ID: uuid.Must(uuid.NewV7()), Username: strings.ToLower(number), Roles: string(RoleRegistrant), RegistrantID: &ids[0],
		Password: "", CreatedBy: "provider", CreatedAt: now, PasswordAt: now} // no password is the hash ""
	return row, tx.Create(&row).Error
}

// verifiedHolders lists active people with an identifier that the office has looked
// at: a field that is attested now, or one of a type that only the office records,
// valid today.
func (r *Registry) verifiedHolders(tx *gorm.DB, key, value string) (ids []uuid.UUID, err error) {
	fields, err := r.fieldSet(tx)
	if err != nil {
		return nil, err
	}
	if def := fields.byKey[key]; def != nil {
		return r.attestedHolders(tx, def, value)
	}
	t, err := r.loadIdentifierType(tx, key, "")
	if fault.KindOf(err) == fault.NotFound || err == nil && slices.Contains(t.EditBy, RoleRegistrant) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	index, _, err := r.indexOf(tx, key, value)
	if fault.KindOf(err) == fault.Invalid {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	err = tx.Raw(`SELECT DISTINCT i.registrant_id FROM registrant_identifier i JOIN registrant p ON p.id = i.registrant_id
		WHERE i.type = ? AND i.bidx = ? AND i.status = ? AND (i.valid_to IS NULL OR i.valid_to >= ?) AND p.kind = ? AND p.status = ? LIMIT 2`,
		key, index.Bidx, IdentifierValid, db.Date(dayOf(r.now())), PersonKind, statusActive).Scan(&ids).Error
	return ids, err
}

// attestedHolders lists active people in whose records a field has the value, and it
// is attested now.
func (r *Registry) attestedHolders(tx *gorm.DB, def *fieldDef, value string) ([]uuid.UUID, error) {
	if def.Type != TypeIdentifier || !def.Attestable {
		return nil, nil
	}
	var some, out []uuid.UUID
	err := tx.Raw(`SELECT x.registrant_id FROM identifier x JOIN registrant p ON p.id = x.registrant_id
		WHERE x.scheme = ? AND x.bidx = ? AND p.kind = ? AND p.status = ? LIMIT 20`,
		def.Key, db.Bytes(r.keys.BlindIndex(def.Key, lookupText(def, value))), PersonKind, statusActive).Scan(&some).Error
	if err != nil {
		return nil, err
	}
	for _, id := range some {
		rec, err := r.loadRecord(tx, System().to(toRead), id, "")
		if err != nil {
			return nil, err
		}
		states, err := loadStates(tx, id)
		if err != nil {
			return nil, err
		}
		if s, there := states[def.No]; there && r.stateOf(rec, def.Key, s, r.now()) == StateAttested {
			out = append(out, id)
		}
	}
	return out, nil
}

// logLink writes into the person's change log that the account was linked.
func (r *Registry) logLink(tx *gorm.DB, row accountRow, now db.Time) error {
	owner := Actor{AccountID: row.ID, Name: row.toAccount().Username, Roles: []Role{RoleRegistrant}, RegistrantID: *row.RegistrantID, Channel: ChannelSelf}
	b, err := r.loadBuilder(tx, owner, ProviderReason, now)
	if err != nil {
		return err
	}
	rec, err := r.load(tx, owner.to(toRead), *row.RegistrantID, r.db.Dialect.ForUpdate())
	if err != nil {
		return err
	}
	return r.note(tx, b, &rec)
}
