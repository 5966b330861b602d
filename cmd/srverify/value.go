package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Text longer than maxText runes is cut to its first shownText: nobody reads it on a
// terminal.
const (
	maxText   = 400
	shownText = 80
)

// value writes a detail for people. Of a picture, its kind and size are told.
func value(v any) string {
	v = legible(v)
	if s, ok := v.(string); ok {
		return clean(strings.ReplaceAll(s, "\n", ", ")) // addresses have lines
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return clean(string(b))
}

// legible puts words in the place of bytes and of what is too long to read.
func legible(v any) any {
	switch v := v.(type) {
	case string:
		return legibleText(v)
	case []byte:
		return sized("", len(v))
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = legible(e)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for name, e := range v {
			out[name] = legible(e)
		}
		return out
	}
	return v
}

func legibleText(s string) string {
	if kind, data, ok := strings.Cut(s, ";base64,"); ok && strings.HasPrefix(kind, "data:") {
		size := base64.RawStdEncoding.DecodedLen(len(strings.TrimRight(data, "=")))
		return sized(strings.TrimPrefix(kind, "data:"), size)
	}
	if n := utf8.RuneCountInString(s); n > maxText {
		return fmt.Sprintf("%s… (%d characters)", string([]rune(s)[:shownText]), n)
	}
	return s
}

// sized names data that is not shown. Its kind is written by whoever made the
// credential.
func sized(kind string, size int) string {
	if kind == "" || len(kind) > 40 {
		kind = "data"
	}
	return fmt.Sprintf("(%s, %d bytes)", kind, size)
}
