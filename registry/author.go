package registry

import (
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/registry/attestation"
)

// Who entered a value is who made the first version that has it: every value
// carries the moment at which it was recorded, from version to version, and a
// change of it makes another moment. An import is an edit by whoever imports.

// authors tells who entered the values of some records.
type authors map[uuid.UUID][]authoredRow

// authoredRow is what registrant_version tells of one version, in the order of
// their numbers.
type authoredRow struct {
	RegistrantID uuid.UUID                   `gorm:"column:registrant_id"`
	Author       string                      `gorm:"column:author"`
	Times        column[map[string]recorded] `gorm:"column:times"`
}

// loadAuthors reads the authors of the records about whose values a decision asks
// for them. Most policies do not, and then nothing is read.
func (d *decider) loadAuthors(tx *gorm.DB, all []decisionsOn) (authors, error) {
	var ids []uuid.UUID
	for _, one := range all {
		for _, decision := range one.decisions {
			if def := d.b.fields.byKey[decision.Field]; def != nil && d.r.policyOf(def).OwnEdit == attestation.OwnEditRefused {
				ids = append(ids, one.rec.row.ID)
				break
			}
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []authoredRow
	err := tx.Raw(`SELECT registrant_id, author, times FROM registrant_version WHERE registrant_id IN ?
		ORDER BY registrant_id, version_no`, ids).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read who entered values: %w", err)
	}
	out := authors{}
	for _, row := range rows {
		out[row.RegistrantID] = append(out[row.RegistrantID], row)
	}
	return out, nil
}

// of gives who entered the value that a field of a record has now. One that is in
// no version yet is being entered by writer.
func (a authors) of(rec record, key, writer string) []string {
	if a == nil {
		return nil
	}
	at := rec.row.Values.Times.V[key].R
	for _, row := range a[rec.row.ID] {
		if row.Times.V[key].R == at {
			return []string{row.Author}
		}
	}
	return []string{writer}
}
