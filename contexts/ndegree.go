package contexts

import (
	"bytes"
	"maps"
	"slices"
	"strings"
)

// nDegree hashes a blank node by the paths that lead from it (RDFC-1.0 §4.8).
func (c *canon) nDegree(blank string, i *issuer) (path, error) {
	if err := c.budget.spend(len(c.quads[blank])); err != nil {
		return path{}, err
	}
	neighbours := map[string][]string{}
	for _, q := range c.quads[blank] {
		for k, term := range []string{q.s, q.o, q.g} {
			if isBlank(term) && term != blank {
				h := c.related(term, q, i, "sog"[k:k+1])
				neighbours[h] = append(neighbours[h], term)
			}
		}
	}
	var data bytes.Buffer
	for _, h := range slices.Sorted(maps.Keys(neighbours)) {
		data.WriteString(h)
		chosen, err := c.choose(neighbours[h], i)
		if err != nil {
			return path{}, err
		}
		data.WriteString(chosen.hash)
		i = chosen.issuer
	}
	return path{c.hash(data.String()), i}, nil
}

// choose finds the least path over all orders of the neighbours (step 5.4).
func (c *canon) choose(neighbours []string, i *issuer) (path, error) {
	var chosen path
	slices.Sort(neighbours)
	err := permute(neighbours, func(order []string) error {
		if err := c.budget.spend(len(order) + len(i.order)); err != nil {
			return err
		}
		p, err := c.follow(order, i.clone(), chosen.hash)
		if err == nil && p.issuer != nil && (chosen.hash == "" || p.hash < chosen.hash) {
			chosen = p
		}
		return err
	})
	return chosen, err
}

// follow walks one order of neighbours; it gives up, with no issuer, as soon as
// the path cannot be less than best (steps 5.4.4 and 5.4.5).
func (c *canon) follow(order []string, i *issuer, best string) (path, error) {
	var p strings.Builder
	var recurse []string
	for _, blank := range order {
		if label, ok := c.canonical.issued[blank]; ok {
			p.WriteString(label)
		} else {
			if _, ok := i.issued[blank]; !ok {
				recurse = append(recurse, blank)
			}
			p.WriteString(i.issue(blank))
		}
		if worse(p.String(), best) {
			return path{}, nil
		}
	}
	for _, blank := range recurse {
		sub, err := c.nDegree(blank, i)
		if err != nil {
			return path{}, err
		}
		p.WriteString(i.issue(blank) + "<" + sub.hash + ">")
		i = sub.issuer
		if worse(p.String(), best) {
			return path{}, nil
		}
	}
	return path{p.String(), i}, nil
}

func worse(p, best string) bool { return best != "" && len(p) >= len(best) && p > best }

// permute calls f with every order of list (Heap's algorithm), until an error.
func permute(list []string, f func([]string) error) error {
	list = slices.Clone(list)
	count := make([]int, len(list))
	if err := f(list); err != nil {
		return err
	}
	for i := 0; i < len(list); {
		if count[i] >= i {
			count[i] = 0
			i++
			continue
		}
		j := 0
		if i%2 == 1 {
			j = count[i]
		}
		list[i], list[j] = list[j], list[i]
		if err := f(list); err != nil {
			return err
		}
		count[i]++
		i = 0
	}
	return nil
}
