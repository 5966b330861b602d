package contexts

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"
)

// Limits of one canonicalisation. The largest credential has some 60 statements.
const (
	maxQuads  = 5_000
	maxBlanks = 500
	maxBytes  = 4 << 20 // of all statements together
	maxWork   = 500_000 // see budget; about a quarter of a second
)

// budget bounds the work of telling blank nodes apart, which grows with the
// factorial of a hostile graph (RDFC-1.0 §7.1 asks for such a limit). A unit is
// one statement hashed or one label copied.
type budget struct{ left int }

func newBudget() *budget { return &budget{maxWork} }

func (b *budget) spend(units int) error {
	if b.left -= units; b.left < 0 {
		return fmt.Errorf("%w: blank nodes cannot be told apart with bounded work", ErrLimit)
	}
	return nil
}

// canonicalize runs RDFC-1.0 §4.4. json-gold has the algorithm too, but without a
// limit on work, without the escapes of control characters and without SHA-384
// (#test074c, #test060c and #test075c of the W3C suite). It gives the
// canonical N-Quads and the label issued to each blank node. Quads must be distinct.
func canonicalize(quads []quad, newHash func() hash.Hash, b *budget) ([]byte, map[string]string, error) {
	size := 0
	for _, q := range quads {
		size += len(q.s) + len(q.p) + len(q.o) + len(q.g)
	}
	c := newCanon(quads, newHash, b)
	if len(quads) > maxQuads || len(c.quads) > maxBlanks || size > maxBytes {
		return nil, nil, fmt.Errorf("%w: %d statements, %d blank nodes, %d bytes", ErrLimit, len(quads), len(c.quads), size)
	}
	if err := c.run(); err != nil {
		return nil, nil, err
	}
	lines := make([]string, len(quads))
	for i, q := range quads {
		lines[i] = q.relabel(c.canonical.name).line()
	}
	slices.Sort(lines)
	return []byte(strings.Join(lines, "")), c.canonical.issued, nil
}

func isBlank(term string) bool { return strings.HasPrefix(term, "_:") }

// relabel gives the quad with each blank node named by name.
func (q quad) relabel(name func(string) string) quad {
	for _, term := range []*string{&q.s, &q.o, &q.g} {
		if isBlank(*term) {
			*term = name(*term)
		}
	}
	return q
}

func (q quad) line() string {
	if q.g == "" {
		return q.s + " " + q.p + " " + q.o + " .\n"
	}
	return q.s + " " + q.p + " " + q.o + " " + q.g + " .\n"
}

// issuer hands out labels in order (RDFC-1.0 §4.5).
type issuer struct {
	prefix string
	issued map[string]string
	order  []string
}

func newIssuer(prefix string) *issuer { return &issuer{prefix: prefix, issued: map[string]string{}} }

func (i *issuer) issue(blank string) string {
	if label, ok := i.issued[blank]; ok {
		return label
	}
	label := fmt.Sprintf("%s%d", i.prefix, len(i.order))
	i.issued[blank] = label
	i.order = append(i.order, blank)
	return label
}

func (i *issuer) name(blank string) string { return i.issued[blank] }

func (i *issuer) clone() *issuer {
	return &issuer{i.prefix, maps.Clone(i.issued), slices.Clone(i.order)}
}

// canon is the canonicalisation state (RDFC-1.0 §4.2).
type canon struct {
	quads     map[string][]quad // blank node to the quads that mention it
	first     map[string]string // blank node to its first degree hash
	canonical *issuer
	newHash   func() hash.Hash
	budget    *budget
}

func newCanon(quads []quad, newHash func() hash.Hash, b *budget) *canon {
	c := &canon{quads: map[string][]quad{}, first: map[string]string{}, canonical: newIssuer("_:c14n"), newHash: newHash, budget: b}
	for _, q := range quads {
		terms := []string{q.s, q.o, q.g}
		slices.Sort(terms)
		for _, term := range slices.Compact(terms) {
			if isBlank(term) {
				c.quads[term] = append(c.quads[term], q)
			}
		}
	}
	return c
}

func (c *canon) hash(parts ...string) string {
	h := c.newHash()
	for _, p := range parts {
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// run issues a canonical label to every blank node (RDFC-1.0 §4.4.3, steps 3 to 5).
func (c *canon) run() error {
	byHash := map[string][]string{}
	for blank := range c.quads {
		h := c.firstDegree(blank)
		c.first[blank] = h
		byHash[h] = append(byHash[h], blank)
	}
	hashes := slices.Sorted(maps.Keys(byHash))
	for _, h := range hashes {
		if len(byHash[h]) == 1 {
			c.canonical.issue(byHash[h][0])
		}
	}
	for _, h := range hashes {
		if len(byHash[h]) == 1 {
			continue
		}
		slices.Sort(byHash[h]) // any order gives the same result; this one gives the same work
		if err := c.shared(byHash[h]); err != nil {
			return err
		}
	}
	return nil
}

// path is the outcome of the n-degree hash of one blank node.
type path struct {
	hash   string
	issuer *issuer
}

// shared labels blank nodes that have one first degree hash in common (step 5).
func (c *canon) shared(blanks []string) error {
	var paths []path
	for _, blank := range blanks {
		if _, ok := c.canonical.issued[blank]; ok {
			continue
		}
		temporary := newIssuer("_:b")
		temporary.issue(blank)
		p, err := c.nDegree(blank, temporary)
		if err != nil {
			return err
		}
		paths = append(paths, p)
	}
	slices.SortStableFunc(paths, func(a, b path) int { return cmp.Compare(a.hash, b.hash) })
	for _, p := range paths {
		for _, blank := range p.issuer.order {
			c.canonical.issue(blank)
		}
	}
	return nil
}

// firstDegree hashes the quads that mention a blank node (RDFC-1.0 §4.6).
func (c *canon) firstDegree(blank string) string {
	lines := make([]string, 0, len(c.quads[blank]))
	for _, q := range c.quads[blank] {
		lines = append(lines, q.relabel(func(b string) string {
			if b == blank {
				return "_:a"
			}
			return "_:z"
		}).line())
	}
	slices.Sort(lines)
	return c.hash(lines...)
}

// related hashes a blank node as a neighbour (RDFC-1.0 §4.7).
func (c *canon) related(blank string, q quad, i *issuer, position string) string {
	id, ok := c.canonical.issued[blank]
	if !ok {
		id, ok = i.issued[blank]
	}
	if !ok {
		id = c.first[blank]
	}
	if position == "g" {
		return c.hash(position, id)
	}
	return c.hash(position, q.p, id) // q.p is written <iri>
}
