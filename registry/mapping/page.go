package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	ErrBadCursor   = errors.New("mapping: what stands for the next cursor is neither text nor a number")
)

// The limits of a page.
const (
	MaxDepth   = 32   // nested lists and objects
	MaxCursor  = 2000 // bytes of a cursor
	MaxPageRow = 5000 // rows in a page
)

// Page is an answer in JSON that was read.
type Page struct{ body any }

// ReadPage reads one JSON value within MaxDepth. It returns ErrNotJSON or
// ErrTooDeep.
func ReadPage(text []byte) (Page, error) {
	if err := checkDepth(text); err != nil {
		return Page{}, err
	}
	var p Page
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&p.body); err != nil {
		return Page{}, fmt.Errorf("%w: %w", ErrNotJSON, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Page{}, ErrNotJSON
	}
	return p, nil
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
// the whole page. It returns ErrNoRows or ErrTooManyRows. What is no object in the
// list is a nil Row.
func (p Page) Rows(path string) ([]Row, error) {
	found, ok := at(p.body, path)
	list, isList := found.([]any)
	switch {
	case !ok || !isList:
		return nil, ErrNoRows
	case len(list) > MaxPageRow:
		return nil, ErrTooManyRows
	}
	rows := make([]Row, len(list))
	for i, x := range list {
		rows[i], _ = x.(map[string]any)
	}
	return rows, nil
}

// Cursor gives the text or number at a path: where the next page begins. "" says
// that there is none. It returns ErrBadCursor.
func (p Page) Cursor(path string) (string, error) {
	found, ok := at(p.body, path)
	text, scalar := scalarText(found)
	switch {
	case !ok:
		return "", nil
	case !scalar || len(text) > MaxCursor, found == false, found == true, strings.ContainsFunc(text, unicode.IsControl), !utf8.ValidString(text):
		return "", ErrBadCursor
	}
	return text, nil
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
