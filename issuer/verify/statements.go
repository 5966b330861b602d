package verify

import (
	"maps"
	"slices"
	"strings"

	"socialregistry/contexts"
)

// Addresses of what is counted (VCDM 2.0, Bitstring Status List 1.0).
const (
	vocabulary = "https://www.w3.org/2018/credentials#"
	listClass  = "<https://www.w3.org/ns/credentials/status#BitstringStatusListCredential>"
	rdfType    = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
)

// checkStatements compares what is read with what is signed: as many statements
// in all, of each thing that is looked at, and about the person, as there are
// members that say it. It finds what the shape does not: a context with a second
// term for the same address.
func checkStatements(set *contexts.Set, doc map[string]any) error {
	signed, err := statementsOf(set, doc)
	if err != nil || len(signed) != all(doc) || !signed.fit(doc) {
		return failure{UnsupportedFormat, "More, or less, is signed than what can be read in it."}
	}
	return nil
}

func (list statements) fit(doc map[string]any) bool {
	for _, name := range []string{"credentialStatus", "credentialSubject", "issuer", "validFrom", "validUntil"} {
		if list.count("", "<"+vocabulary+name+">") != written(doc[name]) {
			return false
		}
	}
	subject, _ := doc["credentialSubject"].(map[string]any)
	isList := slices.Contains(texts(doc["type"]), listType)
	for _, s := range list {
		if s.predicate == "<"+vocabulary+"credentialSubject>" && list.count(s.object, "") != direct(subject) {
			return false
		}
		if s.predicate == rdfType && s.object == listClass && !isList {
			return false
		}
	}
	return true
}

// direct counts the statements that the members of an object make.
func direct(m map[string]any) int {
	n := 0
	for name, v := range m {
		if name != "@context" && name != "proof" && name != "id" {
			n += written(v)
		}
	}
	return n
}

// all counts those, and the ones that the objects in it make.
func all(m map[string]any) int {
	n := direct(m)
	for name, v := range m {
		if name == "@context" || name == "proof" {
			continue
		}
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, e := range list {
			inner, _ := e.(map[string]any)
			n += all(inner)
		}
	}
	return n
}

// written counts the statements that a member makes.
func written(v any) int {
	switch v := v.(type) {
	case nil:
		return 0
	case []any:
		return len(v)
	}
	return 1
}

// statement is a line of canonical N-Quads.
type statement struct{ subject, predicate, object string }

type statements []statement

// count counts those of a subject and with a predicate; "" is any.
func (list statements) count(subject, predicate string) int {
	n := 0
	for _, s := range list {
		if (subject == "" || s.subject == subject) && (predicate == "" || s.predicate == predicate) {
			n++
		}
	}
	return n
}

// statementsOf gives all that a document says, its proof left out, as it is signed.
func statementsOf(set *contexts.Set, doc map[string]any) (statements, error) {
	unsigned := maps.Clone(doc)
	delete(unsigned, "proof")
	lines, err := set.Canonicalize(unsigned)
	if err != nil {
		return nil, err
	}
	var out statements
	for line := range strings.Lines(string(lines)) {
		subject, rest, _ := strings.Cut(strings.TrimSuffix(line, " .\n"), " ") // neither of the first two has a space
		predicate, object, _ := strings.Cut(rest, " ")
		out = append(out, statement{subject, predicate, object})
	}
	return out, nil
}
