package verify

import (
	"slices"
	"strings"

	"socialregistry/contexts"
)

// A Data Integrity proof (rdfc suites) signs statements, not text, and one set of
// statements can be written in many ways: a member under its full address
// instead of its term, a person in two objects with one id. Whoever holds a
// credential could so move its status, or some details, to where nobody looks,
// under a good signature. What is read here therefore has one way to be written:
// by terms, each thing in one place.

// maxContexts bounds the contexts that a credential names.
const maxContexts = 10

// checkShape refuses what could say the same in another place. The outcome is
// unsupported_format and not altered: the signature may well be good, and who
// wrote it so cannot be known.
func checkShape(doc map[string]any) error {
	if err := checkContexts(doc); err != nil {
		return err
	}
	s := shape{ids: map[string]int{}, texts: map[string]int{}}
	for name, v := range doc {
		if name == "@context" || name == "proof" { // a proof is checked by its exact members
			continue
		}
		s.member(name, v)
	}
	if !s.bad {
		s.checkPlaces(doc)
	}
	if s.bad {
		return failure{UnsupportedFormat, "It is not written in plain terms with each thing in one place, so something could be hidden."}
	}
	return nil
}

// checkContexts refuses contexts that do not stand by address and at the top: one
// that came with the document could give its claims other names under the same
// signature (VC Data Integrity 1.0 §2.4.1), and cost any work.
func checkContexts(doc map[string]any) error {
	list := texts(doc["@context"])
	if len(list) == 0 || list[0] != contexts.CredentialsV2 || len(list) > maxContexts {
		return failure{UnsupportedFormat, "This is not a credential of data model 2.0 with contexts by address."}
	}
	return nil
}

// shape collects what a document is made of.
type shape struct {
	bad   bool
	ids   map[string]int // objects that have this id
	texts map[string]int // other strings
}

// member takes one in. A name with a colon is an address or a compact one, a
// name with @ a keyword (JSON-LD 1.1 §3.2, §4.1.5).
func (s *shape) member(name string, v any) {
	if strings.ContainsAny(name, ":@") {
		s.bad = true
		return
	}
	switch name {
	case "id":
		id, ok := v.(string)
		s.bad = s.bad || !ok || strings.HasPrefix(id, "_:")
		s.ids[id]++
	case "type":
		list := texts(v)
		s.bad = s.bad || len(list) == 0 || slices.ContainsFunc(list, func(t string) bool { return strings.ContainsAny(t, ":@") })
	default:
		s.value(v)
	}
}

func (s *shape) value(v any) {
	switch v := v.(type) {
	case string:
		s.texts[v]++
	case map[string]any:
		for name, member := range v {
			s.member(name, member)
		}
	case []any:
		for _, e := range v {
			_, nested := e.([]any) // it would be flattened
			if s.bad = s.bad || nested; s.bad {
				return
			}
			s.value(e)
		}
	}
}

// checkPlaces refuses a node that is written in two objects, or in one place and
// named in another: what is said of it could stand in either. The subject may be
// named elsewhere (an issuer that vouches for itself), for it is read only where
// it is an object.
func (s *shape) checkPlaces(doc map[string]any) {
	subject, _ := doc["credentialSubject"].(map[string]any)
	for id, n := range s.ids {
		s.bad = s.bad || n > 1 || id != subject["id"] && s.texts[id] > 0
	}
}
