package verify

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// BundleRemoved names what is in the base of a delta and not in the bundle that it
// leads to.
type BundleRemoved struct {
	Issuers  []string `json:"issuers,omitempty"`  // by id
	Contexts []string `json:"contexts,omitempty"` // by address
	Types    []string `json:"types,omitempty"`    // by name
	Status   []string `json:"status,omitempty"`   // by URI
}

// Apply gives the bundle that a delta leads to: whole entries are replaced by their
// keys. The delta must be of the same registry and of this very bundle. It returns
// ErrBundle.
func (b *Bundle) Apply(d *Bundle) (*Bundle, error) {
	if d.Base == 0 || d.Base != b.Seq || d.Registry != b.Registry {
		return nil, fmt.Errorf("%w: this delta is not of bundle %d", ErrBundle, b.Seq)
	}
	gone := BundleRemoved{}
	if d.Removed != nil {
		gone = *d.Removed
	}
	out := *d
	out.Base, out.Removed, out.trust = 0, nil, nil
	out.Issuers = replaced(b.Issuers, d.Issuers, gone.Issuers, func(i BundleIssuer) string { return i.ID })
	out.Status = replaced(b.Status, d.Status, gone.Status, func(s BundleStatus) string { return s.URI })
	out.Contexts = overlaid(b.Contexts, d.Contexts, gone.Contexts)
	out.Types = overlaid(b.Types, d.Types, gone.Types)
	return &out, out.ready()
}

// replaced and overlaid take time in the size of a bundle, not in its square: one may
// have as many entries as fit.
func replaced[T any](base, changed []T, gone []string, key func(T) string) []T {
	left := setOf(gone)
	for _, c := range changed {
		left[key(c)] = true
	}
	out := slices.DeleteFunc(slices.Clone(base), func(v T) bool { return left[key(v)] })
	out = append(out, changed...)
	slices.SortFunc(out, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	return out
}

func overlaid[T any](base, changed map[string]T, gone []string) map[string]T {
	out := maps.Clone(base)
	if out == nil {
		out = map[string]T{}
	}
	for _, key := range gone {
		delete(out, key)
	}
	maps.Copy(out, changed)
	return out
}

func setOf(keys []string) map[string]bool {
	out := make(map[string]bool, len(keys))
	for _, key := range keys {
		out[key] = true
	}
	return out
}

// Missing gives the status lists that are not here, only their hashes: shards, which are
// fetched apart.
func (b *Bundle) Missing() []BundleStatus {
	return slices.DeleteFunc(slices.Clone(b.Status), func(s BundleStatus) bool { return s.Token != "" })
}

// AddStatus puts shards in their places, which are found by their hashes. It returns
// ErrBundle for one that belongs nowhere.
func (b *Bundle) AddStatus(tokens ...string) error {
	places := map[string]int{}
	for n, s := range b.Status {
		places[s.SHA256] = n
	}
	for _, token := range tokens {
		n, known := places[digestOf(token)]
		if !known {
			return fmt.Errorf("%w: it has no such status list", ErrBundle)
		}
		b.Status[n].Token = token
	}
	return b.ready()
}
