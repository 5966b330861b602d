package registry

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// typeForNew gives the type of an identifier that is to be added to a record, if
// the actor may add it. The definition stays as it is until the transaction ends.
func (r *Registry) typeForNew(tx *gorm.DB, a Actor, key string, rec *record) (*idType, error) {
	t, err := r.loadIdentifierType(tx, key, r.db.Dialect.ForShare())
	var wrong *mistake
	switch {
	case fault.KindOf(err) == fault.NotFound:
		wrong = &mistake{"unknown_type", "There is no such identifier type."}
	case err != nil:
		return nil, err
	case !t.isFor(rec.row.Kind):
		wrong = &mistake{"wrong_kind", "Identifiers of this type belong to another kind of registrant."}
	case !t.Active:
		wrong = &mistake{"type_retired", "Identifiers of this type are not added any more."}
	default:
		wrong = t.editableBy(a, rec)
	}
	if wrong != nil {
		return nil, errBadIdentifier([]fault.Field{badMember("type", wrong)})
	}
	return t, nil
}

// sectionIdentity is the section of fields that identifiers count as.
const sectionIdentity = "identity"

func (t *idType) editableBy(a Actor, rec *record) *mistake {
	if !a.mayEdit(Field{EditBy: t.EditBy, Section: sectionIdentity}, rec.row.Kind, rec.above) {
		return &mistake{CodeNotEditable, "This account may not change identifiers of this type."}
	}
	return nil
}

// draftIdentifier checks a new identifier and makes its row but for Seq and Enc.
// It gives the value in the form that is kept, too.
func (r *Registry) draftIdentifier(t *idType, rec *record, a Actor, n NewIdentifier, now db.Time) (*regIDRow, string, error) {
	text, compared, wrong := t.read(n.Value)
	row := &regIDRow{RegistrantID: rec.row.ID, Type: t.Key, Status: IdentifierValid, Version: 1,
		RecordedBy: a.name(), RecordedAt: now, ChangedBy: a.name(), ChangedAt: now}
	var bad []fault.Field
	if wrong != nil {
		bad = append(bad, badMember(memberValue, wrong))
	}
	bad = append(bad, row.setIssuer(n.IssuedBy)...)
	bad = append(bad, row.setDays(t, n.ValidFrom, n.ValidTo, dayOf(now.Time))...)
	if len(bad) > 0 {
		return nil, "", errBadIdentifier(bad)
	}
	row.Bidx = r.keys.BlindIndex(t.scheme(), compared)
	return row, text, nil
}

// setDays checks and sets both days together.
func (row *regIDRow) setDays(t *idType, from, to, today string) []fault.Field {
	var bad []fault.Field
	day := func(member, raw, greatest string) db.Date {
		text := strings.TrimSpace(raw)
		wrong := checkText(raw)
		if wrong == nil && text != "" {
			text, wrong = canonicalDate(text, earliestDay, greatest, today)
		}
		if wrong != nil {
			bad = append(bad, badMember(member, wrong))
		}
		return db.Date(text)
	}
	row.ValidFrom, row.ValidTo = day("valid_from", from, maxToday), day("valid_to", to, "")
	if len(bad) > 0 {
		return bad
	}
	switch {
	case t.Expires == ExpiresNever && row.ValidTo != "":
		bad = append(bad, badMember("valid_to", &mistake{"never_expires", "Identifiers of this type have no last day."}))
	case t.Expires == ExpiresRequired && row.ValidTo == "":
		bad = append(bad, badMember("valid_to", &mistake{CodeRequired, "The last day is needed."}))
	case row.ValidTo != "" && row.ValidTo < row.ValidFrom:
		bad = append(bad, badMember("valid_to", &mistake{CodeDateTooEarly, "The last day is before the first."}))
	}
	return bad
}

func (row *regIDRow) setIssuer(raw string) []fault.Field {
	wrong := checkText(raw)
	if wrong == nil && utf8.RuneCountInString(raw) > DefaultMaxLength {
		wrong = tooLong(DefaultMaxLength)
	}
	if wrong != nil {
		return []fault.Field{badMember("issued_by", wrong)}
	}
	row.IssuedBy = strings.Join(strings.Fields(norm.NFC.String(raw)), " ")
	return nil
}

// insertIdentifier numbers, seals and stores a new identifier. The record is
// locked, so that what it has is not added twice; that nobody else has the value
// is held by the unique index.
func (r *Registry) insertIdentifier(tx *gorm.DB, t *idType, rec *record, row *regIDRow, text string) error {
	var have struct{ Last, Same int }
	err := tx.Raw(`SELECT coalesce(max(seq), 0) AS last, coalesce(sum(CASE WHEN type = ? AND bidx = ? AND status = ? THEN 1 ELSE 0 END), 0) AS same
		FROM registrant_identifier WHERE registrant_id = ?`, row.Type, row.Bidx, IdentifierValid, row.RegistrantID).Scan(&have).Error
	switch {
	case err != nil:
		return fmt.Errorf("number an identifier: %w", err)
	case have.Same > 0:
		return errIdentifierDoubled()
	case have.Last >= maxIdentifiers:
		return fault.New(fault.Conflict, "too_many_identifiers", "This record has had too many identifiers to add another.")
	}
	row.Seq = have.Last + 1
	row.Enc = rec.key.Seal(sealedIdentifier, row.name(), []byte(text))
	if err := r.hold(tx, row.index(t)); err != nil {
		return err
	}
	if err := tx.Create(row).Error; err != nil {
		return fmt.Errorf("store an identifier: %w", err)
	}
	return nil
}

// holdOnce refuses a value that the same record holds already, as another of its
// identifiers. It returns Conflict "identifier_doubled".
func holdOnce(tx *gorm.DB, row *regIDRow) error {
	var doubled bool
	err := tx.Raw(`SELECT EXISTS (SELECT 1 FROM registrant_identifier WHERE registrant_id = ? AND type = ? AND bidx = ? AND status = ? AND seq <> ?)`,
		row.RegistrantID, row.Type, row.Bidx, IdentifierValid, row.Seq).Scan(&doubled).Error
	if err != nil {
		return fmt.Errorf("look for the same identifier: %w", err)
	}
	if doubled {
		return errIdentifierDoubled()
	}
	return nil
}

func errIdentifierDoubled() error {
	return fault.New(fault.Conflict, "identifier_doubled", "This record has this identifier already.")
}

// hold says in the table identifier who has a value. It returns Conflict
// "identifier_taken".
func (r *Registry) hold(tx *gorm.DB, index identifierRow) error {
	err := tx.Create(&index).Error
	if r.db.Dialect.IsDuplicate(err) {
		return errIdentifierTaken(memberValue)
	}
	if err != nil {
		return fmt.Errorf("index an identifier: %w", err)
	}
	return nil
}

// identifierForChange reads an identifier of a locked record and its type, if the
// actor may change it and it is the version that is expected.
func (r *Registry) identifierForChange(tx *gorm.DB, a Actor, rec *record, seq, version int) (regIDRow, *idType, error) {
	var rows []regIDRow
	err := tx.Raw(`SELECT `+regIDColumns+` FROM registrant_identifier WHERE registrant_id = ? AND seq = ?`, rec.row.ID, seq).Scan(&rows).Error
	if err != nil {
		return regIDRow{}, nil, fmt.Errorf("load an identifier: %w", err)
	}
	if len(rows) == 0 {
		return regIDRow{}, nil, errNoIdentifier()
	}
	old := rows[0]
	t, err := r.loadIdentifierType(tx, old.Type, r.db.Dialect.ForShare())
	if err != nil {
		return regIDRow{}, nil, err
	}
	switch wrong := t.editableBy(a, rec); {
	case wrong != nil:
		err = errBadIdentifier([]fault.Field{badMember("type", wrong)})
	case old.Version != version:
		err = errVersionConflict()
	case old.Status == IdentifierRevoked:
		err = fault.New(fault.Conflict, "identifier_revoked", "A revoked identifier stays as it is. Add it again if it is valid after all.")
	}
	return old, t, err
}

// apply gives the row after a change.
func (row regIDRow) apply(t *idType, a Actor, c IdentifierChange, now db.Time) (*regIDRow, error) {
	var bad []fault.Field
	if c.Status != nil {
		switch *c.Status {
		case IdentifierValid, IdentifierLost, IdentifierRevoked:
			row.Status = *c.Status
		default:
			bad = append(bad, badMember("status", &mistake{"bad_status", "VALID, LOST or REVOKED. EXPIRED follows from the last day."}))
		}
	}
	if c.IssuedBy != nil {
		bad = append(bad, row.setIssuer(*c.IssuedBy)...)
	}
	if c.ValidFrom != nil || c.ValidTo != nil {
		bad = append(bad, row.setDays(t, given(c.ValidFrom, string(row.ValidFrom)), given(c.ValidTo, string(row.ValidTo)), dayOf(now.Time))...)
	}
	if len(bad) > 0 {
		return nil, errBadIdentifier(bad)
	}
	return &row, nil
}

func given(changed *string, now string) string {
	if changed != nil {
		return *changed
	}
	return now
}

// moveIdentifierRow stores a changed identifier, and whether its value is held.
// The record is locked, so that nobody has changed it since it was read.
func (r *Registry) moveIdentifierRow(tx *gorm.DB, t *idType, old regIDRow, row *regIDRow) error {
	switch {
	case old.isHeld() && !row.isHeld():
		index := row.index(t)
		if err := tx.Delete(&index).Error; err != nil {
			return fmt.Errorf("release an identifier: %w", err)
		}
	case !old.isHeld() && row.isHeld():
		if err := holdOnce(tx, row); err != nil {
			return err
		}
		if err := r.hold(tx, row.index(t)); err != nil {
			return err
		}
	}
	done := tx.Model(&regIDRow{}).Where("registrant_id = ? AND seq = ?", row.RegistrantID, row.Seq).
		Select("status", "valid_from", "valid_to", "issued_by", "version_no", "changed_by", "changed_at").Updates(row)
	if done.Error != nil {
		return fmt.Errorf("store an identifier: %w", done.Error)
	}
	return nil
}
