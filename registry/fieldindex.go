package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// IndexField makes a field searchable that was not when people got values: it
// fills the index in small transactions, while everybody works on, and then opens
// the field to searches. From the moment that the definition said searchable,
// changes write the index themselves. The scan is made twice: what a registration
// that began before that moment had not committed when the first scan passed, the
// second finds. progress is told the number of records that were looked at; it
// may be nil. It may be run again, and by several processes at once. It returns
// NotFound "no_such_field", Conflict "not_searchable", or Forbidden.
func (r *Registry) IndexField(ctx context.Context, a Actor, key string, progress func(records int)) error {
	if err := a.check(toIndexField); err != nil {
		return err
	}
	seen := 0
	for range 2 {
		for after := uuid.Nil; ; {
			last, n, err := r.indexBatch(ctx, key, after)
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
			after = last
			if seen += n; progress != nil {
				progress(seen)
			}
		}
	}
	return r.openIndex(ctx, key)
}

// indexBatch indexes the next records after an id, and holds them meanwhile.
func (r *Registry) indexBatch(ctx context.Context, key string, after uuid.UUID) (last uuid.UUID, n int, err error) {
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error {
		set, err := r.allFields(tx)
		if err != nil {
			return err
		}
		def, err := set.searchableField(key)
		if err != nil {
			return err
		}
		var rows []registrantRow
		err = tx.Raw(`SELECT `+registrantColumns+` FROM registrant WHERE id > ? ORDER BY id LIMIT ?`+r.db.Dialect.ForUpdate(), after, chunkRows).Scan(&rows).Error
		if err != nil {
			return fmt.Errorf("read records to index: %w", err)
		}
		if n = len(rows); n > 0 {
			last = rows[n-1].ID
		}
		return reindex(tx, []*fieldDef{def}, rows)
	})
	return last, n, err
}

// searchableField finds a field that the index is to know.
func (s *fieldSet) searchableField(key string) (*fieldDef, error) {
	def := s.byKey[key]
	if def == nil {
		return nil, errNoField()
	}
	if !def.Searchable {
		return nil, fault.New(fault.Conflict, "not_searchable", "The definition does not say that people are found by this field.")
	}
	return def, nil
}

// openIndex lets searches use the field. The definition stays the same version.
func (r *Registry) openIndex(ctx context.Context, key string) error {
	return r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error {
		set, err := r.lockFields(tx)
		if err != nil {
			return err
		}
		if _, err := set.searchableField(key); err != nil {
			return err
		}
		if err := tx.Exec(`UPDATE field_definition SET indexed = ? WHERE key = ?`, true, key).Error; err != nil {
			return fmt.Errorf("open an index: %w", err)
		}
		return nil
	})
}

// whereEquals finds people by the whole values of searchable fields.
func whereEquals(w *where, fields *fieldSet, hidden map[string]bool, equals map[string]string) error {
	if len(equals) > maxEquals {
		return badQuery("equals")
	}
	for key, text := range equals {
		def := fields.byKey[key]
		if def == nil || !def.Searchable || !def.Indexed || hidden[key] || checkText(text) != nil {
			return badQuery("equals")
		}
		forms := def.searchForms(lookupText(def, text))
		if len(forms) == 0 {
			return badQuery("equals")
		}
		for _, form := range forms {
			w.and(`id IN (SELECT registrant_id FROM field_value WHERE field = ? AND norm_value = ?)`, def.No, form)
		}
	}
	return nil
}
