package contexts

import (
	"fmt"
	"math"
	"strings"
)

const (
	maxDepth   = 32        // nested arrays and objects
	maxValues  = 2_000     // members and elements: expansion compares each with each
	maxInteger = 1<<53 - 1 // largest integer that a JSON number holds for certain
)

// checkMembers refuses what JSON-LD expansion drops without an error, and what
// it would take too long over.
func checkMembers(doc map[string]any) error {
	c := memberCheck{left: maxValues}
	if err := c.object(doc, maxDepth); err != nil {
		return fmt.Errorf("%w: %w", ErrDocument, err)
	}
	if c.left < 0 {
		return fmt.Errorf("%w: more than %d values", ErrLimit, maxValues)
	}
	return nil
}

type memberCheck struct{ left int }

func (c *memberCheck) object(m map[string]any, depth int) error {
	for name, v := range m {
		if name == "@context" { // what it says is checked where it is used
			c.context(v)
			continue
		}
		if err := checkName(name, m); err != nil {
			return err
		}
		if err := c.value(v, depth-1); err != nil {
			return err
		}
	}
	return nil
}

// contextCost is what a context by address counts for: it has about that many terms.
const contextCost = 50

// context counts the work of reading a context: addresses and inline terms.
func (c *memberCheck) context(v any) {
	for _, e := range asList(v) {
		switch e := e.(type) {
		case string:
			c.left -= contextCost
		case map[string]any:
			c.terms(e)
		}
	}
}

func (c *memberCheck) terms(v any) {
	c.left--
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if name == "@context" {
				c.context(member)
			} else {
				c.terms(member)
			}
		}
	case []any:
		for _, e := range v {
			c.terms(e)
		}
	}
}

func asList(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

// checkName allows the keywords of plain nodes and values only; the others
// (@graph, @included, @reverse, @index ...) reshape or drop what they hold.
func checkName(name string, m map[string]any) error {
	if !strings.HasPrefix(name, "@") {
		return checkText(name)
	}
	switch name {
	case "@id", "@type", "@value":
		return nil
	case "@language":
		if _, ok := m["@value"]; ok {
			return nil
		}
	}
	return fmt.Errorf("keyword %q stands where it is not supported", name)
}

func (c *memberCheck) value(v any, depth int) error {
	c.left--
	if depth <= 0 {
		return fmt.Errorf("nested more than %d deep", maxDepth)
	}
	switch v := v.(type) {
	case nil:
		return fmt.Errorf("a null would not be signed")
	case string:
		return checkText(v)
	case float64:
		if math.Trunc(v) == v && math.Abs(v) > maxInteger {
			return fmt.Errorf("a number is not exact")
		}
	case map[string]any:
		return c.object(v, depth)
	case []any:
		if len(v) == 0 {
			return fmt.Errorf("an empty array would not be signed")
		}
		for _, e := range v {
			if err := c.value(e, depth-1); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkText refuses control characters: canonicalisers in the field write them
// in different ways, and so hash them differently.
func checkText(s string) error {
	for _, r := range s {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0x7f {
			return fmt.Errorf("control character U+%04X", r)
		}
	}
	return nil
}
