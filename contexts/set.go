package contexts

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/piprate/json-gold/ld"
)

// The addresses of the contexts that our own documents name.
const (
	CredentialsV2 = "https://www.w3.org/ns/credentials/v2"
	StatusV1      = "https://www.w3.org/ns/credentials/status/v1" // beside data model 1.1; in CredentialsV2 already
	DIDV1         = "https://www.w3.org/ns/did/v1"
	MultikeyV1    = "https://w3id.org/security/multikey/v1"
)

// What can be wrong with a context or a document.
var (
	ErrContext  = errors.New("contexts: context not usable")
	ErrDocument = errors.New("contexts: document cannot be signed whole")
	ErrLimit    = errors.New("contexts: document over the limits of canonicalisation")
)

//go:embed published/*.jsonld
var published embed.FS

// publishedFiles says which file is served for which address.
func publishedFiles() map[string]string {
	return map[string]string{
		"https://www.w3.org/2018/credentials/v1":               "credentials-v1",
		CredentialsV2:                                          "credentials-v2",
		"https://www.w3.org/ns/credentials/examples/v2":        "credentials-examples-v2",
		"https://www.w3.org/ns/credentials/undefined-terms/v2": "undefined-terms-v2",
		StatusV1: "credentials-status-v1",
		"https://w3id.org/vc/status-list/2021/v1":          "status-list-2021-v1",
		"https://w3id.org/security/data-integrity/v1":      "data-integrity-v1",
		"https://w3id.org/security/data-integrity/v2":      "data-integrity-v2",
		"https://w3id.org/security/suites/ed25519-2020/v1": "ed25519-2020-v1",
		MultikeyV1: "multikey-v1",
		DIDV1:      "did-v1",
	}
}

// Set is the contexts that documents may name. It does not change after New and
// may be used by several goroutines.
type Set struct {
	docs   map[string][]byte
	parsed map[string]any
}

// New makes a set of the embedded contexts and extra ones, by address. An extra
// context must be a JSON object with @context that names no other context; it
// may repeat an embedded one byte for byte, never replace it. It returns
// ErrContext.
func New(extra map[string][]byte) (*Set, error) {
	s := &Set{docs: map[string][]byte{}, parsed: map[string]any{}}
	for iri, name := range publishedFiles() {
		doc, err := published.ReadFile("published/" + name + ".jsonld")
		if err != nil {
			return nil, fmt.Errorf("read embedded context: %w", err)
		}
		if err := s.add(iri, doc); err != nil {
			return nil, err
		}
	}
	return s.With(extra)
}

// With makes a set of these contexts and extra ones, which must be as New wants them.
// It returns ErrContext.
func (s *Set) With(extra map[string][]byte) (*Set, error) {
	out := &Set{docs: maps.Clone(s.docs), parsed: maps.Clone(s.parsed)}
	for _, iri := range slices.Sorted(maps.Keys(extra)) {
		if err := out.add(iri, extra[iri]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Set) add(iri string, doc []byte) error {
	if err := checkIRI(iri); err != nil {
		return fmt.Errorf("%w: its address is not an absolute IRI", ErrContext)
	}
	if have, ok := s.docs[iri]; ok && !bytes.Equal(have, doc) {
		return fmt.Errorf("%w: %s would replace an embedded context", ErrContext, iri)
	}
	var parsed map[string]any
	if err := json.Unmarshal(doc, &parsed); err != nil {
		return fmt.Errorf("%w: %s is not a JSON object", ErrContext, iri)
	}
	if _, ok := parsed["@context"].(map[string]any); !ok {
		return fmt.Errorf("%w: %s has no @context object", ErrContext, iri)
	}
	if namesContext(parsed) {
		return fmt.Errorf("%w: %s names another context", ErrContext, iri)
	}
	s.docs[iri], s.parsed[iri] = bytes.Clone(doc), parsed
	return nil
}

// namesContext says whether a context loads another one. json-gold does not see
// a circle of such contexts: it would run out of stack.
func namesContext(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if name == "@import" || name == "@context" && hasString(member) || namesContext(member) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, namesContext)
	}
	return false
}

func hasString(v any) bool {
	if list, ok := v.([]any); ok {
		return slices.ContainsFunc(list, hasString)
	}
	_, ok := v.(string)
	return ok
}

// Document gives the bytes of a context.
func (s *Set) Document(iri string) ([]byte, bool) {
	doc, ok := s.docs[iri]
	return bytes.Clone(doc), ok
}

// IRIs lists the addresses of all contexts, sorted.
func (s *Set) IRIs() []string { return slices.Sorted(maps.Keys(s.docs)) }

// loader gives json-gold the contexts of a set; nothing is fetched.
type loader struct{ set *Set }

// LoadDocument implements ld.DocumentLoader.
func (l loader) LoadDocument(iri string) (*ld.RemoteDocument, error) {
	doc, ok := l.set.parsed[iri]
	if !ok {
		return nil, ld.NewJsonLdError(ld.LoadingDocumentFailed, "context is not embedded")
	}
	return &ld.RemoteDocument{DocumentURL: iri, Document: doc}, nil
}
