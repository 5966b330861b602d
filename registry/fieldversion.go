package registry

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// FieldVersion is a definition as it was.
type FieldVersion struct {
	Field
	At     time.Time
	Actor  string
	Reason string
}

// UpdateField changes a definition; f.Version is the version that the change was
// made from. Values that people have stay as they are, and keep the version that
// they were checked by: a stricter rule asks for better ones when they are
// changed. What would change the meaning of stored values is fixed: key, type,
// result, sealed, unique, lookup, name, kinds; and attestable and issuable, which
// credentials rest on, are only ever switched on. It returns NotFound
// "no_such_field", Conflict "version_conflict", Invalid with the wrong members
// (code "fixed" for those), Conflict "field_kept" for a field that the registry
// itself keeps, or Forbidden. A field that becomes searchable is
// found once IndexField has run.
func (r *Registry) UpdateField(ctx context.Context, a Actor, f Field, reason string) (Field, error) {
	return r.changeField(ctx, a, f.Key, f.Version, reason, func(old Field) (Field, error) {
		f := f.withDefaults()
		f.No, f.Retired, f.Indexed = old.No, old.Retired, old.Indexed && f.Searchable
		if bad := f.fixedProblems(old); len(bad) > 0 {
			return Field{}, errBadDefinition(bad)
		}
		return f.checked()
	})
}

// RetireField takes a field out of use: it takes no new value and goes into no
// new credential. Nothing is lost: its values are read, stay attested where they
// are, and keep the credentials that hold them true. It returns NotFound
// "no_such_field", Conflict "version_conflict" or "field_kept", or Forbidden.
func (r *Registry) RetireField(ctx context.Context, a Actor, key string, version int, reason string) (Field, error) {
	return r.changeField(ctx, a, key, version, reason, func(old Field) (Field, error) {
		old.Retired = true
		return old, nil
	})
}

// ReviveField puts a retired field back into use. It returns the errors of
// RetireField.
func (r *Registry) ReviveField(ctx context.Context, a Actor, key string, version int, reason string) (Field, error) {
	return r.changeField(ctx, a, key, version, reason, func(old Field) (Field, error) {
		old.Retired = false
		return old, nil
	})
}

// FieldVersionQuery asks for versions of a definition.
type FieldVersionQuery struct {
	Newest bool // the newest first, else the oldest
	After  int  // FieldVersionPage.Next of the page before; 0: the first page
	Limit  int  // 0: 50; at most 200
}

// FieldVersionPage is one page of versions.
type FieldVersionPage struct {
	Versions []FieldVersion
	Next     int // FieldVersionQuery.After of the next page; 0 after the last
}

// FieldVersions gives a page of the versions of a definition. It returns NotFound
// "no_such_field", or Forbidden.
func (r *Registry) FieldVersions(ctx context.Context, a Actor, key string, q FieldVersionQuery) (FieldVersionPage, error) {
	if err := a.check(toReadAdminLog); err != nil {
		return FieldVersionPage{}, err
	}
	if !keysFine([]string{key}) {
		return FieldVersionPage{}, errNoField()
	}
	var rows []fieldVersionRow
	size := pageSize(q.Limit)
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		tx = tx.Where("key = ?", key).Limit(size + 1)
		switch {
		case q.Newest && q.After != 0:
			tx = tx.Where("version < ?", q.After)
		case q.After != 0:
			tx = tx.Where("version > ?", q.After)
		}
		if q.Newest {
			return tx.Order("version DESC").Find(&rows).Error
		}
		return tx.Order("version").Find(&rows).Error
	})
	if err != nil {
		return FieldVersionPage{}, fmt.Errorf("load the versions of a definition: %w", err)
	}
	if len(rows) == 0 && q.After == 0 {
		return FieldVersionPage{}, errNoField()
	}
	var page FieldVersionPage
	if len(rows) > size {
		rows = rows[:size]
		page.Next = rows[size-1].Version
	}
	for _, row := range rows {
		page.Versions = append(page.Versions, FieldVersion{Field: row.Definition.V, At: row.At.Time, Actor: row.Actor, Reason: row.Reason})
	}
	return page, nil
}

// changeField makes the next version of a definition by change, which gets the
// newest one and may be called again. Nothing changed is nothing written.
func (r *Registry) changeField(ctx context.Context, a Actor, key string, version int, reason string, change func(old Field) (Field, error)) (Field, error) {
	if err := a.check(toDefineField); err != nil {
		return Field{}, err
	}
	reason, err := cleanReason(reason)
	if err != nil {
		return Field{}, err
	}
	var f Field
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		set, err := r.lockFields(tx)
		if err != nil {
			return err
		}
		def := set.byKey[key]
		switch {
		case def == nil:
			return errNoField()
		case def.kept():
			return fault.New(fault.Conflict, "field_kept", "The registry itself keeps this field: change the programme that it belongs to.")
		case def.Version != version:
			return fault.New(fault.Conflict, "version_conflict", "Somebody else has changed this definition since you opened it.")
		}
		old := def.Field
		if f, err = change(old); err != nil || reflect.DeepEqual(f, old) {
			return err
		}
		f, err = r.replaceField(tx, a, set, old, f, reason, now)
		return err
	})
	return f, err
}

// replaceField stores the next version of a definition, which is right in itself,
// while the definitions are locked.
func (r *Registry) replaceField(tx *gorm.DB, a Actor, set *fieldSet, old, f Field, reason string, now db.Time) (Field, error) {
	f.Version = old.Version + 1
	if err := set.with(f).checkRules(f); err != nil {
		return f, err
	}
	done := tx.Model(&fieldRow{}).Where("key = ?", f.Key).Select("*").Omit("key", "no", "created_by", "created_at").
		Updates(fieldRowOf(f, "", now))
	if done.Error != nil {
		return f, fmt.Errorf("change a definition: %w", done.Error)
	}
	if err := r.refreshWaitingOf(tx, old, f); err != nil {
		return f, err
	}
	return f, r.recordField(tx, a, reason, now, &old, f)
}

// recordField writes a new version of a definition, and the history of settings.
func (r *Registry) recordField(tx *gorm.DB, a Actor, reason string, now db.Time, old *Field, f Field) error {
	row := fieldVersionRow{Key: f.Key, Version: f.Version, Definition: column[Field]{f}, At: now, Actor: a.name(), Reason: reason}
	if err := tx.Create(&row).Error; err != nil {
		return fmt.Errorf("store a version of a definition: %w", err)
	}
	return r.logAdmin(tx, a, reason, now, "field:"+f.Key, old, f)
}

// recordFirstVersions writes the version 1 of definitions that have none: those
// that come with the program.
func recordFirstVersions(tx *gorm.DB, now db.Time, added bool) error {
	if added {
		if err := tx.Exec(`UPDATE field_revision SET revision = revision + 1 WHERE one = 1`).Error; err != nil {
			return fmt.Errorf("move the revision of the field definitions: %w", err)
		}
	}
	var rows []fieldRow
	err := tx.Where(`version = 1 AND NOT EXISTS (SELECT 1 FROM field_definition_version v WHERE v.key = field_definition.key)`).Find(&rows).Error
	if err != nil {
		return fmt.Errorf("find definitions without a version: %w", err)
	}
	if len(rows) == 0 {
		return nil
	}
	first := make([]fieldVersionRow, len(rows))
	for i, row := range rows {
		first[i] = fieldVersionRow{Key: row.Key, Version: 1, Definition: column[Field]{row.toField()}, At: row.CreatedAt,
			Actor: row.CreatedBy, Reason: "comes with the program"}
	}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(first).Error; err != nil {
		return fmt.Errorf("store first versions of definitions: %w", err)
	}
	return nil
}

// fixedProblems lists what a change of a definition must not change.
func (f Field) fixedProblems(old Field) []fault.Field {
	var bad []fault.Field
	fixed := func(changed bool, member, words string) {
		if changed {
			bad = append(bad, fault.Field{Name: member, Code: "fixed", Detail: words})
		}
	}
	const words = "This cannot be changed: people have values. Define another field and retire this one."
	fixed(f.Type != old.Type, "type", words)
	fixed(f.Result != old.Result, "result", words)
	fixed(f.Sealed != old.Sealed, "sealed", words)
	fixed(f.Unique != old.Unique, "unique", words)
	fixed(f.Lookup != old.Lookup, "lookup", words)
	fixed(f.Name != old.Name, "name", words)
	fixed(!reflect.DeepEqual(f.Kinds, old.Kinds), "kinds", words)
	fixed(f.Approval.Note != old.Approval.Note, "approval", "Whether it is a note cannot be changed. Define another field and retire this one.")
	fixed(old.Attestable && !f.Attestable, "attestable", "Credentials may rest on this. Retire the field.")
	fixed(old.Issuable && !f.Issuable, "issuable", "Credentials may rest on this. Retire the field.")
	return bad
}

func errNoField() error {
	return fault.New(fault.NotFound, "no_such_field", "There is no such field.")
}
