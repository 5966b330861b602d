package mapping

import (
	_ "embed" // presets.json
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

//go:embed presets.json
var presets []byte

// The modes: what a row is.
const (
	Create = "create" // somebody new
	Update = "update" // a change of somebody who is there
	Upsert = "upsert" // a change of who has its identifier, else somebody new; for pulled rows
)

// What columns may be besides fields.
const (
	Number     = "registration_number" // whom the row means
	Collected  = "collected_at"        // when its values were collected
	Identifier = "identifier:"         // before the key of a type of identifiers

	GroupKey = "group"  // names a group within its file
	Member   = "member" // registration number of somebody in the group
	Role     = "role"   // of that member
	Start    = "start"  // first day of the membership
)

// The limits of a mapping.
const (
	MaxHeaders = 500  // columns
	MaxHeader  = 1000 // characters of one
	MaxValues  = 5000 // meanings of cells, over all fields
	MaxValue   = 4000 // characters of one
)

// Mapping is one saved mapping.
type Mapping struct {
	Key      string                       `json:"key"`                // snake_case, never changed
	Label    map[string]string            `json:"label"`              // words per language; en is always there
	Kind     string                       `json:"kind"`               // what a row is: person, or a kind of group
	Mode     string                       `json:"mode"`               // Create, Update or Upsert
	Headers  map[string]string            `json:"headers"`            // column, or path in a JSON row -> field; "" leaves it out
	Values   map[string]map[string]string `json:"values,omitempty"`   // field -> cell -> what it means; "" is a blank cell
	Dates    string                       `json:"dates,omitempty"`    // dmy or mdy: order of dates with slashes
	Defaults map[string]string            `json:"defaults,omitempty"` // field -> value of somebody new, where the row has none
}

// Presets gives the mappings that come with the program.
func Presets() ([]Mapping, error) {
	var list []Mapping
	if err := json.Unmarshal(presets, &list); err != nil {
		return nil, fmt.Errorf("mapping: presets.json: %w", err)
	}
	return list, nil
}

// Value gives what a cell of a field means. A cell that the mapping does not name
// means itself; small and capital letters are one where no entry tells them apart.
func (m *Mapping) Value(field, cell string) string {
	if m == nil {
		return cell
	}
	meanings := m.Values[field]
	if meaning, ok := meanings[cell]; ok {
		return meaning
	}
	for _, written := range slices.Sorted(maps.Keys(meanings)) {
		if strings.EqualFold(written, cell) {
			return meanings[written]
		}
	}
	return cell
}

// Fields lists the fields that the mapping names, each once.
func (m *Mapping) Fields() []string {
	seen := map[string]bool{}
	for _, field := range m.Headers {
		seen[field] = field != ""
	}
	for field := range m.Values {
		seen[field] = true
	}
	for field := range m.Defaults {
		seen[field] = true
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(seen)), func(field string) bool { return !seen[field] })
}

// Problem is one thing that is wrong with a mapping.
type Problem struct{ Member, Code, Words string }

// Problems lists what is wrong with the mapping in itself. fine tells whether a
// text may be kept at all.
func (m *Mapping) Problems(fine func(string) bool) []Problem {
	var out []Problem
	add := func(wrong bool, member, code, words string) {
		if wrong {
			out = append(out, Problem{member, code, words})
		}
	}
	add(!slices.Contains([]string{Create, Update, Upsert}, m.Mode), "mode", "invalid_mode", "create, update or upsert.")
	add(!slices.Contains([]string{"", "dmy", "mdy"}, m.Dates), "dates", "invalid_dates", "dmy, mdy or nothing.")
	add(len(m.Headers) == 0 || len(m.Headers) > MaxHeaders, "headers", "invalid_headers", fmt.Sprintf("From 1 to %d columns.", MaxHeaders))
	add(len(m.Defaults) > MaxHeaders, "defaults", "invalid_defaults", fmt.Sprintf("At most %d.", MaxHeaders))
	add(len(m.Defaults) > 0 && m.Mode == Update, "defaults", "defaults_in_update", "Only somebody new gets values that the row does not have.")
	for _, header := range slices.Sorted(maps.Keys(m.Headers)) {
		wrong := strings.TrimSpace(header) == "" || utf8.RuneCountInString(header) > MaxHeader || !fine(header)
		add(wrong, "headers", "invalid_header", "A header is blank, too long, or holds a character that none may hold.")
	}
	n := 0
	for _, meanings := range m.Values {
		n += len(meanings)
		for cell, meaning := range meanings {
			add(max(len(cell), len(meaning)) > MaxValue || !fine(cell) || !fine(meaning), "values", "invalid_values", "A meaning is too long, or holds a character that none may hold.")
		}
	}
	add(n > MaxValues, "values", "too_many_values", fmt.Sprintf("At most %d.", MaxValues))
	return out
}
