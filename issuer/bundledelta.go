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
// merged itself: whom it trusts was not decided here. Its contexts and status lists are
// those at the addresses of its issuers, and its contexts for what they sign alone; what it says of types is how they are called,
// where this registry does not.
func mergeBundle(b, other *verify.Bundle) error {
	own := map[string]bool{} // addresses of its issuers: there may be many
	known := keysOf(b)
	for _, i := range other.Issuers {
		if i.Source != "" {
			continue
		}
		for _, k := range i.Keys {
			if of, there := known[nameOfKey(k)]; there { // what ours signed would pass for theirs
				return fmt.Errorf("%w: its issuer %s has a key of %s", verify.ErrBundle, i.ID, of)
			}
			if of, there := known[k.CoseKID]; there { // codes on paper name a key by that alone
				return fmt.Errorf("%w: its issuer %s calls a key as %s does, %s", verify.ErrBundle, i.ID, of, k.CoseKID)
			}
		}
		if i.URL != other.Registry && !strings.HasPrefix(i.URL, other.Registry+"/") {
			return fmt.Errorf("%w: its issuer %s is not at its address", verify.ErrBundle, i.ID)
		}
		i.Source = other.Registry
		b.Issuers, own[i.URL] = append(b.Issuers, i), true
	}
	of := func(address string) bool {
		for n, c := range address {
			if c == '/' && own[address[:n]] {
				return true
			}
		}
		return false
	}
	for iri, c := range other.Contexts {
		if c.Source != "" || !of(iri) {
			continue
		}
		if _, there := b.Contexts[iri]; there {
			return fmt.Errorf("%w: another has a context at %s", verify.ErrBundle, iri)
		}
		c.Source = other.Registry
		b.Contexts[iri] = c
	}
	mergeTypes(b, other, func(name string) bool { return of(name) || !strings.Contains(name, ":") })
	for _, l := range other.Status {
		if of(l.URI) {
			b.Status = append(b.Status, l)
		}
	}
	return nil
}

// keysOf gives, by what a public key is and by its name in codes on paper, the issuer that
// has it.
func keysOf(b *verify.Bundle) map[string]string {
	out := map[string]string{}
	for _, i := range b.Issuers {
		for _, k := range i.Keys {
			out[nameOfKey(k)] = i.ID
			if k.CoseKID != "" {
				out[k.CoseKID] = i.ID
			}
		}
	}
	return out
}

// nameOfKey is another for each public key: its coordinates.
func nameOfKey(k verify.BundleKey) string {
	return fmt.Sprint(k.JWK["kty"], k.JWK["crv"], k.JWK["x"], k.JWK["y"])
}

// mergeTypes adds the types that b does not have and that the other may name. Codes on
// paper are of one type, whose attributes each issuer names: of two that give one name,
// the words of b are shown.
func mergeTypes(b, other *verify.Bundle, may func(name string) bool) {
	for name, t := range other.Types {
		own, there := b.Types[name]
		switch {
		case !there && may(name):
			t.NoStatus = false
			b.Types[name] = t
		case there && name == verify.FormatClaim169:
			b.Types[name] = own.With(t)
		}
	}
}

// mergeAll adds the registries that fit. One that does not is left out, and ours stands:
// what another registry says must not keep ours from verifiers.
func mergeAll(b *verify.Bundle, merged []ledger.MergedRegistry) *verify.Bundle {
	for _, m := range merged {
		other, err := verify.ParseBundle(m.Payload)
		if err != nil {
			continue
		}
		next := *b
		next.Issuers, next.Status = slices.Clone(b.Issuers), slices.Clone(b.Status)
		next.Contexts, next.Types = maps.Clone(b.Contexts), maps.Clone(b.Types)
		if mergeBundle(&next, other) == nil && next.Check() == nil {
			b = &next
		}
	}
	return b
}
