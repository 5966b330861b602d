package registry

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Somebody whom an import registered becomes inactive when it is taken back, and
// gives up what nobody else may have, so that the right file can register the
// person. The versions and the history keep it.

// releasedID is an identifier of a type that is revoked.
type releasedID struct {
	t        *idType
	old, row regIDRow
}

// loadIdentifiers reads the identifiers of the people whom the import registered.
func (p *undoPage) loadIdentifiers(tx *gorm.DB, ids []uuid.UUID) error {
	if p.u.source.Mode != ImportCreate {
		return nil
	}
	var rows []regIDRow
	err := tx.Raw(`SELECT `+regIDColumns+` FROM registrant_identifier WHERE registrant_id IN ? AND status <> ? ORDER BY registrant_id, seq`, ids, IdentifierRevoked).Scan(&rows).Error
	if err != nil {
		return fmt.Errorf("read the identifiers of people: %w", err)
	}
	if len(rows) == 0 {
		return nil
	}
	types, err := loadIdentifierTypes(tx)
	if err != nil {
		return err
	}
	p.identifiers, p.types = map[uuid.UUID][]regIDRow{}, map[string]*idType{}
	for _, t := range types {
		if p.types[t.Key], err = newIDType(t); err != nil {
			return err
		}
	}
	for _, row := range rows {
		p.identifiers[row.RegistrantID] = append(p.identifiers[row.RegistrantID], row)
	}
	return nil
}

// reverseNew makes somebody inactive whom the import had registered, and with whom
// nothing was done since. Nothing but an undo of the import makes people inactive:
// of whom it is already, another one takes back what is left of the decisions.
func (p *undoPage) reverseNew(rev *reversal) error {
	row := rev.rec.row
	if row.Status == StatusInactive {
		return p.reverseDecisions(rev)
	}
	if row.ChainNo != 1 || row.Status != statusActive || p.signIn[rev.id] {
		rev.fail(problemOf(row.Number, "", CodeChangedSince, "this record was changed or used after it was registered: it stays."))
		return nil
	}
	keys, fine := p.uniqueValues(rev)
	if !p.release(rev) || !fine {
		rev.identifiers, rev.says = nil, nil
		return nil
	}
	if len(keys) > 0 {
		var err error
		if rev.change, err = p.b.clear(rev.rec, keys); err != nil {
			return err
		}
	}
	rev.deactivates = true
	rev.says = append(rev.says, diffEntry{Field: "status", Kind: KindStatus, Old: statusActive, New: StatusInactive})
	return p.reverseDecisions(rev)
}

// uniqueValues lists the fields of the record that nobody else may have the same
// value in, retired ones too; false: one of them is not for the actor. What the
// registry itself keeps or computes came with no file, and stays.
func (p *undoPage) uniqueValues(rev *reversal) (keys []string, fine bool) {
	fine = true
	for _, def := range p.b.fields.list {
		if !def.Unique || def.kept() || def.Type == TypeComputed || rev.rec.text[def.Key] == "" {
			continue
		}
		keys = append(keys, def.Key)
		f := def.Field
		f.Retired = false
		if !p.b.actor.mayEdit(f, rev.rec.row.Kind, rev.rec.above) {
			rev.fail(problemOf(rev.rec.row.Number, def.Key, CodeNotEditable, "this account may not change this field."))
			fine = false
		}
	}
	return keys, fine
}

// release revokes the identifiers of the record; false: one of them is not for the
// actor.
func (p *undoPage) release(rev *reversal) (fine bool) {
	fine = true
	for _, old := range p.identifiers[rev.id] {
		t := p.types[old.Type]
		if wrong := t.editableBy(p.b.actor, &rev.rec); wrong != nil {
			rev.fail(problemOf(rev.rec.row.Number, t.Key, wrong.code, wrong.words))
			fine = false
			continue
		}
		row := old
		row.Status, row.Version, row.ChangedBy, row.ChangedAt = IdentifierRevoked, old.Version+1, p.b.actor.name(), p.b.at
		rev.identifiers = append(rev.identifiers, releasedID{t, old, row})
		rev.says = append(rev.says, row.diff(&old, "")...)
	}
	return fine
}

// clear builds the change that takes values away from a record that becomes
// inactive: those that are required, or of a retired field, too.
func (b *builder) clear(old record, keys []string) (*built, error) {
	b.above = old.above
	set := map[string]string{}
	for _, key := range keys {
		set[key] = ""
	}
	out := newEdit(old)
	diff := b.apply(out, old.key, set, time.Time{})
	diff = append(diff, b.apply(out, old.key, b.derive(out.Text), time.Time{})...)
	out.nameArea(old.row.Values.areaText())
	return b.finish(out, old.key, b.named(out, diff), nil)
}
