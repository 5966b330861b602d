package issuer

import (
	"encoding/json"
	"strings"

	"socialregistry/issuer/mdoc"
	"socialregistry/issuer/oid4vci"
	"socialregistry/registry"
)

// selection is what of a configuration's fields is attested now.
type selection struct {
	claims map[string]any    // as they nest: claim → value as it is signed; mso_mdoc: namespace → claim → value
	hashes map[string][]byte // field → keyed hash, to compare with later
}

// selectClaims takes from the attested values those that the configuration
// names, and lists the mandatory fields that are not attested. A retired field
// goes into nothing new. Nothing else of the record is looked at, and nothing of
// the request.
func (i *Issuer) selectClaims(c Configuration, a registry.Attested) (s selection, missing []string) {
	s = selection{claims: map[string]any{}, hashes: map[string][]byte{}}
	for _, f := range c.Fields {
		v, ok := a.Values[f.Field]
		switch {
		case ok && v.Text != "" && !v.Retired:
			put(s.claims, c.path(f), claimValue(c.Format, i.fields[f.Field], v.Text))
			s.hashes[f.Field] = v.Hash
		case f.Mandatory:
			missing = append(missing, f.Field)
		}
	}
	return s, missing
}

// put sets a value at a path, making the objects that lead to it.
func put(claims map[string]any, path []string, v any) {
	for _, name := range path[:len(path)-1] {
		inner, ok := claims[name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			claims[name] = inner
		}
		claims = inner
	}
	claims[path[len(path)-1]] = v
}

// claimValue gives a value in the type that a verifier expects: true or false, a
// list, a day where the format has days. Numbers stay text: decimals in JSON are
// rounded by some readers.
func claimValue(format string, f registry.Field, text string) any {
	kind := f.Type
	if kind == registry.TypeComputed {
		kind = f.Result
	}
	switch {
	case kind == registry.TypeBoolean:
		return text == "true"
	case kind == registry.TypeDate && format == oid4vci.FormatMdoc:
		return mdoc.Date(text)
	case kind == registry.TypeMultiChoice:
		return listOf(strings.Split(text, ", "))
	case kind == registry.TypeRepeat:
		var rows []any
		if err := json.Unmarshal([]byte(text), &rows); err == nil {
			return rows
		}
	}
	return text
}

func listOf(texts []string) []any {
	out := make([]any, len(texts))
	for n, s := range texts {
		out[n] = s
	}
	return out
}
