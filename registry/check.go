package registry

import (
	"context"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// CheckRegister tells whether Register would accept the values, and writes
// nothing. It does not look whether an identifier is taken. It returns the
// errors of Register.
func (r *Registry) CheckRegister(ctx context.Context, a Actor, c Change) error {
	if err := a.checkWithin(toRegister); err != nil {
		return err
	}
	return r.tryBuild(ctx, a, c, func(_ *gorm.DB, b *builder) error {
		_, err := b.register(uuid.New(), formatNumber(0), c.Set, c.CollectedAt)
		return err
	})
}

// CheckEdit tells what Edit, or EditGroup, would change, field by field in canonical
// form, and writes nothing: for the page that asks a person to check the answers. It
// does not look whether an identifier is taken. It returns the errors of Edit.
func (r *Registry) CheckEdit(ctx context.Context, a Actor, id uuid.UUID, c Change) (changes []FieldChange, err error) {
	if err := a.checkOn(toEdit, id); err != nil {
		return nil, err
	}
	reason, err := cleanReason(c.Reason)
	if err != nil {
		return nil, err
	}
	now := r.now()
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		old, err := r.loadRecord(tx, a.to(toEdit), id, "")
		if err != nil {
			return err
		}
		b, err := r.loadBuilderOf(tx, old.row.Kind, a, reason, db.TimeOf(now))
		if err != nil {
			return err
		}
		if old.row.VersionNo != c.ExpectVersion {
			return errVersionConflict()
		}
		change, err := b.edit(old, c.Set, c.CollectedAt)
		if err != nil || change == nil {
			return err
		}
		changes = withoutChanges(b.fields.hiddenFrom(a), changesBetween(b.fields, old.text, change.Text))
		return nil
	})
	return changes, err
}

// tryBuild runs f with a builder in a transaction that only reads.
func (r *Registry) tryBuild(ctx context.Context, a Actor, c Change, f func(tx *gorm.DB, b *builder) error) error {
	reason, err := cleanReason(c.Reason)
	if err != nil {
		return err
	}
	now := r.now()
	return r.db.Read(ctx, func(tx *gorm.DB) error {
		b, err := r.loadBuilder(tx, a, reason, db.TimeOf(now))
		if err != nil {
			return err
		}
		return f(tx, b)
	})
}

// changesBetween lists the fields whose value differs, by position.
func changesBetween(fields *fieldSet, before, after map[string]string) []FieldChange {
	var out []FieldChange
	for _, def := range fields.list {
		if before[def.Key] != after[def.Key] {
			out = append(out, FieldChange{Field: def.Key, Kind: KindValue, Old: before[def.Key], New: after[def.Key]})
		}
	}
	return out
}
