package registry

import (
	"cmp"
	"context"
	_ "embed" // identifier_types.json
	"encoding/json"
	"fmt"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/checkdigit"
)

//go:embed identifier_types.json
var coreIdentifierTypes []byte

// Normalisation says which ways to write an identifier are one. What it gives
// is the compared form: pattern, check rule and uniqueness are about that.
type Normalisation string

// The normalisations.
const (
	NormLetters  Normalisation = "letters_digits"  // capital letters and the digits 0 to 9; spaces, dashes and the like are dropped
	NormDigits   Normalisation = "digits"          // the same, and there must be digits alone
	NormUnpadded Normalisation = "digits_unpadded" // digits without zeros in front
)

// Expiry says whether the identifiers of a type come to an end.
type Expiry string

// The three ways.
const (
	ExpiresNever    Expiry = "never"    // no last day may be given
	ExpiresOptional Expiry = "optional" // a last day may be given
	ExpiresRequired Expiry = "required" // a last day must be given
)

// IdentifierType defines one kind of identifier that others give out. Types are
// data: the first ones are in identifier_types.json, an administrator adds more.
type IdentifierType struct {
	Key           string            `json:"key"`                  // snake_case, never changed
	Label         map[string]string `json:"label"`                // words per language; en is always there
	Pattern       string            `json:"pattern,omitempty"`    // regular expression (RE2) for the whole compared form
	CheckRule     checkdigit.Rule   `json:"check_rule,omitempty"` // empty: none
	Normalisation Normalisation     `json:"normalisation"`        // empty: letters_digits
	Unique        bool              `json:"unique"`               // no two registrants have the same value at a time
	Expires       Expiry            `json:"expires"`              // empty: optional
	Kinds         []string          `json:"kinds"`                // whose it is: PersonKind (also when empty), or kinds of group, AnyGroup for all of them
	EditBy        []Role            `json:"edit_by"`              // admin, registrar, registrant; empty: admin and registrar
	Active        bool              `json:"active"`               // false: retired; none can be added, those that are there stay
	Version       int               `json:"version"`              // moves with every change of the definition, from 1
}

// idTypeRow is a row of identifier_type.
type idTypeRow struct {
	Key           string           `gorm:"column:key;primaryKey"`
	Label         column[labels]   `gorm:"column:label"`
	Pattern       string           `gorm:"column:pattern"`
	CheckRule     checkdigit.Rule  `gorm:"column:check_rule"`
	Normalisation Normalisation    `gorm:"column:normalisation"`
	Unique        bool             `gorm:"column:is_unique"`
	Expires       Expiry           `gorm:"column:expires"`
	Kinds         column[[]string] `gorm:"column:kinds"`
	EditBy        column[[]Role]   `gorm:"column:edit_by"`
	Active        bool             `gorm:"column:active"`
	Version       int              `gorm:"column:version_no"`
	CreatedBy     string           `gorm:"column:created_by"`
	CreatedAt     db.Time          `gorm:"column:created_at;autoCreateTime:false"`
	UpdatedAt     db.Time          `gorm:"column:updated_at;autoUpdateTime:false"`
}

func (idTypeRow) TableName() string { return "identifier_type" }

const idTypeColumns = "key, label, pattern, check_rule, normalisation, is_unique, expires, kinds, edit_by, active, version_no"

func idTypeRowOf(t IdentifierType, by string, at db.Time) *idTypeRow {
	return &idTypeRow{Key: t.Key, Label: column[labels]{t.Label}, Pattern: t.Pattern, CheckRule: t.CheckRule,
		Normalisation: t.Normalisation, Unique: t.Unique, Expires: t.Expires, Kinds: column[[]string]{t.Kinds},
		EditBy: column[[]Role]{t.EditBy}, Active: t.Active, Version: t.Version, CreatedBy: by, CreatedAt: at, UpdatedAt: at}
}

func (r idTypeRow) toType() IdentifierType {
	return IdentifierType{Key: r.Key, Label: r.Label.V, Pattern: r.Pattern, CheckRule: r.CheckRule, Normalisation: r.Normalisation,
		Unique: r.Unique, Expires: r.Expires, Kinds: r.Kinds.V, EditBy: r.EditBy.V, Active: r.Active, Version: r.Version}
}

// seedIdentifierTypes writes the types that come with the program and are not
// there yet. One that is there is left as it is.
func (r *Registry) seedIdentifierTypes(ctx context.Context) error {
	var types []IdentifierType
	if err := json.Unmarshal(coreIdentifierTypes, &types); err != nil {
		return fmt.Errorf("read identifier_types.json: %w", err)
	}
	return r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		rows := make([]*idTypeRow, len(types))
		for i, t := range types {
			if bad := t.problems(); len(bad) > 0 {
				return fmt.Errorf("read identifier_types.json: type %q: %s: %s", t.Key, bad[0].Name, bad[0].Detail)
			}
			t.Version = 1
			rows[i] = idTypeRowOf(t, System().name(), now)
		}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(rows).Error; err != nil {
			return fmt.Errorf("seed identifier types: %w", err)
		}
		return nil
	})
}

// IdentifierTypes lists the types, retired ones too, by key. It returns
// Forbidden.
func (r *Registry) IdentifierTypes(ctx context.Context, a Actor) ([]IdentifierType, error) {
	if err := a.checkOn(toRead, a.RegistrantID); err != nil {
		return nil, err
	}
	var list []IdentifierType
	err := r.db.Read(ctx, func(tx *gorm.DB) (err error) {
		list, err = loadIdentifierTypes(tx)
		return err
	})
	return list, err
}

// IdentifierType gives one type. It returns NotFound or Forbidden.
func (r *Registry) IdentifierType(ctx context.Context, a Actor, key string) (IdentifierType, error) {
	if err := a.checkOn(toRead, a.RegistrantID); err != nil {
		return IdentifierType{}, err
	}
	var out IdentifierType
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		t, err := r.loadIdentifierType(tx, key, "")
		if err == nil {
			out = t.IdentifierType
		}
		return err
	})
	return out, err
}

// DefineIdentifierType adds a type. It returns Forbidden, Invalid
// "invalid_identifier_type" with the wrong members, or Conflict
// "identifier_type_exists".
func (r *Registry) DefineIdentifierType(ctx context.Context, a Actor, t IdentifierType, reason string) (IdentifierType, error) {
	t, reason, err := a.readIdentifierType(t, reason)
	if err != nil {
		return IdentifierType{}, err
	}
	t.Version = 1
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		err := tx.Create(idTypeRowOf(t, a.name(), now)).Error
		if r.db.Dialect.IsDuplicate(err) {
			return fault.New(fault.Conflict, "identifier_type_exists", "There is an identifier type with this key.")
		}
		if err != nil {
			return fmt.Errorf("store an identifier type: %w", err)
		}
		return r.logAdmin(tx, a, reason, now, subjectOf(t), nil, t)
	})
	return t, err
}

// ChangeIdentifierType replaces the definition with the same key; t.Version is
// that of the definition it was made from. Values that are there are not looked
// at again. It returns Forbidden, NotFound, Invalid "invalid_identifier_type"
// with the wrong members, Conflict "version_conflict", or Conflict
// "identifier_type_in_use": how values are compared, and whether they are unique,
// changes only while there are none.
func (r *Registry) ChangeIdentifierType(ctx context.Context, a Actor, t IdentifierType, reason string) (IdentifierType, error) {
	t, reason, err := a.readIdentifierType(t, reason)
	if err != nil {
		return IdentifierType{}, err
	}
	changed := t
	changed.Version++
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		old, err := r.loadIdentifierType(tx, t.Key, r.db.Dialect.ForUpdate())
		if err != nil {
			return err
		}
		if old.Version != t.Version {
			return errVersionConflict()
		}
		if err := checkReindex(tx, old.IdentifierType, t); err != nil {
			return err
		}
		err = tx.Model(&idTypeRow{}).Where("key = ?", t.Key).Select("*").Omit("key", "created_by", "created_at").Updates(idTypeRowOf(changed, "", now)).Error
		if err != nil {
			return fmt.Errorf("store an identifier type: %w", err)
		}
		return r.logAdmin(tx, a, reason, now, subjectOf(t), old.IdentifierType, changed)
	})
	return changed, err
}

// subjectOf names a type in the history of settings.
func subjectOf(t IdentifierType) string { return "identifier_type:" + t.Key }

// checkReindex refuses a change after which stored blind indexes would be wrong.
func checkReindex(tx *gorm.DB, old, t IdentifierType) error {
	if old.Normalisation == t.Normalisation && old.Unique == t.Unique {
		return nil
	}
	var used bool
	if err := tx.Raw(`SELECT EXISTS (SELECT 1 FROM registrant_identifier WHERE type = ?)`, t.Key).Scan(&used).Error; err != nil {
		return fmt.Errorf("look for identifiers of a type: %w", err)
	}
	if used {
		return fault.New(fault.Conflict, "identifier_type_in_use", "There are identifiers of this type: how they are compared and whether they are unique cannot change any more.")
	}
	return nil
}

// loadIdentifierTypes reads all types, by key.
func loadIdentifierTypes(tx *gorm.DB) ([]IdentifierType, error) {
	var rows []idTypeRow
	if err := tx.Raw(`SELECT ` + idTypeColumns + ` FROM identifier_type`).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("load identifier types: %w", err)
	}
	list := make([]IdentifierType, len(rows))
	for i, row := range rows {
		list[i] = row.toType()
	}
	slices.SortFunc(list, func(x, y IdentifierType) int { return cmp.Compare(x.Key, y.Key) })
	return list, nil
}

// loadIdentifierType reads one type, ready for use. lock is "" or one of the
// dialect's lock clauses. It returns NotFound.
func (r *Registry) loadIdentifierType(tx *gorm.DB, key, lock string) (*idType, error) {
	var rows []idTypeRow
	if reKey.MatchString(key) {
		if err := tx.Raw(`SELECT `+idTypeColumns+` FROM identifier_type WHERE key = ?`+lock, key).Scan(&rows).Error; err != nil {
			return nil, fmt.Errorf("load an identifier type: %w", err)
		}
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.NotFound, "no_such_identifier_type", "There is no such identifier type.")
	}
	return newIDType(rows[0].toType())
}
