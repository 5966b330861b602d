package registry

import (
	"fmt"
	"regexp"

	"socialregistry/registry/expr"
	"socialregistry/registry/schema"
)

const (
	maxToday     = "today"
	lastCoreNo   = 1000
	maxKeyLength = 63
	maxChoices   = 1000
)

var (
	reKey     = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	reSection = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	reLang    = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`) // BCP 47, the usual forms
)

// fieldDef is a definition with all that can be compiled of it.
type fieldDef struct {
	Field
	pattern *regexp.Regexp // nil: none
	schema  *schema.Schema // nil: none

	// Compiled over the other fields, by fieldSet.compile; nil: none.
	showIf, requiredIf, rule *expr.Program
}

// newFieldDef compiles what needs no other field.
func newFieldDef(f Field) (*fieldDef, error) {
	def := &fieldDef{Field: f}
	var err error
	if f.Pattern != "" {
		if def.pattern, err = compilePattern(f.Pattern); err != nil {
			return nil, fmt.Errorf("field definition %s: %w", f.Key, err)
		}
	}
	if len(f.Schema) > 0 {
		if def.schema, err = schema.Compile(f.Schema); err != nil {
			return nil, fmt.Errorf("field definition %s: %w", f.Key, err)
		}
	}
	return def, nil
}

// compilePattern makes a pattern fit the whole value. Alone it must be a
// pattern too, so that no bracket in it closes ours.
func compilePattern(pattern string) (*regexp.Regexp, error) {
	if _, err := regexp.Compile(pattern); err != nil {
		return nil, err
	}
	return regexp.Compile(`^(?:` + pattern + `)$`)
}

// withDefaults fills what may be left out.
func (f Field) withDefaults() Field {
	if f.MaxLength == 0 {
		f.MaxLength = defaultLength(f.Type)
	}
	if len(f.EditBy) == 0 {
		f.EditBy = defaultEditors(f.Type)
	}
	f.Approval = f.Approval.withDefaults()
	if f.SeeBy == nil {
		f.SeeBy = []Role{}
	}
	f.Schema = schemaOf(compactJSON(string(f.Schema)))
	if f.Type == TypeComputed && f.Result == "" {
		f.Result = TypeNumber
	}
	if len(f.Kinds) == 0 {
		f.Kinds = []string{PersonKind}
	}
	if f.Section == "" {
		f.Section = "other"
	}
	if f.Position == 0 {
		f.Position = 10 * lastCoreNo // after the core fields
	}
	if f.Label == nil {
		f.Label = map[string]string{}
	}
	if f.Hint == nil {
		f.Hint = map[string]string{}
	}
	if f.Choices == nil {
		f.Choices = []Choice{}
	}
	return f
}

// defaultLength is the greatest length of a value, in characters, where the
// definition says none.
func defaultLength(t FieldType) int {
	if t == TypeMultiChoice || t == TypeRepeat {
		return maxMaxLength
	}
	return DefaultMaxLength
}

func defaultEditors(t FieldType) []Role {
	if t == TypeComputed {
		return []Role{}
	}
	return []Role{RoleAdmin, RoleRegistrar}
}
