package api_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"socialregistry/api"
	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

// hostile are texts that a database could stumble over: what it cannot store, a
// number beyond its columns, a moment before the first year.
var hostile = []string{"\x00", "a\xff", "9999999999", "0000-01-01T00:00:00+23:59"}

// TestNoTextFromOutsideBreaksARoute puts each hostile text into each place of each
// route of the REST interface, one at a time: path, query and body.
func TestNoTextFromOutsideBreaksARoute(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, doc := newService(t, d), description(t)
		s.hurry(t)
		as, sent := s.as(t, registry.RoleAdmin), 0
		routes, err := api.Routes(s.deps)
		must(t, err)
		for _, r := range routes {
			if !strings.HasPrefix(r.Path, "/api/v1/") {
				continue
			}
			item := doc.Paths.Find(parameter.ReplaceAllString(r.Path, "{$1}"))
			for _, req := range s.hostileRequests(t, r, slices.Concat(item.Parameters, item.GetOperation(r.Method).Parameters), item.GetOperation(r.Method).RequestBody, as) {
				sent++
				if rec := s.do(req); rec.Code >= http.StatusInternalServerError {
					t.Errorf("%s %s: got %d %s", r.Method, req.URL, rec.Code, rec.Body)
				}
			}
		}
		if sent < 500 {
			t.Errorf("only %d requests: the test is hollow", sent)
		}
	})
}

// hostileRequests makes the requests for one route, each with one hostile text.
func (s *service) hostileRequests(t *testing.T, r api.Route, params openapi3.Parameters, body *openapi3.RequestBodyRef, as []string) []*http.Request {
	t.Helper()
	var out []*http.Request
	send := func(path string, query url.Values, body string) {
		headers := []string{"If-Match", `"1"`}
		if r.Method == http.MethodPatch {
			headers = append(headers, "Content-Type", mergePatch)
		}
		out = append(out, call(r.Method, path+"?"+query.Encode(), body, as, headers...))
	}
	path, good := s.goodPath(r.Path), goodBody(t, body, -1, "")
	for _, text := range hostile {
		for _, p := range params {
			switch p.Value.In {
			case openapi3.ParameterInPath:
				send(s.goodPath(strings.Replace(r.Path, ":"+p.Value.Name, url.PathEscape(text), 1)), goodQuery(params, "", ""), good)
			case openapi3.ParameterInQuery:
				send(path, goodQuery(params, p.Value.Name, text), good)
			}
		}
		for place := 0; body != nil && !strings.Contains(text, "\xff"); place++ { // JSON has no such text
			made := goodBody(t, body, place, text)
			if made == good { // there is no such place
				break
			}
			send(path, goodQuery(params, "", ""), made)
		}
	}
	return out
}

// goodPath fills in somebody's id, and 1 for other parameters.
func (s *service) goodPath(path string) string {
	return parameter.ReplaceAllString(strings.ReplaceAll(path, ":id", s.person.String()), "1")
}

// goodQuery gives the parameters that are required, and name with a text.
func goodQuery(params openapi3.Parameters, name, text string) url.Values {
	query := url.Values{}
	for _, p := range params {
		switch {
		case p.Value.In != openapi3.ParameterInQuery:
		case p.Value.Name == name:
			query.Set(name, text)
		case p.Value.Required && len(p.Value.Schema.Value.Enum) > 0:
			query.Set(p.Value.Name, p.Value.Schema.Value.Enum[0].(string))
		case p.Value.Required:
			query.Set(p.Value.Name, "1")
		}
	}
	return query
}

// goodBody makes a body as its schema has it, with a text in the place of one of
// its texts, counted from 0.
func goodBody(t *testing.T, body *openapi3.RequestBodyRef, place int, text string) string {
	t.Helper()
	if body == nil {
		return ""
	}
	for _, media := range body.Value.Content {
		made, err := json.Marshal(exampleOf(media.Schema.Value, &place, text))
		must(t, err)
		return string(made)
	}
	return ""
}

// exampleOf makes a value of a schema; place counts down to the text to replace.
func exampleOf(schema *openapi3.Schema, place *int, text string) any {
	for _, parts := range []openapi3.SchemaRefs{schema.AllOf, schema.OneOf, schema.AnyOf} {
		if len(parts) > 0 {
			return exampleOf(parts[0].Value, place, text)
		}
	}
	switch {
	case schema.Type.Includes("object"):
		return exampleObject(schema, place, text)
	case schema.Type.Includes("array"):
		return []any{exampleOf(schema.Items.Value, place, text)}
	case schema.Type.Includes("string"):
		if *place--; *place == -1 {
			return text
		}
		return exampleText(schema)
	case schema.Type.Includes("boolean"):
		return false
	case schema.Type.Includes("integer"), schema.Type.Includes("number"):
		return 1
	}
	return nil
}

func exampleObject(schema *openapi3.Schema, place *int, text string) map[string]any {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		out[name] = exampleOf(schema.Properties[name].Value, place, text)
	}
	if free := schema.AdditionalProperties.Schema; free != nil && free.Value != nil {
		out["locality"] = exampleOf(free.Value, place, text)
		if *place--; *place == -1 {
			out[text] = exampleText(free.Value)
		}
	}
	return out
}

func exampleText(schema *openapi3.Schema) string {
	switch {
	case len(schema.Enum) > 0:
		example, _ := schema.Enum[0].(string)
		return example
	case schema.Format == "uuid":
		return "01939d6c-7a00-7000-8000-000000000001"
	case schema.Format == "date":
		return "2020-01-01"
	case schema.Format == "date-time":
		return "2020-01-01T00:00:00Z"
	}
	return "a"
}
