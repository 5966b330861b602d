package web

import (
	"context"
	"strings"

	"socialregistry/registry"
)

// maxLikely is how many people who may be the same are shown before somebody is
// registered.
const maxLikely = 8

// likelyError says that somebody here may be the person who is registered.
type likelyError struct{ rows []personRow }

func (e *likelyError) Error() string { return "somebody here may be the same person" }

// ask returns a *likelyError unless it was said already that it is somebody else.
func (e *editing) ask(ctx context.Context) error {
	if e.other {
		return nil
	}
	rows, err := e.likely(ctx)
	if err != nil || len(rows) == 0 {
		return err
	}
	return &likelyError{rows}
}

// likely finds who may be the person that is about to be registered: whoever has
// one of the numbers, and whoever has such a name, however it is spelt. It is a hint:
// only those are found whom the actor may see.
func (e *editing) likely(ctx context.Context) ([]personRow, error) {
	var rows []personRow
	seen := map[string]bool{}
	for _, q := range e.likelyQueries() {
		page, err := e.p.registry.Search(ctx, e.actor, q)
		if wrong, ok := queryProblems(e.l, err); err != nil && ok && len(wrong) > 0 {
			continue // the form says itself what is wrong with the value
		}
		if err != nil {
			return nil, err
		}
		for _, person := range page.People {
			row := e.p.personRow(e.l, e.rec.fields, person, nil)
			if !seen[row.Href] && len(rows) < maxLikely {
				seen[row.Href] = true
				rows = append(rows, row)
			}
		}
	}
	return rows, nil
}

// likelyQueries are searches for the numbers and for the name.
func (e *editing) likelyQueries() []registry.Query {
	var out []registry.Query
	var name []string
	for _, f := range e.fields {
		text := strings.TrimSpace(e.values[f.Key])
		switch {
		case text == "":
		case f.Unique || f.Lookup:
			out = append(out, registry.Query{Text: text, Limit: maxLikely, Names: true})
		case f.Name && len(name) < 3:
			name = append(name, text)
		}
	}
	if len(name) > 0 {
		text := []rune(strings.Join(name, " "))
		out = append(out, registry.Query{Text: string(text[:min(len(text), 200)]), Limit: maxLikely, Names: true})
	}
	return out
}
