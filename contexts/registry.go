package contexts

import (
	_ "embed"
	"strings"
)

var (
	//go:embed own/registry-v1.jsonld
	registryContext string
	//go:embed own/vocabulary-v1.jsonld
	registryVocabulary string
)

// Registry gives the context of our own credentials and the vocabulary that it
// points to, for a service at publicURL (no slash at its end). The context is
// served at iri, which is publicURL/contexts/v1, the vocabulary at
// publicURL/vocab; both are JSON-LD.
//
// A term never changes its meaning: what is issued names it for years. New terms
// may be added to version 1, for they change no document that was signed.
func Registry(publicURL string) (iri string, doc, vocabulary []byte) {
	put := strings.NewReplacer("{vocabulary}", publicURL+"/vocab")
	return publicURL + "/contexts/v1", []byte(put.Replace(registryContext)), []byte(put.Replace(registryVocabulary))
}
