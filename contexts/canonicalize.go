package contexts

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/piprate/json-gold/ld"
)

// Canonicalize gives the canonical N-Quads (RDFC-1.0 with SHA-256) of a JSON-LD
// document. Every member must reach the RDF: an undefined term, a relative id or
// type, a null, an empty array, a number that is not exact, a JSON literal, a
// control character and a graph keyword are ErrDocument; a context that is not
// in the set is ErrContext; a document too large, or too entangled to be
// canonicalised with bounded work, is ErrLimit. doc is not changed.
func (s *Set) Canonicalize(doc map[string]any) ([]byte, error) {
	raw, err := plain(doc)
	if err != nil {
		return nil, err
	}
	if err := checkMembers(raw); err != nil {
		return nil, err
	}
	quads, err := s.quads(raw)
	if err != nil {
		return nil, err
	}
	if len(quads) == 0 {
		return nil, fmt.Errorf("%w: nothing of it would be signed", ErrDocument)
	}
	lines, _, err := canonicalize(quads, sha256.New, newBudget())
	return lines, err
}

// plain copies a document into the types that encoding/json makes, which are
// the only ones json-gold knows.
func plain(doc map[string]any) (map[string]any, error) {
	b, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("%w: not JSON", ErrDocument)
	}
	var raw map[string]any
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, fmt.Errorf("%w: not JSON", ErrDocument)
	}
	return raw, nil
}

// quads expands a document and converts it to RDF. json-gold panics on some
// hostile input; that is an error of the document.
func (s *Set) quads(raw map[string]any) (quads []quad, err error) {
	defer func() {
		if p := recover(); p != nil {
			quads, err = nil, fmt.Errorf("%w: JSON-LD processing broke off", ErrDocument)
		}
	}()
	opts := ld.NewJsonLdOptions("")
	opts.DocumentLoader = loader{s}
	opts.SafeMode = true // an undefined term is an error; Normalize would forget this
	expanded, err := ld.NewJsonLdProcessor().Expand(raw, opts)
	if err != nil {
		return nil, expansionError(err)
	}
	nodes := map[string]any{"@default": map[string]any{}}
	if _, err := ld.NewJsonLdApi().GenerateNodeMap(expanded, nodes, "@default", ld.NewIdentifierIssuer("_:b"), "", "", nil); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDocument, err)
	}
	return quadsOf(nodes)
}

func expansionError(err error) error {
	var e *ld.JsonLdError
	if errors.As(err, &e) && e.Code == ld.LoadingRemoteContextFailed {
		return fmt.Errorf("%w: it is not embedded", ErrContext)
	}
	if errors.As(err, &e) { // its details may quote the document
		return fmt.Errorf("%w: %s", ErrDocument, e.Code)
	}
	return fmt.Errorf("%w: expansion failed", ErrDocument)
}
