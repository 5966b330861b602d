package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"
)

// The index of searchable fields. It is a table beside the live row, so that a
// new searchable field needs no index on that row, and its edits stay in their
// page (HOT).

// maxSearchForm is the most bytes of a value that stand in the index; of a longer
// one stands a hash.
const maxSearchForm = 256

// indexedValue is what the index says of one field of one registrant. No forms:
// there is no value.
type indexedValue struct {
	no    int
	forms []string
}

// index notes what a change means for the index.
func (b *builder) index(out *built, def *fieldDef, after string) {
	if def.Searchable {
		out.Indexed = append(out.Indexed, indexedValue{def.No, def.searchForms(after)})
	}
}

// fieldValueRow is a row of field_value.
type fieldValueRow struct {
	RegistrantID uuid.UUID `gorm:"column:registrant_id;primaryKey"`
	Field        int       `gorm:"column:field;primaryKey;autoIncrement:false"`
	NormValue    string    `gorm:"column:norm_value;primaryKey"`
}

func (fieldValueRow) TableName() string { return "field_value" }

// searchForms gives the forms by which a value is found: one, or one per choice.
func (def *fieldDef) searchForms(text string) []string {
	if text == "" {
		return nil
	}
	if def.Type != TypeMultiChoice {
		return []string{searchForm(text)}
	}
	forms := splitChoices(text)
	for i := range forms {
		forms[i] = searchForm(forms[i])
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// searchForm folds what people write in more than one way: case, and letters
// that Unicode has twice.
func searchForm(text string) string {
	form := cases.Fold().String(norm.NFKC.String(text))
	if len(form) > maxSearchForm {
		sum := sha256.Sum256([]byte(form))
		form = "sha256:" + hex.EncodeToString(sum[:])
	}
	return form
}

// storeIndexed writes what a change moves in the index.
func storeIndexed(tx *gorm.DB, id uuid.UUID, isNew bool, list []indexedValue) error {
	var fields []int
	var rows []fieldValueRow
	for _, v := range list {
		fields = append(fields, v.no)
		for _, form := range v.forms {
			rows = append(rows, fieldValueRow{id, v.no, form})
		}
	}
	if len(fields) > 0 && !isNew {
		if err := tx.Exec(`DELETE FROM field_value WHERE registrant_id = ? AND field IN ?`, id, fields).Error; err != nil {
			return fmt.Errorf("clear searchable values: %w", err)
		}
	}
	return createIndexed(tx, rows)
}

func createIndexed(tx *gorm.DB, rows []fieldValueRow) error {
	if len(rows) == 0 {
		return nil
	}
	if err := tx.CreateInBatches(rows, chunkRows).Error; err != nil {
		return fmt.Errorf("store searchable values: %w", err)
	}
	return nil
}

// reindex writes the index of some fields anew for some records, from the values
// in their rows. The rows must be locked. Searchable fields are never sealed, so
// no key is needed.
func reindex(tx *gorm.DB, defs []*fieldDef, rows []registrantRow) error {
	if len(defs) == 0 || len(rows) == 0 {
		return nil
	}
	ids, fields := make([]uuid.UUID, len(rows)), make([]int, len(defs))
	for i, def := range defs {
		fields[i] = def.No
	}
	var found []fieldValueRow
	for i, row := range rows {
		ids[i] = row.ID
		for _, def := range defs {
			for _, form := range def.searchForms(row.Values.plain(def.Key)) {
				found = append(found, fieldValueRow{row.ID, def.No, form})
			}
		}
	}
	if err := tx.Exec(`DELETE FROM field_value WHERE registrant_id IN ? AND field IN ?`, ids, fields).Error; err != nil {
		return fmt.Errorf("clear searchable values: %w", err)
	}
	return createIndexed(tx, found)
}

// plain gives a value that is not sealed.
func (v *values) plain(key string) string {
	if column := v.typed(key); column != nil {
		return *column
	}
	return v.Extra.V[key]
}
