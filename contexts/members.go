package contexts

import (
	"fmt"
	"math"
	"strings"
)

const (
	maxDepth   = 32        // nested arrays and objects
	maxInteger = 1<<53 - 1 // largest integer that a JSON number holds for certain
)

// checkMembers refuses what JSON-LD expansion drops without an error.
func checkMembers(doc map[string]any) error {
	if err := checkObject(doc, maxDepth); err != nil {
		return fmt.Errorf("%w: %w", ErrDocument, err)
	}
	return nil
}

func checkObject(m map[string]any, depth int) error {
	for name, v := range m {
		if name == "@context" {
			continue // checked where it is used
		}
		if err := checkName(name, m); err != nil {
			return err
		}
		if err := checkValue(v, depth-1); err != nil {
			return err
		}
	}
	return nil
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

func checkValue(v any, depth int) error {
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
		return checkObject(v, depth)
	case []any:
		if len(v) == 0 {
			return fmt.Errorf("an empty array would not be signed")
		}
		for _, e := range v {
			if err := checkValue(e, depth-1); err != nil {
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
