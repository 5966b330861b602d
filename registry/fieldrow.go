package registry

import (
	"encoding/json"

	"socialregistry/internal/db"
	"socialregistry/registry/attestation"
)

// fieldRow is a row of field_definition.
type fieldRow struct {
	Key        string           `gorm:"column:key;primaryKey"`
	No         int              `gorm:"column:no"`
	Section    string           `gorm:"column:section"`
	Position   int              `gorm:"column:position"`
	Type       FieldType        `gorm:"column:type"`
	Label      column[labels]   `gorm:"column:label"`
	Hint       column[labels]   `gorm:"column:hint"`
	Choices    column[[]Choice] `gorm:"column:choices"`
	Pattern    string           `gorm:"column:pattern"`
	Min        string           `gorm:"column:min_value"`
	Max        string           `gorm:"column:max_value"`
	MaxLength  int              `gorm:"column:max_length"`
	Required   bool             `gorm:"column:required"`
	EditBy     column[[]Role]   `gorm:"column:edit_by"`
	Attestable bool             `gorm:"column:attestable"`
	Issuable   bool             `gorm:"column:issuable"`
	Sealed     bool             `gorm:"column:sealed"`
	Unique     bool             `gorm:"column:is_unique"`
	Lookup     bool             `gorm:"column:lookup"`
	Name       bool             `gorm:"column:is_name"`
	Kinds      column[[]string] `gorm:"column:kinds"`
	IRI        string           `gorm:"column:iri"`
	SeeBy      column[[]Role]   `gorm:"column:see_by"`
	Searchable bool             `gorm:"column:searchable"`
	Indexed    bool             `gorm:"column:indexed"`
	Schema     string           `gorm:"column:schema"`
	ShowIf     string           `gorm:"column:show_if"`
	RequiredIf string           `gorm:"column:required_if"`
	Rule       string           `gorm:"column:rule"`
	Result     FieldType        `gorm:"column:result"`
	Approval   column[Approval] `gorm:"column:approval"`
	Version    int              `gorm:"column:version"`
	Retired    bool             `gorm:"column:retired"`
	CreatedBy  string           `gorm:"column:created_by"`
	CreatedAt  db.Time          `gorm:"column:created_at"`

	Attestation column[attestation.Policy] `gorm:"column:attestation"`
}

type labels = map[string]string

func (fieldRow) TableName() string { return "field_definition" }

func fieldRowOf(f Field, by string, at db.Time) *fieldRow {
	return &fieldRow{
		Key: f.Key, No: f.No, Section: f.Section, Position: f.Position, Type: f.Type,
		Label: column[labels]{f.Label}, Hint: column[labels]{f.Hint}, Choices: column[[]Choice]{f.Choices},
		Pattern: f.Pattern, Min: f.Min, Max: f.Max, MaxLength: f.MaxLength, Required: f.Required,
		EditBy: column[[]Role]{f.EditBy}, Attestable: f.Attestable, Issuable: f.Issuable, Sealed: f.Sealed,
		Unique: f.Unique, Lookup: f.Lookup, Name: f.Name, Kinds: column[[]string]{f.Kinds}, IRI: f.IRI, CreatedBy: by, CreatedAt: at,
		SeeBy: column[[]Role]{f.SeeBy}, Searchable: f.Searchable, Indexed: f.Indexed, Schema: string(f.Schema),
		ShowIf: f.ShowIf, RequiredIf: f.RequiredIf, Rule: f.Rule, Result: f.Result, Version: f.Version, Retired: f.Retired,
		Approval:    column[Approval]{f.Approval},
		Attestation: column[attestation.Policy]{f.Attestation},
	}
}

func (r fieldRow) toField() Field {
	return Field{
		No: r.No, Key: r.Key, Section: r.Section, Position: r.Position, Type: r.Type,
		Label: r.Label.V, Hint: r.Hint.V, Choices: r.Choices.V,
		Pattern: r.Pattern, Min: r.Min, Max: r.Max, MaxLength: r.MaxLength, Required: r.Required,
		EditBy: r.EditBy.V, Attestable: r.Attestable, Issuable: r.Issuable, Sealed: r.Sealed,
		Unique: r.Unique, Lookup: r.Lookup, Name: r.Name, Kinds: r.Kinds.V, IRI: r.IRI,
		SeeBy: r.SeeBy.V, Searchable: r.Searchable, Indexed: r.Indexed, Schema: schemaOf(r.Schema),
		ShowIf: r.ShowIf, RequiredIf: r.RequiredIf, Rule: r.Rule, Result: r.Result, Version: r.Version, Retired: r.Retired,
		Approval:    r.Approval.V,
		Attestation: r.Attestation.V,
	}
}

// schemaOf keeps "no schema" one value.
func schemaOf(text string) json.RawMessage {
	if text == "" || text == "null" {
		return nil
	}
	return json.RawMessage(text)
}

// fieldVersionRow is a row of field_definition_version: a definition as it was,
// inserted and never changed.
type fieldVersionRow struct {
	Key        string        `gorm:"column:key;primaryKey"`
	Version    int           `gorm:"column:version;primaryKey;autoIncrement:false"`
	Definition column[Field] `gorm:"column:definition"`
	At         db.Time       `gorm:"column:at"`
	Actor      string        `gorm:"column:actor"`
	Reason     string        `gorm:"column:reason"`
}

func (fieldVersionRow) TableName() string { return "field_definition_version" }
