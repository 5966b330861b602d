package registry

import (
	"fmt"
	"maps"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/registry/seal"
)

// verifyIdentifiers checks that the identifiers of a record are those of its
// log, and that the record is found by those that it holds.
func (r *Registry) verifyIdentifiers(tx *gorm.DB, log *replay, rec record) error {
	var rows []regIDRow
	if err := tx.Raw(`SELECT `+regIDColumns+` FROM registrant_identifier WHERE registrant_id = ?`, rec.row.ID).Scan(&rows).Error; err != nil {
		return fmt.Errorf("load identifiers: %w", err)
	}
	stored := map[string]string{}
	for _, row := range rows {
		text, err := rec.key.Open(sealedIdentifier, row.name(), row.Enc)
		if err != nil {
			return broken("identifier %s cannot be opened", row.name())
		}
		for _, d := range row.diff(nil, string(text)) {
			stored[d.Field] = d.New
		}
		if err := r.verifyIndexed(tx, &row, string(text)); err != nil {
			return err
		}
	}
	if !maps.Equal(log.ids, stored) {
		return broken("the identifiers are not those of the log")
	}
	return nil
}

// identify does what an entry did to identifiers, and tells whether it starts
// from what was before.
func (p *replay) identify(diff []diffEntry) bool {
	for _, d := range diff {
		if d.Kind != KindIdentifier {
			continue
		}
		if p.ids[d.Field] != d.Old {
			return false
		}
		if p.ids[d.Field] = d.New; d.New == "" {
			delete(p.ids, d.Field)
		}
	}
	return true
}

// verifyIndexed checks that an identifier finds its record if it is held.
func (r *Registry) verifyIndexed(tx *gorm.DB, row *regIDRow, text string) error {
	t, err := r.loadIdentifierType(tx, row.Type, "")
	if err != nil {
		return err
	}
	compared, _ := t.Normalisation.of(text)
	bidx := db.Bytes(r.keys.BlindIndex(t.scheme(), compared))
	if !seal.Equal(bidx, row.Bidx) {
		return broken("identifier %s has another index", row.name())
	}
	if !row.isHeld() {
		return nil // the same value may have been added again
	}
	var found int
	err = tx.Raw(`SELECT count(*) FROM identifier WHERE scheme = ? AND bidx = ? AND registrant_id = ? AND is_unique = ?`,
		t.scheme(), bidx, row.RegistrantID, t.Unique).Scan(&found).Error
	if err != nil {
		return fmt.Errorf("look up an identifier: %w", err)
	}
	if found != 1 {
		return broken("identifier %s is not found by its value", row.name())
	}
	return nil
}
