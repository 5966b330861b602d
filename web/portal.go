package web

import (
	"socialregistry/registry"
)

// stage is one step of something that takes its time.
type stage struct {
	Class string // now, or next for what is still to come; "": it is over
	Text  string
	When  string // and by whom
	Words string // that somebody wrote about it
}

// fieldsByKey finds definitions by their keys.
func fieldsByKey(fields []registry.Field) map[string]registry.Field {
	out := make(map[string]registry.Field, len(fields))
	for _, f := range fields {
		out[f.Key] = f
	}
	return out
}

// fieldOf gives a definition; one that is gone shows its key.
func fieldOf(byKey map[string]registry.Field, key string) registry.Field {
	if f, ok := byKey[key]; ok {
		return f
	}
	return registry.Field{Key: key, Type: registry.TypeText}
}
