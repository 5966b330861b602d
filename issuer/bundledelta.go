package issuer

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"socialregistry/issuer/ledger"
	"socialregistry/issuer/verify"
)

// deltaOf says what has changed since a bundle of before.
func deltaOf(b *verify.Bundle, base ledger.PublishedBundle) verify.Bundle {
	out, now := *b, partsOf(b)
	changed := func(part string) bool { return now[part] == "" || base.Parts[part] != now[part] }
	out.Base, out.Removed = base.Seq, &verify.BundleRemoved{}
	out.Issuers = slices.DeleteFunc(slices.Clone(b.Issuers), func(i verify.BundleIssuer) bool { return !changed(partIssuer + i.ID) })
	out.Status = slices.DeleteFunc(slices.Clone(b.Status), func(s verify.BundleStatus) bool { return !changed(partStatus + s.URI) })
	out.Contexts, out.Types = maps.Clone(b.Contexts), maps.Clone(b.Types)
	maps.DeleteFunc(out.Contexts, func(iri string, _ verify.Context) bool { return !changed(partContext + iri) })
	maps.DeleteFunc(out.Types, func(name string, _ verify.BundleType) bool { return !changed(partType + name) })
	for _, part := range slices.Sorted(maps.Keys(base.Parts)) {
		if _, there := now[part]; there {
			continue
		}
		kind, key, _ := strings.Cut(part, " ")
		list := map[string]*[]string{partIssuer: &out.Removed.Issuers, partContext: &out.Removed.Contexts, partType: &out.Removed.Types, partStatus: &out.Removed.Status}[kind+" "]
		if list != nil {
			*list = append(*list, key)
		}
	}
	return out
}

// apart leaves out the status lists themselves: they are found by their hashes.
func apart(lists []verify.BundleStatus) []verify.BundleStatus {
	out := slices.Clone(lists)
	for n := range out {
		out[n].Token = ""
	}
	return out
}

// mergeBundle adds what another registry says of its own issuers, and nothing of what it
// merged itself: whom it trusts was not decided here. What this registry says of a type
// stands.
func mergeBundle(b, other *verify.Bundle) error {
	for _, i := range other.Issuers {
		if i.Source == "" {
			i.Source = other.Registry
			b.Issuers = append(b.Issuers, i)
		}
	}
	for iri, c := range other.Contexts {
		if own, there := b.Contexts[iri]; there && own.SHA256 != c.SHA256 {
			return fmt.Errorf("%w: the context %s is another one there", verify.ErrBundle, iri)
		}
		b.Contexts[iri] = c
	}
	for name, t := range other.Types {
		if _, there := b.Types[name]; !there {
			b.Types[name] = t
		}
	}
	b.Status = append(b.Status, other.Status...)
	return nil
}
