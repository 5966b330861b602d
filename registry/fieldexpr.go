package registry

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"socialregistry/registry/expr"
)

// How values go into expressions and schemas, and back.

// valueType is the type that a value is written in.
func (f Field) valueType() FieldType {
	if f.Type == TypeComputed {
		return f.Result
	}
	return f.Type
}

// exprKind is what an expression takes the field for.
func (f Field) exprKind() expr.Kind {
	switch f.valueType() {
	case TypeNumber:
		return expr.Number
	case TypeBoolean:
		return expr.Boolean
	case TypeDate:
		return expr.Date
	case TypeMultiChoice:
		return expr.Texts
	case TypeLocation:
		return expr.Place
	case TypeRepeat:
		return expr.Rows
	}
	return expr.Text
}

// exprValue gives a canonical text as expressions read it; nil if it is none,
// as a value may have been written under another definition.
func (f Field) exprValue(text string) any {
	switch f.exprKind() {
	case expr.Number:
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return n
		}
	case expr.Boolean:
		return text == "true"
	case expr.Date:
		if day, err := time.Parse(time.DateOnly, text); err == nil {
			return day
		}
	case expr.Texts:
		return splitChoices(text)
	case expr.Place:
		return placeOf(text)
	case expr.Rows:
		var rows []any
		if json.Unmarshal([]byte(text), &rows) == nil {
			return rows
		}
	default:
		return text
	}
	return nil
}

// exprText writes the result of an expression as somebody would enter it.
// Numbers keep nine decimals, as every number here.
func exprText(v any) string {
	switch x := v.(type) {
	case float64:
		return strconv.FormatFloat(x, 'f', 9, 64)
	case bool:
		return strconv.FormatBool(x)
	case time.Time:
		return x.Format(time.DateOnly)
	case string:
		return x
	}
	return ""
}

// schemaValue gives a canonical text as JSON Schema sees it: numbers and booleans
// as such, several choices as an array, a location as an object, the rest as
// strings.
func (f Field) schemaValue(text string) any {
	switch f.Type {
	case TypeNumber:
		return json.Number(text)
	case TypeBoolean:
		return text == "true"
	case TypeMultiChoice:
		var list []any
		for _, choice := range splitChoices(text) {
			list = append(list, choice)
		}
		return list
	case TypeLocation:
		place := map[string]any{}
		for i, part := range strings.Split(text, ",") {
			place[placeMembers()[i]] = json.Number(part)
		}
		return place
	case TypeRepeat:
		dec := json.NewDecoder(strings.NewReader(text))
		dec.UseNumber()
		var rows any
		if dec.Decode(&rows) == nil {
			return rows
		}
	}
	return text
}

// placeMembers names the parts of a location, in order.
func placeMembers() []string { return []string{"lat", "lon", "accuracy"} }

// placeOf reads a canonical location.
func placeOf(text string) map[string]float64 {
	place := map[string]float64{}
	for i, part := range strings.Split(text, ",") {
		if n, err := strconv.ParseFloat(part, 64); err == nil && i < len(placeMembers()) {
			place[placeMembers()[i]] = n
		}
	}
	return place
}

// choiceSeparator stands between the values of a multi-choice field.
const choiceSeparator = ", "

// splitChoices reads a canonical multi-choice value.
func splitChoices(text string) []string { return strings.Split(text, choiceSeparator) }

// enteredChoices reads a multi-choice value as somebody writes it: separated by
// commas, semicolons or bars.
func enteredChoices(text string) []string {
	parts := strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ';' || c == '|' })
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return slices.DeleteFunc(parts, func(p string) bool { return p == "" })
}
