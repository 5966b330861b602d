package schema_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"socialregistry/registry/schema"
)

const crew = `{"type":"array","maxItems":3,"items":{"type":"object","required":["name"],
 "properties":{"name":{"type":"string","pattern":"^[A-Z]"},"age":{"type":"integer","minimum":0},"since":{"format":"date"}},"additionalProperties":false}}`

func read(t *testing.T, text string) any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCheck(t *testing.T) {
	t.Parallel()
	s, err := schema.Compile([]byte(crew))
	if err != nil {
		t.Fatal(err)
	}
	for text, at := range map[string]string{
		`[]`:                                  "fits",
		`[{"name":"A","age":3}]`:              "fits",
		`[{"name":"A","since":"2026-02-28"}]`: "fits",
		`[{"name":"A"},{"name":"secret"}]`:    "/1/name",
		`[{"name":"A","age":-1}]`:             "/0/age",
		`[{"name":"A","age":1.5}]`:            "/0/age",
		`[{"age":1}]`:                         "/0",
		`[{"name":"A","since":"2026-02-30"}]`: "/0/since",
		`[{"name":"A","other":1}]`:            "/0",
		`{}`:                                  "",
		`[{"name":"A"},{"name":"A"},{"name":"A"},{"name":"A"}]`: "",
	} {
		err := s.Check(read(t, text))
		var wrong *schema.MismatchError
		switch {
		case at == "fits" && err == nil:
		case errors.As(err, &wrong) && wrong.At == at && !strings.Contains(err.Error(), "secret"):
		default:
			t.Errorf("%s: %v, want %q", text, err, at)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no JSON":        `{`,
		"trailing":       `{} {}`,
		"no schema":      `"text"`,
		"bad keyword":    `{"type":"strange"}`,
		"bad pattern":    `{"pattern":"["}`,
		"slow pattern":   `{"pattern":"(?=a)"}`,
		"a reference":    `{"properties":{"a":{"$ref":"#"}}}`,
		"a remote one":   `{"$ref":"https://example.org/schema"}`,
		"a file":         `{"$ref":"file:///etc/passwd"}`,
		"another draft":  `{"$schema":"http://json-schema.org/draft-07/schema#"}`,
		"an own name":    `{"$id":"https://example.org/a"}`,
		"n+1 bytes":      `{"title":"` + strings.Repeat("a", schema.MaxSize-11) + `"}`,
		"dynamic":        `{"items":[{"$dynamicRef":"#a"}]}`,
		"endless itself": `{"allOf":[{"$recursiveRef":"#"}]}`,
	} {
		if _, err := schema.Compile([]byte(text)); !errors.Is(err, schema.ErrSchema) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"n bytes": `{"title":"` + strings.Repeat("a", schema.MaxSize-12) + `"}`, "true": `true`,
		"the draft": `{"$schema":"https://json-schema.org/draft/2020-12/schema"}`,
	} {
		if _, err := schema.Compile([]byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is written is a schema or is refused in words, and a schema has an
// answer to every value.
func FuzzSchema(f *testing.F) {
	f.Add(crew, `[{"name":"A"}]`)
	f.Add(`{"anyOf":[{"const":1},{"enum":["a",null]}]}`, `1`)
	f.Add(`{"unevaluatedProperties":false,"patternProperties":{"^a":{"minLength":2}}}`, `{"a":"bc"}`)
	f.Add(`{"$defs":{"a":{}},"if":true,"then":false}`, `1e400`)
	f.Fuzz(func(t *testing.T, text, value string) {
		s, err := schema.Compile([]byte(text))
		if err != nil {
			if !errors.Is(err, schema.ErrSchema) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		dec := json.NewDecoder(strings.NewReader(value))
		dec.UseNumber()
		var v any
		if dec.Decode(&v) != nil {
			return
		}
		var wrong *schema.MismatchError
		if err := s.Check(v); err != nil && !errors.As(err, &wrong) {
			t.Fatalf("%q with %q: %v", text, value, err)
		}
	})
}
