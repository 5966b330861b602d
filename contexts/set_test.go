package contexts_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"socialregistry/contexts"
)

func newSet(t testing.TB, extra map[string][]byte) *contexts.Set {
	t.Helper()
	s, err := contexts.New(extra)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Verifiable Credentials Data Model 2.0, appendix B.1 gives this hash.
func TestCredentialsV2IsTheOfficialOne(t *testing.T) {
	t.Parallel()
	doc, ok := newSet(t, nil).Document(contexts.CredentialsV2)
	sum := sha256.Sum256(doc)
	if want := "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734"; !ok || hex.EncodeToString(sum[:]) != want {
		t.Errorf("sha256 %x, want %s", sum, want)
	}
}

func TestSourcesNamesEveryFileAndHash(t *testing.T) {
	t.Parallel()
	sources, err := os.ReadFile("SOURCES.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| (\S+\.jsonld) \| (\S+) \|.*\| ([0-9a-f]{64}) \|$`).FindAllStringSubmatch(string(sources), -1) {
		doc, err := os.ReadFile("published/" + m[1])
		if sum := sha256.Sum256(doc); err != nil || hex.EncodeToString(sum[:]) != m[3] {
			t.Errorf("%s: sha256 %x, %v, SOURCES.md says %s", m[1], sum, err, m[3])
		}
		listed[m[2]] = m[1]
	}
	s := newSet(t, nil)
	for _, iri := range s.IRIs() {
		file := listed[iri]
		doc, _ := s.Document(iri)
		if want, err := os.ReadFile("published/" + file); file == "" || err != nil || !bytes.Equal(doc, want) {
			t.Errorf("%s is not what SOURCES.md lists as %q", iri, file)
		}
	}
	files, err := os.ReadDir("published")
	if err != nil || len(files) != len(listed) || len(s.IRIs()) != len(listed) {
		t.Errorf("%d files, %d contexts, %d rows in SOURCES.md, %v", len(files), len(s.IRIs()), len(listed), err)
	}
}

func TestNewTakesAndRefuses(t *testing.T) {
	t.Parallel()
	const iri = "https://example.org/c"
	v2, _ := newSet(t, nil).Document(contexts.CredentialsV2)
	s := newSet(t, map[string][]byte{iri: []byte(`{"@context":{"a":"https://example.org/a"}}`), contexts.CredentialsV2: v2})
	if !slices.Contains(s.IRIs(), iri) {
		t.Error("the extra context is not listed")
	}
	doc, _ := s.Document(iri)
	doc[0] = 'x'
	if again, _ := s.Document(iri); again[0] != '{' {
		t.Error("a caller can change the set")
	}
	for name, extra := range map[string]map[string][]byte{
		"replaces an embedded one": {contexts.CredentialsV2: append(bytes.Clone(v2), '\n')},
		"relative address":         {"c": []byte(`{"@context":{}}`)},
		"not JSON":                 {iri: []byte(`{"@context":{}`)},
		"an array":                 {iri: []byte(`[]`)},
		"no @context":              {iri: []byte(`{}`)},
		"@context an array":        {iri: []byte(`{"@context":[{}]}`)},
		"@context a string":        {iri: []byte(`{"@context":"https://example.org/c"}`)},
		"imports":                  {iri: []byte(`{"@context":{"@import":"https://example.org/c"}}`)},
		"scoped, by address":       {iri: []byte(`{"@context":{"a":{"@id":"https://example.org/a","@context":"https://example.org/c"}}}`)},
		"scoped, in an array":      {iri: []byte(`{"@context":{"a":{"@id":"https://example.org/a","@context":[{},"https://example.org/c"]}}}`)},
	} {
		if _, err := contexts.New(extra); !errors.Is(err, contexts.ErrContext) {
			t.Errorf("%s: %v, want ErrContext", name, err)
		}
	}
}

func TestRegistryContext(t *testing.T) {
	t.Parallel()
	iri, doc, vocabulary := contexts.Registry("https://registry.example")
	if iri != "https://registry.example/contexts/v1" {
		t.Errorf("iri %s", iri)
	}
	s := newSet(t, map[string][]byte{iri: doc, "https://registry.example/vocab": vocabulary})
	defined := regexp.MustCompile(`"@id": "(https://registry\.example/vocab#\w+)"`).FindAllStringSubmatch(string(vocabulary), -1)
	described := map[string]bool{}
	for _, m := range defined {
		described[m[1]] = true
	}
	used := regexp.MustCompile(`https://registry\.example/vocab#\w+`).FindAllString(string(doc), -1)
	for _, term := range used {
		if !described[term] {
			t.Errorf("the vocabulary does not describe %s", term)
		}
	}
	if len(used) < 15 || strings.Contains(string(doc)+string(vocabulary), "{vocabulary}") {
		t.Errorf("%d own terms; a placeholder may be left", len(used))
	}
	person := map[string]any{
		"@context": []string{contexts.CredentialsV2, iri}, "type": []string{"VerifiableCredential", "SocialRegistryPersonCredential"}, "issuer": "did:web:registry.example",
		"credentialSubject": map[string]any{"type": "Person", "givenName": "Amina", "birthDate": "1990-04-01", "region": "North", "estimatedAge": "30", "birthDateEstimated": "true"},
	}
	got, err := s.Canonicalize(person)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<https://schema.org/givenName> "Amina" .`, `<https://schema.org/birthDate> "1990-04-01"^^<http://www.w3.org/2001/XMLSchema#date> .`,
		`<https://registry.example/vocab#birthDateEstimated> "true"^^<http://www.w3.org/2001/XMLSchema#boolean> .`,
		`<https://registry.example/vocab#SocialRegistryPersonCredential> .`,
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("not signed: %s in\n%s", want, got)
		}
	}
}

// Every field of the registry that may be issued has a term: the one that its
// definition names, or the one of our vocabulary with its name.
func TestEveryIssuableFieldHasATerm(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../registry/fields.json")
	if err != nil {
		t.Fatal(err)
	}
	var fields []struct {
		Key, IRI string
		Issuable bool
	}
	if err := json.Unmarshal(raw, &fields); err != nil || len(fields) == 0 {
		t.Fatalf("%d fields, %v", len(fields), err)
	}
	_, doc, _ := contexts.Registry("https://registry.example")
	for _, f := range fields {
		iri := f.IRI
		if iri == "" {
			iri = "https://registry.example/vocab#" + camelCase(f.Key)
		}
		if f.Issuable && !strings.Contains(string(doc), `"`+iri+`"`) {
			t.Errorf("%s has no term for %s", f.Key, iri)
		}
	}
}

func camelCase(key string) string {
	words := strings.Split(key, "_")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}
