package registry

import (
	"context"
	"maps"

	"gorm.io/gorm"

	"socialregistry/internal/fault"
	"socialregistry/registry/csvio"
	"socialregistry/registry/mapping"
)

// withSaved reads the saved mapping that the options name and fills what it says
// and they leave out. It returns NotFound "no_such_import_mapping", or Invalid
// "no_such_group_kind" or "mapping_kind".
func (r *Registry) withSaved(ctx context.Context, o ImportOptions) (ImportOptions, error) {
	if o.Saved != "" && o.saved == nil {
		var m ImportMapping
		err := r.db.Read(ctx, func(tx *gorm.DB) (err error) {
			m, err = loadMapping(tx, o.Saved, "")
			return err
		})
		if err != nil {
			return o, err
		}
		o.saved = &m.Mapping
	}
	if o.saved != nil {
		o = o.filledFrom(o.saved)
	}
	if o.Kind == "" {
		o.Kind = PersonKind
	}
	if o.saved != nil && o.saved.Kind != o.Kind {
		return o, fault.New(fault.Invalid, "mapping_kind", "The saved mapping is of another kind.")
	}
	return o, r.checkImportKind(ctx, o)
}

// filledFrom takes from a saved mapping what the options leave out.
func (o ImportOptions) filledFrom(m *mapping.Mapping) ImportOptions {
	if o.Kind == "" {
		o.Kind = m.Kind
	}
	if o.Mode == "" {
		o.Mode = ImportMode(m.Mode)
	}
	if o.Dates == csvio.OrderUnknown {
		o.Dates = csvio.DateOrder(m.Dates)
	}
	return o
}

func (r *Registry) checkImportKind(ctx context.Context, o ImportOptions) error {
	if o.Kind == PersonKind {
		return nil
	}
	return r.db.Read(ctx, func(tx *gorm.DB) error {
		known, err := knownKinds(tx, []string{o.Kind})
		switch {
		case err != nil:
			return err
		case !known:
			return fault.New(fault.Invalid, "no_such_group_kind", "There is no such kind of group.")
		case o.Mode != ImportCreate:
			return fault.New(fault.Invalid, "invalid_import_mode", "Groups are created by an import; a file does not change them.")
		case o.Carries != "" && o.Carries.decisions():
			return fault.New(fault.Invalid, "invalid_carries", "A file of groups carries values alone.")
		}
		return nil
	})
}

// savedHeaders is the saved mapping as package csvio takes it: header -> key of
// the column.
func (o ImportOptions) savedHeaders() map[string]string {
	if o.saved == nil {
		return nil
	}
	out := make(map[string]string, len(o.saved.Headers))
	for header, name := range o.saved.Headers {
		out[header] = columnOfType(name)
	}
	return out
}

// withDefaults gives the values of somebody new: those of the row, and of the
// saved mapping where the row has none.
func (im *importRun) withDefaults(set map[string]string) map[string]string {
	if im.opt.saved == nil || len(im.opt.saved.Defaults) == 0 {
		return set
	}
	all := maps.Clone(im.opt.saved.Defaults)
	for field, text := range set {
		if text != "" {
			all[field] = text
		}
	}
	return all
}

// savedKey is the key of the saved mapping that an upload came with, or "".
func (row *batchRow) savedKey() string {
	if row.Saved.V == nil {
		return ""
	}
	return row.Saved.V.Key
}
