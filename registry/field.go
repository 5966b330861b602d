package registry

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/attestation"
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

	TypeMultiChoice FieldType = "multi_choice" // values of several choices: "cash, food", sorted
	TypeLocation    FieldType = "location"     // lat,lon or lat,lon,accuracy: degrees (WGS 84) and metres
	TypeDocument    FieldType = "document"     // sha256: and the SHA-256 of a stored file, in hex
	TypeRepeat      FieldType = "repeat"       // a JSON array of objects, such as the members of a crew
	TypeComputed    FieldType = "computed"     // follows from other fields by a rule; nobody edits it
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
	EditBy     []Role            `json:"edit_by"`              // admin, registrar, registrant; empty: admin and registrar, nobody if computed; system alone: kept by the registry itself
	SeeBy      []Role            `json:"see_by,omitempty"`     // who is told the values; empty: whoever may read the record
	Attestable bool              `json:"attestable,omitempty"`
	Issuable   bool              `json:"issuable,omitempty"`   // may go into a credential
	Sealed     bool              `json:"sealed,omitempty"`     // stored encrypted under the record's own key
	Unique     bool              `json:"unique,omitempty"`     // no two people share a value; found like Lookup
	Lookup     bool              `json:"lookup,omitempty"`     // people are found by the whole value (blind index)
	Searchable bool              `json:"searchable,omitempty"` // people are found by Query.Equals; not for sealed fields
	Name       bool              `json:"name,omitempty"`       // part of the name search; a person has at least one
	Kinds      []string          `json:"kinds,omitempty"`      // whom it is about: PersonKind (also when empty), or kinds of group, AnyGroup for all of them
	IRI        string            `json:"iri,omitempty"`        // absolute; empty: the term of our own vocabulary

	// Rules beyond the type. Expressions are CEL (package expr) over the fields of
	// the same record; a condition that reads an absent value does not hold.
	Schema     json.RawMessage `json:"schema,omitempty"`      // JSON Schema, draft 2020-12, that stands alone (package schema)
	ShowIf     string          `json:"show_if,omitempty"`     // a condition: elsewhere the field takes no value
	RequiredIf string          `json:"required_if,omitempty"` // a condition: then the field needs a value
	Rule       string          `json:"rule,omitempty"`        // of a computed field: what it is made of
	Result     FieldType       `json:"result,omitempty"`      // of a computed field: text, number, boolean or date

	Approval    Approval           `json:"approval,omitzero"`    // which edits wait for somebody's approval
	Attestation attestation.Policy `json:"attestation,omitzero"` // what it asks of attesters

	// What the registry says of the definition; not for DefineField to set.
	Version int  `json:"version"`           // 1, 2, 3, ...; values keep the one that they were checked by
	Retired bool `json:"retired,omitempty"` // takes no new value; what it has stays
	Indexed bool `json:"indexed,omitempty"` // searchable, and every value is in the index: see IndexField
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

// Field gives one definition, retired or not. It returns NotFound "no_such_field".
func (r *Registry) Field(ctx context.Context, key string) (Field, error) {
	var f Field
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		all, err := r.allFields(tx)
		if err != nil {
			return err
		}
		def := all.byKey[key]
		if def == nil {
			return errNoField()
		}
		f = def.Field
		return nil
	})
	return f, err
}

// DefineField adds a field (its No is given by the registry). No code names it:
// it is validated, stored, attested and issued by its definition alone. It
// returns Forbidden, Invalid with the wrong members, or Conflict "field_exists".
func (r *Registry) DefineField(ctx context.Context, a Actor, f Field, reason string) (Field, error) {
	if err := a.check(toDefineField); err != nil {
		return Field{}, err
	}
	reason, err := cleanReason(reason)
	if err != nil {
		return Field{}, err
	}
	f.Version, f.Retired, f.Indexed = 1, false, f.Searchable
	if f, err = f.withDefaults().checked(); err != nil {
		return Field{}, err
	}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) (err error) {
		f, err = r.addField(tx, a, f, reason, now)
		return err
	})
	return f, err
}

// addField numbers and stores a definition that is right in itself. It returns
// Conflict "field_exists", or Invalid for its expressions.
func (r *Registry) addField(tx *gorm.DB, a Actor, f Field, reason string, now db.Time) (Field, error) {
	set, err := r.lockFields(tx)
	if err != nil {
		return f, err
	}
	if set.byKey[f.Key] != nil {
		return f, fault.New(fault.Conflict, "field_exists", "There is a field with this key.")
	}
	f.No, f.Version = set.lastNo()+1, 1
	if err := set.with(f).checkRules(f); err != nil {
		return f, err
	}
	if err := tx.Create(fieldRowOf(f, a.name(), now)).Error; err != nil {
		return f, fmt.Errorf("define a field: %w", err)
	}
	return f, r.recordField(tx, a, reason, now, nil, f)
}
