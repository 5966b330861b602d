package issuer

import (
	"slices"
	"strings"

	"socialregistry/issuer/oid4vci"
	"socialregistry/issuer/sdjwt"
	"socialregistry/registry"
)

const (
	usualDecoys = 3
	mostDecoys  = 20
)

// disclosures marks what of the claims the holder may leave out: each claim, each
// object that claims stand in, and the elements of the lists that say so, but not what
// is Visible. A claim that is not attested leaves a decoy.
func (c Configuration) disclosures(claims map[string]any) map[string]any {
	out := map[string]any{}
	for _, f := range c.Fields {
		path := c.path(f)
		v, attested := at(claims, path)
		list, isList := v.([]any)
		switch {
		case !attested && c.visible(path):
		case !attested:
			put(out, path, sdjwt.Absent{})
		case f.Elements && isList:
			put(out, path, hidden(list))
		default:
			put(out, path, v)
		}
	}
	c.hide(out, nil)
	return out
}

// hide marks the members of an object at a path, the innermost first. An object of
// which nothing is attested is not attested.
func (c Configuration) hide(object map[string]any, path []string) {
	for name, v := range object {
		here := append(slices.Clone(path), name)
		inner, isObject := v.(map[string]any)
		if isObject {
			c.hide(inner, here)
		}
		switch {
		case v == sdjwt.Absent{} || c.visible(here):
		case isObject && empty(inner):
			object[name] = sdjwt.Absent{}
		default:
			object[name] = sdjwt.Hidden{Value: v}
		}
	}
}

func (c Configuration) visible(path []string) bool {
	return slices.Contains(c.Visible, strings.Join(path, "."))
}

func hidden(list []any) []any {
	out := make([]any, len(list))
	for n, v := range list {
		out[n] = sdjwt.Hidden{Value: v}
	}
	return out
}

func empty(object map[string]any) bool {
	for _, v := range object {
		if v != (sdjwt.Absent{}) {
			return false
		}
	}
	return true
}

// at gives the value at a path.
func at(claims map[string]any, path []string) (any, bool) {
	v, ok := any(claims), true
	for _, name := range path {
		object, _ := v.(map[string]any)
		if v, ok = object[name]; !ok {
			return nil, false
		}
	}
	return v, true
}

// checkDisclosure: what says how a dc+sd-jwt discloses stands in no other format, and
// names what there is.
func (c Configuration) checkDisclosure(fields map[string]registry.Field) error {
	if c.Format != oid4vci.FormatSDJWT && (len(c.Visible) > 0 || c.Decoys != 0) {
		return c.bad("visible and decoys are for a dc+sd-jwt alone")
	}
	if c.Decoys < 0 || c.Decoys > mostDecoys {
		return c.bad("decoys must be 0 to %d", mostDecoys)
	}
	for n, name := range c.Visible {
		if slices.Contains(c.Visible[:n], name) || !slices.ContainsFunc(c.Fields, func(f ClaimField) bool {
			return within(c.path(f), strings.Split(name, ".")) && len(name) <= len(f.Claim)
		}) {
			return c.bad("visible names %q, which is no claim, or comes twice", name)
		}
	}
	ids := map[string]bool{}
	for _, f := range c.Fields {
		id := svgID(c.path(f))
		if ids[id] {
			return c.bad("claim %s would have the same svg_id as another", f.Claim)
		}
		ids[id] = true
		kind := fields[f.Field].Type
		if list := kind == registry.TypeMultiChoice || kind == registry.TypeRepeat; f.Elements && (c.Format != oid4vci.FormatSDJWT || !list) {
			return c.bad("claim %s has elements, which only a list in a dc+sd-jwt has", f.Claim)
		}
	}
	return nil
}
