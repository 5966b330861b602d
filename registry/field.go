package registry

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// FieldType says how the values of a field are checked and written.
type FieldType string

// The types. Every value is text in a canonical form: see Value.
const (
	TypeText       FieldType = "text"
	TypeDate       FieldType = "date"       // 2006-01-02
	TypeChoice     FieldType = "choice"     // the value of one of the choices
	TypeNumber     FieldType = "number"     // decimal: -12.5
	TypeBoolean    FieldType = "boolean"    // true or false
	TypePhone      FieldType = "phone"      // digits, with a leading + where known
	TypeEmail      FieldType = "email"      // name@host
	TypeIdentifier FieldType = "identifier" // a number or code that somebody else gave out
)

// Choice is one allowed value of a choice field.
type Choice struct {
	Value string            `json:"value"`
	Label map[string]string `json:"label"` // words per language
}

// Whom a field is about. A kind of group goes by its key.
const (
	PersonKind = "person" // an individual
	AnyGroup   = "group"  // every kind of group
)

// Field defines what can be known about a person or a group. Definitions are data: the
// core ones are in fields.json, an administrator adds others with DefineField.
type Field struct {
	No         int               `json:"no"`       // number, never reused; core fields are below 1000
	Key        string            `json:"key"`      // snake_case, never changed
	Section    string            `json:"section"`  // identity, name, demography, contact, ...
	Position   int               `json:"position"` // order within all fields
	Type       FieldType         `json:"type"`
	Label      map[string]string `json:"label"`                // words per language; en is always there
	Hint       map[string]string `json:"hint,omitempty"`       // how to write it, per language
	Choices    []Choice          `json:"choices,omitempty"`    // for choice fields
	Pattern    string            `json:"pattern,omitempty"`    // regular expression (RE2) for the whole value
	Min        string            `json:"min,omitempty"`        // least date or number
	Max        string            `json:"max,omitempty"`        // greatest date or number; "today" for a date: not in the future
	MaxLength  int               `json:"max_length,omitempty"` // characters; 0 means DefaultMaxLength
	Required   bool              `json:"required,omitempty"`   // a person cannot be registered without it
	EditBy     []Role            `json:"edit_by"`              // admin, registrar, registrant; empty: admin and registrar; system alone: kept by the registry itself
	Attestable bool              `json:"attestable,omitempty"`
	Issuable   bool              `json:"issuable,omitempty"` // may go into a credential
	Sealed     bool              `json:"sealed,omitempty"`   // stored encrypted under the record's own key
	Unique     bool              `json:"unique,omitempty"`   // no two people share a value; found like Lookup
	Lookup     bool              `json:"lookup,omitempty"`   // people are found by the whole value (blind index)
	Name       bool              `json:"name,omitempty"`     // part of the name search; a person has at least one
	Kinds      []string          `json:"kinds,omitempty"`    // whom it is about: PersonKind (also when empty), or kinds of group, AnyGroup for all of them
	IRI        string            `json:"iri,omitempty"`      // absolute; empty: the term of our own vocabulary
}

// Limits of a value, in characters.
const (
	DefaultMaxLength = 200
	maxMaxLength     = 4000
)

// Fields lists the definitions of what can be known about a person, by position.
func (r *Registry) Fields(ctx context.Context) ([]Field, error) {
	return r.FieldsOf(ctx, PersonKind)
}

// FieldsOf lists the definitions for PersonKind or one kind of group, by position.
func (r *Registry) FieldsOf(ctx context.Context, kind string) ([]Field, error) {
	var list []Field
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		set, err := r.fieldSetOf(tx, kind)
		if err == nil {
			list = set.fields()
		}
		return err
	})
	return list, err
}

// DefineField adds a field (its No is given by the registry). No code names it:
// it is validated, stored, attested and issued by its definition alone. It
// returns Forbidden, Invalid with the wrong members, or Conflict "field_exists".
func (r *Registry) DefineField(ctx context.Context, a Actor, f Field) (Field, error) {
	if err := a.check(toDefineField); err != nil {
		return Field{}, err
	}
	f = f.withDefaults()
	if bad := f.problems(); len(bad) > 0 {
		return Field{}, fault.InvalidFields("invalid_field_definition", "The definition has mistakes.", bad)
	}
	err := r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) (err error) {
		f, err = r.addField(tx, a, f, now)
		return err
	})
	return f, err
}

// addField numbers and stores a definition. It returns Conflict "field_exists".
func (r *Registry) addField(tx *gorm.DB, a Actor, f Field, now db.Time) (Field, error) {
	var last int
	if err := tx.Raw(`SELECT coalesce(max(no), 0) FROM field_definition`).Scan(&last).Error; err != nil {
		return f, fmt.Errorf("number a field: %w", err)
	}
	f.No = max(last, lastCoreNo) + 1
	err := tx.Create(fieldRowOf(f, a.name(), now)).Error
	if r.db.Dialect.IsDuplicate(err) {
		return f, fault.New(fault.Conflict, "field_exists", "There is a field with this key, or somebody else is defining one now.")
	}
	return f, err
}

// fieldSet is the definitions for one kind of registrant, or all of them, ready for use.
type fieldSet struct {
	kind   string      // "": all
	people *fieldSet   // of all: those for people
	list   []*fieldDef // by position
	byKey  map[string]*fieldDef
	byNo   map[int]*fieldDef
}

// of gives the definitions for one kind of registrant.
func (s *fieldSet) of(kind string) *fieldSet {
	out := &fieldSet{kind: kind, byKey: map[string]*fieldDef{}, byNo: map[int]*fieldDef{}}
	for _, def := range s.list {
		if def.isAbout(kind) {
			out.list = append(out.list, def)
			out.byKey[def.Key], out.byNo[def.No] = def, def
		}
	}
	return out
}

// isAbout tells whether registrants of this kind have the field.
func (f Field) isAbout(kind string) bool {
	return slices.Contains(f.Kinds, kind) || kind != PersonKind && slices.Contains(f.Kinds, AnyGroup)
}

// kept tells whether the registry itself keeps the field, as it does those of
// programmes: no actor edits it.
func (f Field) kept() bool { return slices.Equal(f.EditBy, []Role{RoleSystem}) }

// fieldSet gives the definitions for people as they stand in this transaction.
func (r *Registry) fieldSet(tx *gorm.DB) (*fieldSet, error) {
	return r.fieldSetOf(tx, PersonKind)
}

// fieldSetOf gives the definitions for one kind of registrant.
func (r *Registry) fieldSetOf(tx *gorm.DB, kind string) (*fieldSet, error) {
	all, err := r.allFields(tx)
	if err != nil {
		return nil, err
	}
	if kind == PersonKind {
		return all.people, nil
	}
	return all.of(kind), nil
}

// allFields gives all definitions as they stand in this transaction. They are
// only ever added to, so that their number tells whether the set read last is
// still whole; reading them anew would cost more than the rest of an edit.
func (r *Registry) allFields(tx *gorm.DB) (*fieldSet, error) {
	var n int
	if err := tx.Raw(`SELECT count(*) FROM field_definition`).Scan(&n).Error; err != nil {
		return nil, fmt.Errorf("count field definitions: %w", err)
	}
	if set := r.fields.Load(); set != nil && len(set.list) == n {
		return set, nil
	}
	set, err := loadFields(tx)
	if err == nil {
		r.fields.Store(set)
	}
	return set, err
}

// loadFields reads all definitions.
func loadFields(tx *gorm.DB) (*fieldSet, error) {
	var rows []fieldRow
	if err := tx.Order("position, no").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load field definitions: %w", err)
	}
	set := &fieldSet{byKey: map[string]*fieldDef{}, byNo: map[int]*fieldDef{}}
	for _, row := range rows {
		def, err := newFieldDef(row.toField())
		if err != nil {
			return nil, err
		}
		set.list = append(set.list, def)
		set.byKey[def.Key], set.byNo[def.No] = def, def
	}
	set.people = set.of(PersonKind)
	return set, nil
}

func (s *fieldSet) fields() []Field {
	list := make([]Field, len(s.list))
	for i, def := range s.list {
		list[i] = def.Field
	}
	return list
}

// sortedKeys lists the keys of m in the order of the fields' numbers.
func (s *fieldSet) sortedKeys(m map[string]string) []string {
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int { return s.byKey[a].No - s.byKey[b].No })
}
