package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What is wrong with a page. They are told apart by errors.Is.
var (
	ErrNotJSON     = errors.New("mapping: the answer is not one JSON value")
	ErrTooDeep     = errors.New("mapping: the answer is nested too deep")
	ErrNoRows      = errors.New("mapping: there is no list of rows where it should be")
	ErrTooManyRows = errors.New("mapping: the answer has too many rows")
	ErrRowTooLarge = errors.New("mapping: the row is too large")
	ErrBadCursor   = errors.New("mapping: what stands for the next cursor is neither text nor a number")
)

// The limits of a page.
const (
	MaxDepth   = 32        // nested lists and objects
	MaxCursor  = 2000      // bytes of a cursor
	MaxPageRow = 5000      // rows in a page
	MaxRow     = 256 << 10 // bytes of a row
)

// Page is an answer in JSON that was read. Nothing of it is built before it is asked
// for, and then one row at a time: boxed, it would be many times its text.
type Page struct{ text []byte }

// ReadPage checks that a text is one JSON value within MaxDepth. The page keeps
// text. It returns ErrNotJSON or ErrTooDeep.
func ReadPage(text []byte) (Page, error) {
	if err := checkDepth(text); err != nil {
		return Page{}, err
	}
	if !json.Valid(text) {
		return Page{}, ErrNotJSON
	}
	return Page{text}, nil
}

// checkDepth counts brackets outside of texts, before anything is built.
func checkDepth(text []byte) error {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[', c == '{':
			if depth++; depth > MaxDepth {
				return ErrTooDeep
			}
		case c == ']', c == '}':
			depth--
		}
	}
	return nil
}

// Rows gives the list at a path of member names and numbers, joined by dots; "" is
// the whole page. They are parts of the page's text. It returns ErrNoRows or
// ErrTooManyRows.
func (p Page) Rows(path string) ([]RawRow, error) {
	found, ok := find(p.text, path)
	if !ok || !begins(found, '[') {
		return nil, ErrNoRows
	}
	rows := []RawRow{}
	err := each(found, func(_ string, value []byte) error {
		if len(rows) == MaxPageRow {
			return ErrTooManyRows
		}
		rows = append(rows, value)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// Cursor gives the text or number at a path: where the next page begins. "" says
// that there is none. It returns ErrBadCursor.
func (p Page) Cursor(path string) (string, error) {
	found, ok := find(p.text, path)
	if !ok {
		return "", nil
	}
	var value any
	if begins(found, '{') || begins(found, '[') || len(found) > 6*MaxCursor+2 || decode(found, &value) != nil { // \u0061 is six bytes for one
		return "", ErrBadCursor
	}
	text, _ := scalarText(value)
	switch {
	case len(text) > MaxCursor, value == false, value == true, strings.ContainsFunc(text, unicode.IsControl), !utf8.ValidString(text):
		return "", ErrBadCursor
	}
	return text, nil
}

// find gives the text of what stands at a path. A member whose own name has dots
// goes before the walk; of two of one name, the last counts.
func find(text []byte, path string) (found []byte, ok bool) {
	if path == "" {
		return text, true
	}
	if !begins(text, '{') && !begins(text, '[') {
		return nil, false
	}
	name, rest, _ := strings.Cut(path, ".")
	var whole, first []byte
	err := each(text, func(member string, value []byte) error {
		if member == path && begins(text, '{') {
			whole = value
		}
		if member == name {
			first = value
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, false
	case whole != nil:
		return whole, true
	case first != nil:
		return find(first, rest)
	}
	return nil, false
}

// each calls f with the name, or the number, and the text of every member of an
// object or a list. It returns the first error of f.
func each(text []byte, f func(name string, value []byte) error) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return err
	}
	var value json.RawMessage
	for i := 0; d.More(); i++ {
		name := strconv.Itoa(i)
		if begins(text, '{') {
			token, err := d.Token()
			if err != nil {
				return err
			}
			name, _ = token.(string)
		}
		if err := d.Decode(&value); err != nil {
			return err
		}
		end := int(d.InputOffset())
		if err := f(name, text[end-len(value):end]); err != nil {
			return err
		}
	}
	return nil
}

// begins tells whether the first character of a JSON text is c.
func begins(text []byte, c byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n")
	return len(text) > 0 && text[0] == c
}

// decode reads a JSON text; numbers stay as they are written.
func decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}

// RawRow is the text of one row.
type RawRow []byte

// Read builds the row; nil: it is no object. It returns ErrRowTooLarge.
func (r RawRow) Read() (Row, error) {
	if len(r) > MaxRow {
		return nil, ErrRowTooLarge
	}
	var row Row
	if !begins(r, '{') {
		return nil, nil
	}
	if err := decode(r, &row); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotJSON, err)
	}
	return row, nil
}

// Row is one row of a page.
type Row map[string]any

// Text gives what stands at a path as text: "" where there is nothing, and the
// parts of a list of texts joined by commas. false: it is an object, or a list of
// more than texts and numbers.
func (r Row) Text(path string) (string, bool) {
	found, ok := at(map[string]any(r), path)
	if !ok {
		return "", true
	}
	list, isList := found.([]any)
	if !isList {
		return scalarText(found)
	}
	parts := make([]string, len(list))
	for i, x := range list {
		text, scalar := scalarText(x)
		if !scalar || strings.Contains(text, ",") {
			return "", false
		}
		parts[i] = text
	}
	return strings.Join(parts, ", "), true
}

func scalarText(x any) (text string, ok bool) {
	switch v := x.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// at walks a path. A member whose own name has dots goes before the walk.
func at(x any, path string) (any, bool) {
	if path == "" {
		return x, true
	}
	if object, ok := x.(map[string]any); ok {
		if found, ok := object[path]; ok {
			return found, true
		}
	}
	name, rest, _ := strings.Cut(path, ".")
	switch v := x.(type) {
	case map[string]any:
		found, ok := v[name]
		if !ok {
			return nil, false
		}
		return at(found, rest)
	case []any:
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || i >= len(v) {
			return nil, false
		}
		return at(v[i], rest)
	}
	return nil, false
}
