package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// claim is a detail with its place among the claims: dots lead into objects.
type claim struct {
	path  string
	value any
}

// claims lists the details, in the order and under the labels that the bundle gives them,
// and what has none of either behind them.
func (t text) claims(b *strings.Builder) {
	list := flat(t.result.Claims, "")
	place := func(c claim) int {
		if at := slices.Index(t.shown.Order, c.path); at >= 0 {
			return at
		}
		return len(t.shown.Order)
	}
	slices.SortStableFunc(list, func(a, b claim) int { return place(a) - place(b) })
	labels, width := make([]string, len(list)), 0
	for n, c := range list {
		labels[n] = clean(c.path)
		if l := t.named(t.shown.Claims[c.path]); l != "" {
			labels[n] = clean(l)
		}
		width = max(width, utf8.RuneCountInString(labels[n]))
	}
	for n, c := range list {
		pad := strings.Repeat(" ", width-utf8.RuneCountInString(labels[n]))
		fmt.Fprintf(b, "    %s%s   %s\n", labels[n], pad, value(t.inWords(c.path, c.value)))
	}
}

// flat gives the claims by their paths, what is in objects too.
func flat(claims map[string]any, prefix string) []claim {
	var out []claim
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		if inner, ok := claims[name].(map[string]any); ok && len(inner) > 0 {
			out = append(out, flat(inner, prefix+name+".")...)
			continue
		}
		out = append(out, claim{prefix + name, claims[name]})
	}
	return out
}

// inWords puts the bundle's words in the place of codes.
func (t text) inWords(path string, v any) any {
	switch v := v.(type) {
	case string:
		if words := t.named(t.shown.Values[path][v]); words != "" {
			return words
		}
	case []any:
		out := make([]any, len(v))
		for n, e := range v {
			out[n] = t.inWords(path, e)
		}
		return out
	}
	return v
}
