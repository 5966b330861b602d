package registry

import (
	"context"

	"gorm.io/gorm"

	"socialregistry/internal/fault"
)

// CheckField gives a definition as DefineField would store it (f.Version 0) or
// UpdateField, and changes nothing. It returns what they return, but for
// "version_conflict".
func (r *Registry) CheckField(ctx context.Context, a Actor, f Field) (Field, error) {
	if err := a.check(toDefineField); err != nil {
		return Field{}, err
	}
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		set, err := r.allFields(tx)
		if err == nil {
			f, err = set.try(f)
		}
		return err
	})
	return f, err
}

// try is what a definition would be among the others.
func (s *fieldSet) try(f Field) (Field, error) {
	old := s.byKey[f.Key]
	f = f.withDefaults()
	switch {
	case f.Version == 0 && old != nil:
		return f, fault.New(fault.Conflict, "field_exists", "There is a field with this key.")
	case f.Version == 0:
		f.Retired, f.Indexed = false, f.Searchable
	case old == nil:
		return f, errNoField()
	default:
		f.No, f.Retired, f.Indexed = old.No, old.Retired, old.Indexed && f.Searchable
		if bad := f.fixedProblems(old.Field); len(bad) > 0 {
			return f, errBadDefinition(bad)
		}
	}
	checked, err := f.checked()
	if err != nil {
		return f, err
	}
	return checked, s.with(checked).checkRules(checked)
}
