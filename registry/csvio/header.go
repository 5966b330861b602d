package csvio

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Target is a field that a column may be.
type Target struct {
	Key   string   // what the caller knows it by; a header with this text always means it
	Names []string // other headers that mean it, such as its labels
}

// Column is a column of the file that is read.
type Column struct {
	Index int    // place in the row, from 0
	Name  string // header as the file has it
	Key   string // of its target
	Order DateOrder
}

// Contract says which headers a file may and must have.
type Contract struct {
	Targets []Target
	// Mapping is the user's own choice, header -> key; "" leaves the column
	// out. It goes before every other rule.
	Mapping map[string]string
	// Saved is a choice that was kept for many files, header -> key as in
	// Mapping, which goes before it. A column that this file lacks is no fault.
	Saved map[string]string
	// Require lists sets of keys; of each set at least one column must be there.
	Require [][]string
	// Order of the day and month in dates with slashes, for all columns whose
	// header does not say it, as "Date of birth (dd/mm/yyyy)" does.
	Order DateOrder
	// Refuse names characters that no header may hold, besides control
	// characters and the mark of damaged text.
	Refuse func(rune) bool
}

// maxHeader is the greatest length of a header in characters.
const maxHeader = 1000

//go:embed aliases.json
var aliasesJSON []byte

// aliases gives the common names of often used columns, key -> headers.
func aliases() (map[string][]string, error) {
	var m map[string][]string
	if err := json.Unmarshal(aliasesJSON, &m); err != nil {
		return nil, fmt.Errorf("csvio: aliases.json: %w", err)
	}
	return m, nil
}

// dateHints are the endings of a header that say how its dates are written.
var dateHints = map[string]DateOrder{"dd mm yyyy": DayFirst, "mm dd yyyy": MonthFirst, "dmy": DayFirst, "mdy": MonthFirst}

// plain reduces a header to lower-case words, so that "Date_of-Birth" and
// " date of birth" are one.
func plain(header string) string {
	words := strings.FieldsFunc(norm.NFKC.String(header), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
	return strings.ToLower(strings.Join(words, " "))
}

// dateHint takes a date form off the end of a plain header.
func dateHint(header string) (string, DateOrder) {
	for hint, order := range dateHints {
		if rest, ok := strings.CutSuffix(header, " "+hint); ok {
			return rest, order
		}
	}
	return header, OrderUnknown
}

// Bind finds the target of every header of a table, which stand in the given line.
// ignored are the headers without one. It gives a *FileError.
func (c Contract) Bind(line int, headers []string) (columns []Column, ignored []string, err error) {
	columns, ignored, fail := c.bind(headers)
	if fail != nil {
		if fail.Line == 1 {
			fail.Line = line
		}
		return nil, nil, fail
	}
	return columns, ignored, nil
}

// bind is Bind for headers in the first line. ignored are the headers without one.
//
// A file without a header line shows a person where headers should be: nothing is
// said of its cells before one of them is known, and unknown ones are never quoted.
func (c Contract) bind(headers []string) (columns []Column, ignored []string, fail *FileError) {
	mapping, fail := c.mapping(headers)
	if fail != nil {
		return nil, nil, fail
	}
	names, err := c.names()
	if err != nil {
		return nil, nil, fileError(0, CodeNoKnownHeader, "%s", err)
	}
	chosen := map[string]bool{}
	for _, key := range mapping {
		chosen[key] = true
	}
	for i, h := range headers {
		base, order := dateHint(plain(h))
		if order == OrderUnknown {
			order = c.Order
		}
		key, mapped := mapping[h]
		if !mapped {
			if key = c.exact(h); key == "" {
				key = names[base]
			}
			if key == "" {
				key = names[plain(h)]
			}
			if chosen[key] { // the user chose another column for this field
				key = ""
			}
		}
		if key == "" {
			ignored = append(ignored, h)
			continue
		}
		columns = append(columns, Column{i, h, key, order})
	}
	if len(columns) == 0 {
		return nil, nil, fileError(1, CodeNoKnownHeader, "no column of the first line is a known field: the first line must hold the headers")
	}
	if fail := c.checkNames(headers); fail != nil {
		return nil, nil, fail
	}
	return columns, ignored, c.check(columns)
}

// exact gives the key that a header is to the letter: sex:state is not sex_state.
func (c Contract) exact(header string) string {
	if slices.ContainsFunc(c.Targets, func(t Target) bool { return t.Key == header }) {
		return header
	}
	return ""
}

// checkNames looks at the headers as text, and names columns by their place.
func (c Contract) checkNames(headers []string) *FileError {
	seen := map[string]int{}
	for i, h := range headers {
		if h == "" {
			return fileError(1, CodeEmptyHeader, "column %d has no header: name it or delete the column", i+1)
		}
		if utf8.RuneCountInString(h) > maxHeader || strings.ContainsFunc(h, c.refuses) {
			return fileError(1, CodeBadHeader, "the header of column %d is too long or holds a character that cannot be shown: type it anew", i+1)
		}
		if first, ok := seen[h]; ok {
			return fileError(1, CodeDoubledHeader, "the columns %d and %d have the same header: keep one of them", first+1, i+1)
		}
		seen[h] = i
	}
	return nil
}

func (c Contract) refuses(r rune) bool {
	return r == utf8.RuneError || unicode.IsControl(r) || c.Refuse != nil && c.Refuse(r)
}

// mapping gives the user's mapping by the header as it is in the file.
func (c Contract) mapping(headers []string) (map[string]string, *FileError) {
	out := map[string]string{}
	for i, h := range headers {
		key, chosen := c.saved(h)
		if !chosen {
			continue
		}
		if key != "" && !slices.ContainsFunc(c.Targets, func(t Target) bool { return t.Key == key }) {
			return nil, fileError(1, CodeMappingField, "the saved mapping names the field %q, which is not defined here", key)
		}
		out[headers[i]] = key
	}
	for name, key := range c.Mapping {
		i := slices.IndexFunc(headers, func(h string) bool { return plain(h) == plain(name) })
		if i < 0 {
			return nil, fileError(1, CodeMappingColumn, "the mapping names the column %q, which the file does not have", name)
		}
		if key != "" && !slices.ContainsFunc(c.Targets, func(t Target) bool { return t.Key == key }) {
			return nil, fileError(1, CodeMappingField, "the mapping names the field %q, which is not defined", key)
		}
		out[headers[i]] = key
	}
	return out, nil
}

// saved gives what the saved mapping says of a header.
func (c Contract) saved(header string) (key string, chosen bool) {
	if key, chosen = c.Saved[header]; chosen {
		return key, true
	}
	for _, name := range slices.Sorted(maps.Keys(c.Saved)) {
		if plain(name) == plain(header) {
			return c.Saved[name], true
		}
	}
	return "", false
}

// Unchosen gives those of the ignored headers that neither mapping leaves out: perhaps they are misspelt.
func (c Contract) Unchosen(ignored []string) []string {
	var out []string
	for _, h := range ignored {
		_, chosen := c.saved(h)
		for name := range c.Mapping {
			chosen = chosen || plain(name) == plain(h)
		}
		if !chosen {
			out = append(out, h)
		}
	}
	return out
}

// names gives every known plain header and its key. A key goes before a label,
// a label before a common name.
func (c Contract) names() (map[string]string, error) {
	common, err := aliases()
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	add := func(name, key string) {
		if p := plain(name); p != "" && names[p] == "" {
			names[p] = key
		}
	}
	for _, t := range c.Targets {
		add(t.Key, t.Key)
	}
	for _, t := range c.Targets {
		for _, n := range t.Names {
			add(n, t.Key)
		}
	}
	for _, t := range c.Targets {
		for _, n := range common[t.Key] {
			add(n, t.Key)
		}
	}
	return names, nil
}

func (c Contract) check(columns []Column) *FileError {
	from := map[string]string{}
	for _, col := range columns {
		if other, ok := from[col.Key]; ok {
			return fileError(1, CodeDoubledHeader, "the columns %q and %q are both the field %q: choose one by the mapping", other, col.Name, col.Key)
		}
		from[col.Key] = col.Name
	}
	for _, set := range c.Require {
		if !slices.ContainsFunc(set, func(key string) bool { return from[key] != "" }) {
			return fileError(1, CodeMissingHeader, "a column is missing for the field %s", strings.Join(set, " or "))
		}
	}
	return nil
}
