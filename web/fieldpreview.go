package web

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"socialregistry/issuer"
	"socialregistry/registry"
)

// fieldPreview is a field as people meet it: in a form, and in a credential.
type fieldPreview struct {
	Input input
	Claim string   // JSON; "": it goes into no credential
	Where []string // credentials that it goes into
}

// fieldPreview makes both from the definition alone; nothing need be saved.
func (d *desk) fieldPreview(f registry.Field) (*fieldPreview, error) {
	e := &editing{p: d.p, l: d.l, actor: d.actor}
	out := &fieldPreview{Input: e.input(f)}
	out.Input.ID = "preview_" + out.Input.ID
	if !f.Issuable {
		return out, nil
	}
	claims := map[string]any{}
	for _, i := range d.p.issuer.All() {
		for _, c := range i.Configurations() {
			for _, x := range c.Fields {
				if x.Field == f.Key {
					out.Where = append(out.Where, c.Name(d.l.code)+" ("+c.ID+")")
					claims[x.Claim] = issuer.ClaimOf(f, example(f))
				}
			}
		}
	}
	slices.Sort(out.Where)
	out.Where = slices.Compact(out.Where)
	if len(claims) == 0 {
		claims[f.Key] = issuer.ClaimOf(f, example(f))
	}
	terms := map[string]string{}
	for name := range claims {
		terms[name] = cmp.Or(f.IRI, d.p.publicURL+"/vocab#"+name)
	}
	raw, err := json.MarshalIndent(map[string]any{"@context": terms, "credentialSubject": claims}, "", "  ")
	out.Claim = string(raw)
	return out, err
}

// example is a value that fits the type of a field.
func example(f registry.Field) string {
	kind := f.Type
	if kind == registry.TypeComputed {
		kind = f.Result
	}
	switch kind {
	case registry.TypeDate:
		return "1991-04-02"
	case registry.TypeNumber:
		return cmp.Or(f.Min, f.Max, "12.5")
	case registry.TypeBoolean:
		return "true"
	case registry.TypePhone:
		return "+254700000000"
	case registry.TypeEmail:
		return "name@example.org"
	case registry.TypeIdentifier:
		return "AB123456"
	case registry.TypeLocation:
		return "-0.0917,34.768,12"
	case registry.TypeDocument:
		return "sha256:" + strings.Repeat("0", 64)
	case registry.TypeRepeat:
		return `[{"a":"1"}]`
	case registry.TypeChoice, registry.TypeMultiChoice:
		if len(f.Choices) > 0 {
			return f.Choices[0].Value
		}
	}
	return "…"
}
