package rest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/attestation"
)

const fieldsPath = "/api/v1/fields"

// definitionBody is what somebody may say of a field. The answers are a
// registry.Field: this, and what the registry says of it.
type definitionBody struct {
	Type       registry.FieldType `json:"type"`
	Section    string             `json:"section"`
	Position   int                `json:"position"`
	Label      map[string]string  `json:"label"`
	Hint       map[string]string  `json:"hint"`
	Choices    []registry.Choice  `json:"choices"`
	Pattern    string             `json:"pattern"`
	Min        string             `json:"min"`
	Max        string             `json:"max"`
	MaxLength  int                `json:"max_length"`
	Required   bool               `json:"required"`
	EditBy     []registry.Role    `json:"edit_by"`
	SeeBy      []registry.Role    `json:"see_by"`
	Attestable bool               `json:"attestable"`
	Issuable   bool               `json:"issuable"`
	Sealed     bool               `json:"sealed"`
	Unique     bool               `json:"unique"`
	Lookup     bool               `json:"lookup"`
	Searchable bool               `json:"searchable"`
	Name       bool               `json:"name"`
	Kinds      []string           `json:"kinds"`
	IRI        string             `json:"iri"`
	Schema     json.RawMessage    `json:"schema,omitempty"`
	ShowIf     string             `json:"show_if"`
	RequiredIf string             `json:"required_if"`
	Rule       string             `json:"rule"`
	Result     registry.FieldType `json:"result"`

	Attestation attestation.Policy `json:"attestation"`
	Approval    registry.Approval  `json:"approval"`
}

func definitionOf(f registry.Field) definitionBody {
	return definitionBody{Type: f.Type, Section: f.Section, Position: f.Position, Label: f.Label, Hint: f.Hint, Choices: f.Choices,
		Pattern: f.Pattern, Min: f.Min, Max: f.Max, MaxLength: f.MaxLength, Required: f.Required, EditBy: f.EditBy, SeeBy: f.SeeBy,
		Attestable: f.Attestable, Issuable: f.Issuable, Sealed: f.Sealed, Unique: f.Unique, Lookup: f.Lookup, Searchable: f.Searchable,
		Name: f.Name, Kinds: f.Kinds, IRI: f.IRI, Schema: f.Schema, ShowIf: f.ShowIf, RequiredIf: f.RequiredIf, Rule: f.Rule, Result: f.Result, Attestation: f.Attestation, Approval: f.Approval}
}

func (b definitionBody) field(key string, version int) registry.Field {
	return registry.Field{Key: key, Version: version, Type: b.Type, Section: b.Section, Position: b.Position, Label: b.Label, Hint: b.Hint,
		Choices: b.Choices, Pattern: b.Pattern, Min: b.Min, Max: b.Max, MaxLength: b.MaxLength, Required: b.Required, EditBy: b.EditBy,
		SeeBy: b.SeeBy, Attestable: b.Attestable, Issuable: b.Issuable, Sealed: b.Sealed, Unique: b.Unique, Lookup: b.Lookup,
		Searchable: b.Searchable, Name: b.Name, Kinds: b.Kinds, IRI: b.IRI, Schema: b.Schema, ShowIf: b.ShowIf, RequiredIf: b.RequiredIf,
		Rule: b.Rule, Result: b.Result, Attestation: b.Attestation, Approval: b.Approval}
}

// newField is the body of POST /fields.
type newField struct {
	Key string `json:"key"`
	definitionBody
	Reason string `json:"reason"`
}

// fieldPatch is the body of PATCH /fields/{key}: a merge patch of a definition,
// and the reason. It is filled with the definition before it is decoded.
type fieldPatch struct {
	definitionBody
	Reason string `json:"reason"`
}

// UnmarshalJSON applies the patch to what is there (RFC 7396 §2).
func (p *fieldPatch) UnmarshalJSON(data []byte) error {
	type plain fieldPatch // without this method
	now, err := json.Marshal(plain(*p))
	if err != nil {
		return err
	}
	var target, patch map[string]any
	if err := json.Unmarshal(now, &target); err != nil {
		return err
	}
	if err := json.Unmarshal(data, &patch); err != nil {
		return err
	}
	merged, err := json.Marshal(mergePatch(target, patch))
	if err != nil {
		return err
	}
	var out plain
	dec := json.NewDecoder(bytes.NewReader(merged))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&out); err != nil {
		return err
	}
	*p = fieldPatch(out)
	return nil
}

// mergePatch is the algorithm of RFC 7396 §2 for objects. target is changed.
func mergePatch(target, patch map[string]any) map[string]any {
	for key, value := range patch {
		members, isObject := value.(map[string]any)
		switch {
		case value == nil:
			delete(target, key)
		case isObject && key != "schema": // a schema is one value: another one, or none
			before, _ := target[key].(map[string]any)
			if before == nil {
				before = map[string]any{}
			}
			target[key] = mergePatch(before, members)
		default:
			target[key] = value
		}
	}
	return target
}

// fieldVersionBody is a definition as it was.
type fieldVersionBody struct {
	Version    int            `json:"version"`
	At         time.Time      `json:"at"`
	Actor      string         `json:"actor"`
	Reason     string         `json:"reason"`
	Definition registry.Field `json:"definition"`
}

// Fields answers GET /fields?kind=.
func (h *Handlers) Fields(c *gin.Context) error {
	if err := onlyQuery(c, "kind"); err != nil {
		return err
	}
	fields, err := h.reg.FieldsOf(c.Request.Context(), cmp.Or(c.Query("kind"), registry.PersonKind))
	if err != nil {
		return err
	}
	return okList(c, fields, func(f registry.Field) registry.Field { return f }, "")
}

// DefineField answers POST /fields.
func (h *Handlers) DefineField(c *gin.Context) error {
	var body newField
	if err := decode(c, &body); err != nil {
		return err
	}
	f, err := h.reg.DefineField(c.Request.Context(), actorOf(c), body.field(body.Key, 0), body.Reason)
	if err != nil {
		return err
	}
	setETag(c, f.Version)
	return created(c, fieldsPath+"/"+f.Key, f)
}

// Field answers GET /fields/{key}.
func (h *Handlers) Field(c *gin.Context) error {
	f, err := h.reg.Field(c.Request.Context(), c.Param("key"))
	return okField(c, f, err)
}

// UpdateField answers PATCH /fields/{key}.
func (h *Handlers) UpdateField(c *gin.Context) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	old, err := h.reg.Field(c.Request.Context(), c.Param("key"))
	if err != nil {
		return err
	}
	body := fieldPatch{definitionBody: definitionOf(old)}
	if err := decodePatch(c, &body); err != nil {
		return err
	}
	f, err := h.reg.UpdateField(c.Request.Context(), actorOf(c), body.field(old.Key, version), body.Reason)
	return okField(c, f, err)
}

// RetireField answers POST /fields/{key}/retire.
func (h *Handlers) RetireField(c *gin.Context) error { return moveField(c, h.reg.RetireField) }

// ReviveField answers POST /fields/{key}/revive.
func (h *Handlers) ReviveField(c *gin.Context) error { return moveField(c, h.reg.ReviveField) }

// IndexField answers POST /fields/{key}/index.
func (h *Handlers) IndexField(c *gin.Context) error {
	j, err := h.reg.StartFieldIndex(c.Request.Context(), actorOf(c), c.Param("key"))
	if err != nil {
		return err
	}
	return accepted(c, j)
}

// FieldVersions answers GET /fields/{key}/versions.
func (h *Handlers) FieldVersions(c *gin.Context) error {
	if err := onlyQuery(c, "after", "limit"); err != nil {
		return err
	}
	page, err := pageOf(c)
	if err != nil {
		return err
	}
	after, err := numberAfter(page.After)
	if err != nil {
		return err
	}
	found, err := h.reg.FieldVersions(c.Request.Context(), actorOf(c), c.Param("key"), registry.FieldVersionQuery{After: after, Limit: page.Limit})
	if err != nil {
		return err
	}
	next := ""
	if found.Next != 0 {
		next = strconv.Itoa(found.Next)
	}
	return okList(c, found.Versions, func(v registry.FieldVersion) fieldVersionBody {
		return fieldVersionBody{Version: v.Version, At: v.At, Actor: v.Actor, Reason: v.Reason, Definition: v.Field}
	}, next)
}

// numberAfter reads a cursor that is a number; 0: there is none.
func numberAfter(after string) (int, error) {
	if after == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(after, 10, 31)
	if err != nil || n == 0 {
		return 0, fault.New(fault.Invalid, "bad_cursor", "The cursor is not one that was given out here.")
	}
	return int(n), nil
}

func okField(c *gin.Context, f registry.Field, err error) error {
	if err != nil {
		return err
	}
	setETag(c, f.Version)
	return ok(c, f)
}

// moveField takes a field out of use, or back.
func moveField(c *gin.Context, move fieldMove) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	var body reasonBody
	if err := decode(c, &body); err != nil {
		return err
	}
	f, err := move(c.Request.Context(), actorOf(c), c.Param("key"), version, body.Reason)
	return okField(c, f, err)
}

// fieldMove is a method of the registry that changes whether a field is in use.
type fieldMove func(ctx context.Context, a registry.Actor, key string, version int, reason string) (registry.Field, error)
