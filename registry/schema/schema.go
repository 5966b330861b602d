package schema

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// MaxSize is the most bytes that a schema may have.
const MaxSize = 16 << 10

// ErrSchema says that a schema cannot be used. The message around it is for the
// person who wrote it.
var ErrSchema = errors.New("schema: bad JSON Schema")

// MismatchError says where a value does not fit; it never holds the value.
type MismatchError struct {
	At string // JSON Pointer (RFC 6901) into the value, "" for the whole
}

func (e *MismatchError) Error() string { return fmt.Sprintf("schema: no match at %q", e.At) }

// Schema is a compiled schema. It is safe for concurrent use.
type Schema struct{ compiled *jsonschema.Schema }

const (
	draft    = "https://json-schema.org/draft/2020-12/schema"
	location = "https://schema.invalid/field"
)

// Compile reads a schema. It returns an error that wraps ErrSchema.
func Compile(text []byte) (*Schema, error) {
	if len(text) > MaxSize {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrSchema, MaxSize)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%w: this is not JSON: %w", ErrSchema, err)
	}
	if err := standsAlone(doc); err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseLoader(noLoader{})
	if err := c.AddResource(location, doc); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSchema, err)
	}
	compiled, err := c.Compile(location)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrSchema, strings.ReplaceAll(err.Error(), location, "the schema"))
	}
	return &Schema{compiled}, nil
}

// Check tells whether a value fits: nil, bool, string, json.Number, []any or
// map[string]any. It returns a *MismatchError.
func (s *Schema) Check(v any) error {
	err := s.compiled.Validate(v)
	var wrong *jsonschema.ValidationError
	if errors.As(err, &wrong) {
		for len(wrong.Causes) > 0 {
			wrong = wrong.Causes[0]
		}
		return &MismatchError{At: pointer(wrong.InstanceLocation)}
	}
	return err
}

// standsAlone refuses references and other drafts, wherever they stand.
func standsAlone(v any) error {
	switch x := v.(type) {
	case []any:
		for _, member := range x {
			if err := standsAlone(member); err != nil {
				return err
			}
		}
	case map[string]any:
		for key, member := range x {
			if slices.Contains([]string{"$ref", "$dynamicRef", "$recursiveRef", "$id", "$anchor", "$dynamicAnchor", "$vocabulary"}, key) {
				return fmt.Errorf("%w: %s is not taken: a schema stands alone", ErrSchema, key)
			}
			if key == "$schema" && member != draft {
				return fmt.Errorf("%w: $schema must be %s", ErrSchema, draft)
			}
			if err := standsAlone(member); err != nil {
				return err
			}
		}
	}
	return nil
}

func pointer(path []string) string {
	var b strings.Builder
	for _, part := range path {
		b.WriteByte('/')
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(part))
	}
	return b.String()
}

// noLoader fetches nothing.
type noLoader struct{}

// Load refuses.
func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("nothing is fetched: %s", url)
}
