package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/jobs"
)

const jobFieldIndex = "field_index"

// indexCursor is where the filling of an index stands. Of another version of the
// definition nothing is done yet: between the two it may not have been searchable,
// and changes did not write the index.
type indexCursor struct {
	Version int       // of the definition
	Alone   bool      // no change is under way that began before that version
	Done    bool      // every record was looked at
	After   uuid.UUID // the last record that was
	Seen    int       // records looked at, also for versions before
}

// FieldIndexResult is the result of a job of kind field_index.
type FieldIndexResult struct {
	Records int `json:"records"` // looked at, some more than once if the definition changed meanwhile
}

// IndexField makes a field searchable that was not when people got values: it
// fills the index in small transactions, while everybody works on, and then opens
// the field to searches. A change that began after the definition said searchable
// writes the index itself; those that began before are waited for, and after them
// every record is looked at. progress is told the number of records that
// were looked at; it may be nil. It may be run again, and by several processes at
// once. It returns NotFound "no_such_field", Conflict "not_searchable", or
// Forbidden.
func (r *Registry) IndexField(ctx context.Context, a Actor, key string, progress func(records int)) error {
	if err := a.check(toIndexField); err != nil {
		return err
	}
	var at indexCursor
	for {
		opened, err := r.openIndex(ctx, a, key, at)
		if err != nil || opened {
			return err
		}
		if at, err = r.indexNext(ctx, key, at, nil); err != nil {
			return err
		}
		if progress != nil {
			progress(at.Seen)
		}
	}
}

// StartFieldIndex asks for IndexField as a job, whose result is a
// FieldIndexResult. It returns what IndexField returns, or Conflict "job_exists".
func (r *Registry) StartFieldIndex(ctx context.Context, a Actor, key string) (Job, error) {
	if err := a.check(toIndexField); err != nil {
		return Job{}, err
	}
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		set, err := r.allFields(tx)
		if err == nil {
			_, err = set.searchableField(key)
		}
		return err
	})
	if err != nil {
		return Job{}, err
	}
	return r.startJob(ctx, a, jobFieldIndex, key, oneAtATime(key))
}

// workFieldIndex is the work of a job of kind field_index: it goes on after a
// crash from the batch that was kept.
func (r *Registry) workFieldIndex(ctx context.Context, a Actor, run *jobs.Run) (any, error) {
	var key string
	if err := run.Args(&key); err != nil {
		return nil, err
	}
	if err := a.check(toIndexField); err != nil {
		return nil, err
	}
	var at indexCursor
	if err := goOn(run, &at); err != nil {
		return nil, err
	}
	total, err := r.countRecords(ctx)
	if err != nil {
		return nil, err
	}
	keep := func(tx *gorm.DB, next indexCursor) error {
		return run.Save(tx, cursorText(next), int64(next.Seen), max(total, int64(next.Seen)))
	}
	for {
		opened, err := r.openIndex(ctx, a, key, at)
		if err != nil || opened {
			return FieldIndexResult{at.Seen}, err
		}
		if at, err = r.indexNext(ctx, key, at, keep); err != nil {
			return nil, err
		}
	}
}

// indexNext goes on with the next records. Of another version of the definition than the
// cursor's it begins anew, when all have ended that may not know of that version.
func (r *Registry) indexNext(ctx context.Context, key string, at indexCursor, keep func(*gorm.DB, indexCursor) error) (next indexCursor, err error) {
	if next, err = r.indexBatch(ctx, key, at, keep); err != nil || next.Alone {
		return next, err
	}
	if err := r.db.OutlastUsers(ctx, fieldRevisionTable); err != nil {
		return next, err
	}
	next.Alone = true
	return next, nil
}

// indexBatch indexes the next records, holds them meanwhile, and tells where the
// scan stands then. keep, if there is one, writes that in the same transaction. A
// definition of another version than the cursor's is for indexNext to begin with.
func (r *Registry) indexBatch(ctx context.Context, key string, at indexCursor, keep func(*gorm.DB, indexCursor) error) (next indexCursor, err error) {
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, _ db.Time) error {
		set, err := r.allFields(tx)
		if err != nil {
			return err
		}
		def, err := set.searchableField(key)
		if err != nil {
			return err
		}
		if next = at; def.Version != at.Version || !at.Alone {
			next = indexCursor{Version: def.Version, Seen: at.Seen}
			return nil
		}
		var rows []registrantRow
		err = tx.Raw(`SELECT `+registrantColumns+` FROM registrant WHERE id > ? ORDER BY id LIMIT ?`+r.db.Dialect.ForUpdate(), at.After, chunkRows).Scan(&rows).Error
		if err != nil {
			return fmt.Errorf("read records to index: %w", err)
		}
		if next.Done = len(rows) == 0; !next.Done {
			next.After, next.Seen = rows[len(rows)-1].ID, at.Seen+len(rows)
		}
		if err := reindex(tx, []*fieldDef{def}, rows); err != nil || keep == nil {
			return err
		}
		return keep(tx, next)
	})
	return next, err
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

// openIndex lets searches use the field, and tells whether it did: the scan must be
// complete, and of the definition that stands. That stays the same version; that
// people are found by it is in the history of the settings.
func (r *Registry) openIndex(ctx context.Context, a Actor, key string, at indexCursor) (opened bool, err error) {
	if !at.Done {
		return false, nil
	}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		set, err := r.lockFields(tx)
		if err != nil {
			return err
		}
		def, err := set.searchableField(key)
		if err != nil {
			return err
		}
		if opened = def.Version == at.Version; !opened || def.Indexed {
			return nil
		}
		if err := tx.Exec(`UPDATE field_definition SET indexed = ? WHERE key = ?`, true, key).Error; err != nil {
			return fmt.Errorf("open an index: %w", err)
		}
		complete := def.Field
		complete.Indexed = true
		return r.logAdmin(tx, a, "the index is complete", now, "field:"+key, def.Field, complete)
	})
	return opened, err
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
