package contexts

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/piprate/json-gold/ld"
)

const (
	rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	xsd = "http://www.w3.org/2001/XMLSchema#"
)

// quad is one RDF statement; its terms are written as in N-Quads: <iri>,
// _:label or "text"^^<type>. g is empty for the default graph.
type quad struct{ s, p, o, g string }

// quadsOf converts the node map of JSON-LD to RDF (JSON-LD-API 1.1 §8.1). Unlike
// that algorithm, which skips what is relative, it returns ErrDocument.
func quadsOf(nodes map[string]any) ([]quad, error) {
	c := converter{seen: map[quad]bool{}}
	for name, graph := range nodes {
		if err := c.graph(name, graph.(map[string]any)); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDocument, err)
		}
	}
	return c.quads, nil
}

// converter collects the statements; a dataset is a set, so each counts once.
type converter struct {
	quads []quad
	seen  map[quad]bool
	lists int
}

func (c *converter) add(q quad) {
	if !c.seen[q] {
		c.seen[q] = true
		c.quads = append(c.quads, q)
	}
}

func (c *converter) graph(name string, graph map[string]any) error {
	g := ""
	if name != "@default" {
		var err error
		if g, err = resource(name); err != nil {
			return err
		}
	}
	for id, n := range graph {
		s, err := resource(id)
		if err != nil {
			return err
		}
		if err := c.node(s, n.(map[string]any), g); err != nil {
			return err
		}
	}
	return nil
}

func (c *converter) node(s string, node map[string]any, g string) error {
	for property, values := range node {
		if property == "@id" {
			continue
		}
		p, err := predicate(property)
		if err != nil {
			return err
		}
		for _, v := range values.([]any) {
			o, err := c.object(v, g)
			if err != nil {
				return err
			}
			c.add(quad{s, p, o, g})
		}
	}
	return nil
}

func predicate(property string) (string, error) {
	if property == "@type" {
		return "<" + rdf + "type>", nil
	}
	if strings.HasPrefix(property, "_:") {
		return "", errors.New("a blank node cannot be a property")
	}
	return resource(property)
}

func (c *converter) object(v any, g string) (string, error) {
	if id, ok := v.(string); ok { // a value of @type
		return resource(id)
	}
	m, ok := v.(map[string]any)
	if !ok {
		return "", errors.New("a value is neither a node nor a literal")
	}
	if _, ok := m["@value"]; ok {
		return literal(m)
	}
	if list, ok := m["@list"].([]any); ok {
		return c.list(list, g)
	}
	id, _ := m["@id"].(string)
	return resource(id)
}

// list writes a list as a chain of first and rest, and gives its head.
func (c *converter) list(items []any, g string) (string, error) {
	head := "<" + rdf + "nil>"
	for i := len(items) - 1; i >= 0; i-- {
		o, err := c.object(items[i], g)
		if err != nil {
			return "", err
		}
		c.lists++
		cell := fmt.Sprintf("_:list%d", c.lists)
		c.add(quad{cell, "<" + rdf + "first>", o, g})
		c.add(quad{cell, "<" + rdf + "rest>", head, g})
		head = cell
	}
	return head, nil
}

// resource writes an absolute IRI or a blank node.
func resource(id string) (string, error) {
	if strings.HasPrefix(id, "_:") {
		return id, nil
	}
	if err := checkIRI(id); err != nil {
		return "", err
	}
	return "<" + id + ">", nil
}

var absoluteIRI = regexp.MustCompile("^[A-Za-z][A-Za-z0-9+.-]*:[^\\x00-\\x20<>\"{}|\\\\^`\\x7f]*$") // RFC 3987 §2.2, N-Quads IRIREF

func checkIRI(s string) error {
	if !absoluteIRI.MatchString(s) {
		return errors.New("an id, a type or a property is not an absolute IRI")
	}
	return nil
}

// literal writes a value object (JSON-LD-API 1.1 §8.2.2).
func literal(m map[string]any) (string, error) {
	kind, _ := m["@type"].(string)
	language, _ := m["@language"].(string)
	if kind == "@json" || m["@direction"] != nil {
		return "", errors.New("JSON literals and base directions are not supported")
	}
	text, natural := lexical(m["@value"], kind)
	switch {
	case natural == "":
		return "", errors.New("a value is not a string, number or boolean")
	case language != "" && natural != "string":
		return "", errors.New("only text has a language")
	case language != "" && !languageTag.MatchString(language):
		return "", errors.New("a language tag is not well-formed")
	case language != "":
		return quote(text) + "@" + language, nil
	case kind == "":
		kind = xsd + natural
	}
	if kind == xsd+"string" {
		return quote(text), nil
	}
	dt, err := resource(kind)
	return quote(text) + "^^" + dt, err
}

var languageTag = regexp.MustCompile(`^[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*$`)

// lexical gives the text of a JSON value and the XSD type it has by nature.
func lexical(v any, kind string) (text, natural string) {
	switch v := v.(type) {
	case string:
		return v, "string"
	case bool:
		return strconv.FormatBool(v), "boolean"
	case float64:
		if v == float64(int64(v)) && kind != xsd+"double" {
			return strconv.FormatInt(int64(v), 10), "integer"
		}
		return ld.GetCanonicalDouble(v), "double"
	}
	return "", ""
}

// quote writes a literal as RDFC-1.0 §5 (canonical N-Quads) wants it.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '\b':
			b.WriteString(`\b`)
		case '\t':
			b.WriteString(`\t`)
		case '\n':
			b.WriteString(`\n`)
		case '\f':
			b.WriteString(`\f`)
		case '\r':
			b.WriteString(`\r`)
		case '"':
			b.WriteString(`\"`)
		case '\\':
			b.WriteString(`\\`)
		default:
			if r < 0x20 || r == 0x7f {
				fmt.Fprintf(&b, `\u%04X`, r)
			} else {
				b.WriteRune(r)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}
