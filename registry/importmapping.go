package registry

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/mapping"
)

// ImportMapping is a saved mapping and its version, from 1, which moves with
// every change.
type ImportMapping struct {
	mapping.Mapping
	VersionNo int `json:"version_no"`
}

// mappingRow is a row of import_mapping.
type mappingRow struct {
	Key       string                  `gorm:"column:key;primaryKey"`
	Spec      column[mapping.Mapping] `gorm:"column:spec"`
	VersionNo int                     `gorm:"column:version_no"`
	CreatedBy string                  `gorm:"column:created_by"`
	CreatedAt db.Time                 `gorm:"column:created_at;autoCreateTime:false"`
	UpdatedAt db.Time                 `gorm:"column:updated_at;autoUpdateTime:false"`
}

func (mappingRow) TableName() string { return "import_mapping" }

func mappingRowOf(m ImportMapping, by string, at db.Time) *mappingRow {
	return &mappingRow{Key: m.Key, Spec: column[mapping.Mapping]{m.Mapping}, VersionNo: m.VersionNo, CreatedBy: by, CreatedAt: at, UpdatedAt: at}
}

func (r mappingRow) toMapping() ImportMapping { return ImportMapping{r.Spec.V, r.VersionNo} }

// seedMappings writes the mappings that come with the program and are not there
// yet. One that is there is left as it is.
func (r *Registry) seedMappings(ctx context.Context) error {
	presets, err := mapping.Presets()
	if err != nil {
		return err
	}
	return r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		rows := make([]*mappingRow, len(presets))
		for i, m := range presets {
			rows[i] = mappingRowOf(ImportMapping{m, 1}, System().name(), now)
		}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(rows).Error; err != nil {
			return fmt.Errorf("seed import mappings: %w", err)
		}
		return nil
	})
}

// ImportMappings lists the saved mappings by key. It returns Forbidden.
func (r *Registry) ImportMappings(ctx context.Context, a Actor) ([]ImportMapping, error) {
	if err := a.check(toReadSources); err != nil {
		return nil, err
	}
	var rows []mappingRow
	err := r.db.Read(ctx, func(tx *gorm.DB) error { return tx.Order("key").Find(&rows).Error })
	if err != nil {
		return nil, fmt.Errorf("list import mappings: %w", err)
	}
	out := make([]ImportMapping, len(rows))
	for i, row := range rows {
		out[i] = row.toMapping()
	}
	return out, nil
}

// ImportMapping gives one saved mapping. It returns Forbidden or NotFound
// "no_such_import_mapping".
func (r *Registry) ImportMapping(ctx context.Context, a Actor, key string) (m ImportMapping, err error) {
	if err := a.check(toReadSources); err != nil {
		return ImportMapping{}, err
	}
	err = r.db.Read(ctx, func(tx *gorm.DB) (err error) {
		m, err = loadMapping(tx, key, "")
		return err
	})
	return m, err
}

// DefineImportMapping adds a saved mapping. It returns Forbidden, Invalid
// "invalid_import_mapping" with the wrong members (unknown_field and
// unknown_kind among their codes), or Conflict "import_mapping_exists".
func (r *Registry) DefineImportMapping(ctx context.Context, a Actor, m mapping.Mapping, reason string) (ImportMapping, error) {
	reason, err := a.readSetting(toKeepSources, reason)
	if err != nil {
		return ImportMapping{}, err
	}
	out := ImportMapping{m, 1}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		if err := r.checkMapping(tx, m, now); err != nil {
			return err
		}
		err := tx.Create(mappingRowOf(out, a.name(), now)).Error
		if r.db.Dialect.IsDuplicate(err) {
			return fault.New(fault.Conflict, "import_mapping_exists", "There is a saved mapping with this key.")
		}
		if err != nil {
			return fmt.Errorf("store an import mapping: %w", err)
		}
		return r.logAdmin(tx, a, reason, now, "import_mapping:"+m.Key, nil, out)
	})
	return out, err
}

// ChangeImportMapping replaces the saved mapping with the same key; m.VersionNo is
// that of the one it was made from. Files that are on their way keep the mapping
// that they came with. It returns Forbidden, NotFound, Conflict
// "version_conflict", or Invalid "invalid_import_mapping".
func (r *Registry) ChangeImportMapping(ctx context.Context, a Actor, m ImportMapping, reason string) (ImportMapping, error) {
	reason, err := a.readSetting(toKeepSources, reason)
	if err != nil {
		return ImportMapping{}, err
	}
	next := ImportMapping{m.Mapping, m.VersionNo + 1}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		old, err := loadMapping(tx, m.Key, r.db.Dialect.ForUpdate())
		if err != nil {
			return err
		}
		if old.VersionNo != m.VersionNo {
			return errVersionConflict()
		}
		if err := r.checkMapping(tx, m.Mapping, now); err != nil {
			return err
		}
		if err := tx.Model(&mappingRow{}).Where("key = ?", m.Key).Select("spec", "version_no", "updated_at").Updates(mappingRowOf(next, "", now)).Error; err != nil {
			return fmt.Errorf("change an import mapping: %w", err)
		}
		return r.logAdmin(tx, a, reason, now, "import_mapping:"+m.Key, old, next)
	})
	return next, err
}

// readSetting decides whether the actor may change settings of this sort, and
// checks the reason.
func (a Actor) readSetting(act action, reason string) (string, error) {
	if err := a.check(act); err != nil {
		return "", err
	}
	return cleanReason(reason)
}

// loadMapping reads one saved mapping; lock is "" or one of the dialect's lock
// clauses. It returns NotFound "no_such_import_mapping".
func loadMapping(tx *gorm.DB, key, lock string) (ImportMapping, error) {
	var rows []mappingRow
	if keysFine([]string{key}) {
		if err := tx.Raw(`SELECT key, spec, version_no FROM import_mapping WHERE key = ?`+lock, key).Scan(&rows).Error; err != nil {
			return ImportMapping{}, fmt.Errorf("load an import mapping: %w", err)
		}
	}
	if len(rows) == 0 {
		return ImportMapping{}, fault.New(fault.NotFound, "no_such_import_mapping", "There is no such saved mapping.")
	}
	return rows[0].toMapping(), nil
}

// checkMapping refuses a mapping with mistakes: in itself, or against the
// definitions of its kind.
func (r *Registry) checkMapping(tx *gorm.DB, m mapping.Mapping, now db.Time) error {
	var bad []fault.Field
	for _, p := range m.Problems(func(text string) bool { return checkText(text) == nil }) {
		bad = append(bad, fault.Field{Name: p.Member, Code: p.Code, Detail: p.Words})
	}
	var shape definitionProblems
	shape.add(!keysFine([]string{m.Key}), "key", "Small letters, digits and single underscores, beginning with a letter; at most 63.")
	shape.add(!labelsFine(m.Label) || m.Label["en"] == "", "label", "One line per language; English (en) is needed.")
	bad = append(bad, shape...)
	known, err := knownKinds(tx, []string{m.Kind})
	if err != nil {
		return err
	}
	if !known {
		bad = append(bad, fault.Field{Name: "kind", Code: "unknown_kind", Detail: "person, or a kind of group that is there."})
	} else {
		wrong, err := r.checkTargets(tx, m, now)
		if err != nil {
			return err
		}
		bad = append(bad, wrong...)
	}
	if len(bad) > 0 {
		return fault.InvalidFields("invalid_import_mapping", "The mapping has mistakes.", bad)
	}
	return nil
}

// checkTargets holds what the mapping names against the definitions, and its
// defaults against their fields.
func (r *Registry) checkTargets(tx *gorm.DB, m mapping.Mapping, now db.Time) ([]fault.Field, error) {
	fields, err := r.fieldSetOf(tx, m.Kind)
	if err != nil {
		return nil, err
	}
	types, err := addableTypes(tx, m.Kind)
	if err != nil {
		return nil, err
	}
	var bad []fault.Field
	for _, name := range m.Fields() {
		if def := fields.byKey[name]; def != nil && !def.Retired && def.Type != TypeComputed && !def.kept() && !def.Approval.Note {
			continue
		}
		if !isColumn(name, m.Kind) && !isTypeColumn(name, types) {
			bad = append(bad, fault.Field{Name: shortKey(name), Code: CodeUnknownField, Detail: "There is no such field, or nobody enters it."})
		}
	}
	for name, text := range m.Defaults {
		def := fields.byKey[name]
		if def == nil {
			bad = append(bad, fault.Field{Name: shortKey(name), Code: CodeUnknownField, Detail: "Only fields have a value where the row has none."})
			continue
		}
		if _, wrong := def.canonical(text, dayOf(now.Time)); wrong != nil {
			bad = append(bad, fault.Field{Name: name, Code: wrong.code, Detail: wrong.words})
		}
	}
	return bad, nil
}

// isColumn tells whether a column may be called so that is no field.
func isColumn(name, kind string) bool {
	switch name {
	case mapping.Number, mapping.Collected:
		return true
	case mapping.GroupKey, mapping.Member, mapping.Role, mapping.Start:
		return kind != PersonKind
	}
	return false
}

// isTypeColumn tells whether a name is that of a column of identifiers.
func isTypeColumn(name string, types map[string]*idType) bool {
	scheme, member, _ := strings.Cut(columnOfType(name), "/")
	if types[scheme] == nil {
		return false
	}
	for _, m := range append(givenMembers(), "") {
		if member == m {
			return true
		}
	}
	return false
}

// columnOfType gives the key of the column that a mapping calls identifier:KEY or
// identifier:KEY:MEMBER; other names are their own.
func columnOfType(name string) string {
	rest, ok := strings.CutPrefix(name, mapping.Identifier)
	if !ok {
		return name
	}
	key, member, _ := strings.Cut(rest, ":")
	scheme := IdentifierType{Key: key}.scheme()
	if member == "" {
		return scheme
	}
	return givenColumn(scheme, member)
}
