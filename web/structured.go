package web

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// Values that have parts, as people read and write them.

// locationWords writes lat,lon or lat,lon,accuracy with the sides of the world.
func locationWords(l *locale, text string) string {
	parts := strings.Split(text, ",")
	if len(parts) < 2 {
		return text
	}
	side := func(degrees, positive, negative string) string {
		if rest, south := strings.CutPrefix(degrees, "-"); south {
			return l.t(negative, "deg", rest)
		}
		return l.t(positive, "deg", degrees)
	}
	out := side(parts[0], "location.north", "location.south") + l.t("list.comma") + " " + side(parts[1], "location.east", "location.west")
	if len(parts) > 2 {
		out += " " + l.t("location.within", "m", parts[2])
	}
	return out
}

// member is one part of an entry of a repeat: its name, and its value as JSON.
type member struct {
	name  string
	value json.RawMessage
}

// repeatRows reads the entries of a repeat, their members in order; ok is false for what
// is none, or has entries within entries.
func repeatRows(text string) (rows [][]member, ok bool) {
	dec := json.NewDecoder(strings.NewReader(text))
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return nil, false
	}
	for dec.More() {
		if t, err := dec.Token(); err != nil || t != json.Delim('{') {
			return nil, false
		}
		var row []member
		for dec.More() {
			name, err := dec.Token()
			key, isText := name.(string)
			var value json.RawMessage
			if err != nil || !isText || dec.Decode(&value) != nil || strings.ContainsAny(key, ":;\"") || strings.ContainsAny(string(value[:1]), "[{") {
				return nil, false
			}
			row = append(row, member{key, value})
		}
		if _, err := dec.Token(); err != nil {
			return nil, false
		}
		rows = append(rows, row)
	}
	return rows, true
}

// repeatWords writes the entries of a repeat for reading.
func repeatWords(l *locale, text string) string {
	rows, ok := repeatRows(text)
	if !ok {
		return text
	}
	out := make([]string, len(rows))
	for i, row := range rows {
		parts := make([]string, len(row))
		for n, m := range row {
			parts[n] = humanKey(m.name) + ": " + plainMember(m.value)
		}
		out[i] = strings.Join(parts, l.t("list.comma")+" ")
	}
	return strings.Join(out, " · ")
}

// plainMember is the text of a member as people read it.
func plainMember(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// repeatLines writes the entries of a repeat for editing, one a line: name: Amina; age: 7.
// What does not fit into lines stays JSON.
func repeatLines(text string) string {
	rows, ok := repeatRows(text)
	if !ok {
		return text
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		parts := make([]string, len(row))
		for n, m := range row {
			parts[n] = m.name + ": " + writtenMember(m.value)
		}
		lines[i] = strings.Join(parts, "; ")
	}
	return strings.Join(lines, "\n")
}

// writtenMember is a member in a line: a text as it is, unless it would be read as
// something else.
func writtenMember(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) != nil {
		return string(value)
	}
	if text == "" || strings.ContainsAny(text, ";\n") || strings.HasPrefix(text, "\"") || bytes.Equal(readMember(text), []byte(text)) {
		return string(value)
	}
	return text
}

// readMember is a member of a line as JSON: numbers, true, false and what stands in
// quotation marks as they are, all else as text.
func readMember(text string) json.RawMessage {
	if text != "" && json.Valid([]byte(text)) && !strings.ContainsAny(text[:1], "[{") {
		return json.RawMessage(text)
	}
	return json.RawMessage(quoted(text))
}

// quoted is a text as JSON.
func quoted(text string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(text) != nil {
		return strconv.Quote(text)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// repeatJSON reads what was typed: lines as repeatLines writes them, or JSON. What is
// neither comes back as it is, for the registry to say what is wrong with it.
func repeatJSON(typed string) string {
	if strings.HasPrefix(strings.TrimSpace(typed), "[") || strings.TrimSpace(typed) == "" {
		return typed
	}
	var rows []string
	for line := range strings.Lines(typed) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		var members []string
		for _, part := range splitMembers(line) {
			name, value, ok := strings.Cut(part, ":")
			if name = strings.TrimSpace(name); !ok || name == "" {
				return typed
			}
			members = append(members, quoted(name)+":"+string(readMember(strings.TrimSpace(value))))
		}
		rows = append(rows, "{"+strings.Join(members, ",")+"}")
	}
	return "[" + strings.Join(rows, ",") + "]"
}

// splitMembers splits a line at its semicolons, but for those in quotation marks.
func splitMembers(line string) (out []string) {
	var part strings.Builder
	in, escaped := false, false
	for _, r := range strings.TrimSpace(line) {
		switch {
		case escaped:
			escaped = false
		case in && r == '\\':
			escaped = true
		case r == '"' && (in || strings.HasSuffix(strings.TrimSpace(part.String()), ":")):
			in = !in
		case r == ';' && !in:
			out = append(out, part.String())
			part.Reset()
			continue
		}
		part.WriteRune(r)
	}
	if strings.TrimSpace(part.String()) != "" {
		out = append(out, part.String())
	}
	return out
}

// humanKey makes a key readable where there are no words for it: underscores are spaces,
// and it begins with a capital.
func humanKey(key string) string {
	text := strings.TrimSpace(strings.ReplaceAll(key, "_", " "))
	if text == "" {
		return key
	}
	return upperFirst(text)
}
