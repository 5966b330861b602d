package registry

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"socialregistry/registry/seal"
)

// The canonical forms of values that have parts.

// Bounds of a repeat.
const (
	maxRows     = 500
	maxRowDepth = 5
)

var reSHA256 = regexp.MustCompile(`^(sha256:)?[0-9a-f]{64}$`)

// canonicalChoices writes several choices: each once, sorted, so that the order
// of entering and of the definition say nothing.
func canonicalChoices(text string, choices []Choice) (string, *mistake) {
	var out []string
	for _, part := range enteredChoices(text) {
		value, wrong := canonicalChoice(part, choices)
		if wrong != nil {
			return "", wrong
		}
		out = append(out, value)
	}
	if len(out) == 0 {
		return "", &mistake{CodeNotListed, "This is none of the choices."}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), choiceSeparator), nil
}

// canonicalLocation writes lat,lon or lat,lon,accuracy in plain decimals.
func canonicalLocation(text string) (string, *mistake) {
	parts := strings.Split(seal.Digits(text), ",")
	if len(parts) < 2 || len(parts) > 3 {
		return "", badLocation()
	}
	bounds := [3][2]string{{"-90", "90"}, {"-180", "180"}, {"0", "100000"}}
	for i, part := range parts {
		n, wrong := canonicalNumber(strings.TrimSpace(part), bounds[i][0], bounds[i][1])
		if wrong != nil {
			return "", badLocation()
		}
		parts[i] = n
	}
	return strings.Join(parts, ","), nil
}

func badLocation() *mistake {
	return &mistake{CodeBadLocation, "Write latitude and longitude in degrees, and the accuracy in metres if it is known, such as -0.0917,34.768,12."}
}

// canonicalDocument checks the form only: whether such a file is stored is not
// for the value to say.
func canonicalDocument(text string) (string, *mistake) {
	text = strings.ToLower(text)
	if !reSHA256.MatchString(text) {
		return "", &mistake{CodeBadDocument, "This is not the SHA-256 of a file: 64 hexadecimal digits."}
	}
	return "sha256:" + strings.TrimPrefix(text, "sha256:"), nil
}

// canonicalRows writes a JSON array of objects in one way: no spaces, members
// sorted, numbers as plain decimals, texts as every text here.
func canonicalRows(text string) (string, *mistake) {
	p := rowParser{json.NewDecoder(strings.NewReader(text))}
	p.dec.UseNumber()
	v, wrong := p.value(0)
	if wrong != nil {
		return "", wrong
	}
	rows, ok := v.([]any)
	if _, err := p.dec.Token(); !ok || err != io.EOF {
		return "", badRows()
	}
	if slices.ContainsFunc(rows, func(row any) bool { _, ok := row.(map[string]any); return !ok }) {
		return "", badRows()
	}
	if len(rows) > maxRows {
		return "", &mistake{CodeTooLarge, "At most 500 entries."}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(rows); err != nil {
		return "", badRows()
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

func badRows() *mistake {
	return &mistake{CodeBadRows, `This is not a JSON array of objects, such as [{"name":"Amina","age":7}].`}
}

// rowParser reads JSON more strictly than encoding/json: a member stands once,
// and every text is one that a value may hold.
type rowParser struct{ dec *json.Decoder }

func (p rowParser) value(depth int) (any, *mistake) {
	token, err := p.dec.Token()
	if err != nil || depth > maxRowDepth {
		return nil, badRows()
	}
	switch x := token.(type) {
	case json.Delim:
		if x == '[' {
			return p.array(depth)
		}
		return p.object(depth)
	case json.Number:
		n, wrong := canonicalNumber(x.String(), "", "")
		return json.Number(n), wrong
	case string:
		return cleanMember(x)
	}
	return token, nil // true, false, null
}

func (p rowParser) array(depth int) (any, *mistake) {
	list := []any{}
	for p.dec.More() {
		v, wrong := p.value(depth + 1)
		if wrong != nil {
			return nil, wrong
		}
		list = append(list, v)
	}
	return list, p.end()
}

func (p rowParser) object(depth int) (any, *mistake) {
	members := map[string]any{}
	for p.dec.More() {
		token, err := p.dec.Token()
		raw, ok := token.(string)
		if err != nil || !ok {
			return nil, badRows()
		}
		key, wrong := cleanMember(raw)
		if wrong != nil {
			return nil, wrong
		}
		if _, twice := members[key]; twice {
			return nil, badRows()
		}
		if members[key], wrong = p.value(depth + 1); wrong != nil {
			return nil, wrong
		}
	}
	return members, p.end()
}

// end takes the closing bracket.
func (p rowParser) end() *mistake {
	if _, err := p.dec.Token(); err != nil {
		return badRows()
	}
	return nil
}

// cleanMember holds the texts within a value to the rules of every text.
func cleanMember(raw string) (string, *mistake) {
	if wrong := checkText(raw); wrong != nil {
		return "", wrong
	}
	return strings.Join(strings.Fields(norm.NFC.String(raw)), " "), nil
}

// compactJSON takes line breaks out of JSON, where they say nothing.
func compactJSON(raw string) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(raw)) != nil {
		return raw
	}
	return b.String()
}
