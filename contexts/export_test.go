package contexts

import (
	"encoding/json"
	"hash"
	"reflect"
	"strings"

	"github.com/piprate/json-gold/ld"
)

// CanonicalizeQuads runs RDFC-1.0 over N-Quads with a work limit, and gives the
// canonical N-Quads, the labels issued, and the work that it took.
func CanonicalizeQuads(nquads string, newHash func() hash.Hash, work int) (string, map[string]string, int, error) {
	data, err := ld.ParseNQuads(nquads)
	if err != nil {
		return "", nil, 0, err
	}
	c := converter{seen: map[quad]bool{}}
	for name, list := range data.Graphs {
		for _, q := range list {
			g := ""
			if name != "@default" {
				g = term(graphNode(name))
			}
			c.add(quad{term(q.Subject), term(q.Predicate), term(q.Object), g})
		}
	}
	b := &budget{work}
	out, issued, err := canonicalize(c.quads, newHash, b)
	return string(out), issued, work - b.left, err
}

func graphNode(name string) ld.Node {
	if strings.HasPrefix(name, "_:") {
		return ld.NewBlankNode(name)
	}
	return ld.NewIRI(name)
}

func term(n ld.Node) string {
	switch n := n.(type) {
	case ld.IRI:
		return "<" + n.Value + ">"
	case *ld.IRI:
		return "<" + n.Value + ">"
	}
	if ld.IsLiteral(n) {
		return literalTerm(n)
	}
	return n.GetValue()
}

func literalTerm(n ld.Node) string {
	l, ok := n.(ld.Literal)
	if !ok {
		l = *n.(*ld.Literal)
	}
	switch {
	case l.Language != "":
		return quote(l.Value) + "@" + l.Language
	case l.Datatype == "" || l.Datatype == xsd+"string":
		return quote(l.Value)
	}
	return quote(l.Value) + "^^<" + l.Datatype + ">"
}

// JSONGold runs json-gold's own URDNA2015 over N-Quads.
func JSONGold(nquads string) (string, error) {
	opts := ld.NewJsonLdOptions("")
	opts.Algorithm, opts.InputFormat, opts.Format = ld.AlgorithmURDNA2015, "application/n-quads", "application/n-quads"
	out, err := ld.NewJsonLdProcessor().Normalize(nquads, opts)
	if err != nil {
		return "", err
	}
	return out.(string), nil
}

// Intact says whether every parsed context still is what its bytes say.
func (s *Set) Intact() bool {
	for iri, doc := range s.docs {
		var fresh any
		if json.Unmarshal(doc, &fresh) != nil || !reflect.DeepEqual(fresh, s.parsed[iri]) {
			return false
		}
	}
	return true
}
