package contexts_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"sync"
	"testing"

	"socialregistry/contexts"
)

// inline is a context of one's own, for the traps; ex:p takes any value.
const inline = `{"@version":1.1,"ex":"https://ex.org/","id":"@id","type":"@type","p":"ex:p","ref":{"@id":"ex:ref","@type":"@id"},"vocab":{"@id":"ex:v","@type":"@vocab"},
 "list":{"@id":"ex:list","@container":"@list"},"json":{"@id":"ex:json","@type":"@json"},"none":null,"T":"ex:T","double":{"@id":"ex:d","@type":"http://www.w3.org/2001/XMLSchema#double"},
 "graph":"@graph","lang":{"@id":"ex:lang","@container":"@language"},"when":{"@id":"ex:when","@type":"ex:Date"}}`

func decode(t testing.TB, s string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(s), &m); err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return m
}

func TestCanonicalForms(t *testing.T) {
	t.Parallel()
	s := newSet(t, nil)
	for body, want := range map[string]string{
		`"id":"urn:a","p":"x"`:                           `<urn:a> <https://ex.org/p> "x" .`,
		`"id":"urn:a","p":["x","y","x"]`:                 `<urn:a> <https://ex.org/p> "x" .|<urn:a> <https://ex.org/p> "y" .`,
		`"id":"urn:a","type":"T"`:                        `<urn:a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://ex.org/T> .`,
		`"p":"a\"b\\c\nd\te"`:                            `_:c14n0 <https://ex.org/p> "a\"b\\c\nd\te" .`,
		`"p":"\u0645\u2028\ud83d\ude00"`:                 "_:c14n0 <https://ex.org/p> \"\u0645\u2028\U0001F600\" .",
		`"p":true`:                                       `_:c14n0 <https://ex.org/p> "true"^^<http://www.w3.org/2001/XMLSchema#boolean> .`,
		`"p":12`:                                         `_:c14n0 <https://ex.org/p> "12"^^<http://www.w3.org/2001/XMLSchema#integer> .`,
		`"p":12.5`:                                       `_:c14n0 <https://ex.org/p> "1.25E1"^^<http://www.w3.org/2001/XMLSchema#double> .`,
		`"double":5`:                                     `_:c14n0 <https://ex.org/d> "5.0E0"^^<http://www.w3.org/2001/XMLSchema#double> .`,
		`"when":"x"`:                                     `_:c14n0 <https://ex.org/when> "x"^^<https://ex.org/Date> .`,
		`"p":{"@value":"x","@language":"ar-EG"}`:         `_:c14n0 <https://ex.org/p> "x"@ar-eg .`,
		`"lang":{"en":"x"}`:                              `_:c14n0 <https://ex.org/lang> "x"@en .`,
		`"ref":"http://localhost:8080/status/1#7"`:       `_:c14n0 <https://ex.org/ref> <http://localhost:8080/status/1#7> .`,
		`"ref":"https://سجل.example/1"`:                  `_:c14n0 <https://ex.org/ref> <https://سجل.example/1> .`,
		`"id":"_:c14n9","ref":"_:c14n9"`:                 `_:c14n0 <https://ex.org/ref> _:c14n0 .`,
		`"p":{"p":"x"}`:                                  `_:c14n0 <https://ex.org/p> "x" .|_:c14n1 <https://ex.org/p> _:c14n0 .`,
		`"id":"urn:a","list":["x"]`:                      `<urn:a> <https://ex.org/list> _:c14n0 .|_:c14n0 <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> "x" .|_:c14n0 <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> <http://www.w3.org/1999/02/22-rdf-syntax-ns#nil> .`,
		`"id":"urn:a","ex:p":"x","https://ex.org/p":"x"`: `<urn:a> <https://ex.org/p> "x" .`,
	} {
		doc := decode(t, `{"@context":`+inline+`,`+body+`}`)
		before := fmt.Sprint(doc)
		got, err := s.Canonicalize(doc)
		if lines := strings.ReplaceAll(strings.TrimSuffix(string(got), "\n"), "\n", "|"); err != nil || lines != want {
			t.Errorf("%s: %v\n got %s\nwant %s", body, err, lines, want)
		}
		if fmt.Sprint(doc) != before {
			t.Errorf("%s: the document was changed", body)
		}
	}
}

// Each of these would lose something on its way into RDF, and so be unsigned.
func TestCanonicalizeRefuses(t *testing.T) {
	t.Parallel()
	s := newSet(t, nil)
	for _, body := range []string{
		`"undefined":"x"`, `"none":"x"`, `"p":{"undefined":"x"}`, `"p":["x",{"undefined":1}]`,
		`"id":"relative","p":"x"`, `"id":"","p":"x"`, `"id":"#x","p":"x"`, `"id":"/x","p":"x"`, `"id":"@foo","p":"x"`, `"id":5,"p":"x"`, `"id":"a b:c","p":"x"`,
		`"id":"urn:a b","p":"x"`, `"id":"https://a/<b>","p":"x"`, `"id":"urn:a\"","p":"x"`, `"id":"urn:{a}","p":"x"`,
		`"type":"Unknown"`, `"type":"","p":"x"`, `"type":["T","Unknown"]`, `"type":"@id"`, `"type":[],"p":"x"`, `"type":5`,
		`"ref":"relative"`, `"ref":{"id":"relative"}`, `"ref":["urn:a","b"]`, `"vocab":"unknown"`,
		`"p":{"id":"relative","p":"x"}`, `"p":{"id":"urn:a","type":"Unknown"}`,
		`"p":null`, `"p":["x",null]`, `"p":{"p":null}`, `"p":[]`, `"p":["x",[]]`, `"list":[]`,
		`"p":9007199254740992`, `"p":-9007199254740993`, `"p":1e300`,
		`"p":"\u0000"`, `"p":"\u0008"`, `"p":"\u001f"`, `"p":"\u007f"`, `"p":{"@value":"\u000c"}`, `"lang":{"en":"\u0001"}`,
		`"json":{"a":1}`, `"json":[1]`, `"p":{"@type":"@json","@value":{}}`, `"p":{"@value":"x","@type":"Unknown"}`, `"p":{"@value":{"a":1}}`,
		`"p":{"@value":"x","@language":"not a tag"}`, `"p":{"@value":"x","@direction":"rtl"}`, `"p":{"@language":"en"}`, `"p":{"@value":1,"@language":"en"}`,
		`"@graph":[{"p":"x"}]`, `"graph":["x"]`, `"@included":[{"p":"x"}]`, `"@reverse":{"p":{"id":"urn:b"}}`, `"p":{"@value":"x","@index":"i"}`,
		`"p":{"@set":["x"]}`, `"p":{"@list":["x"]}`, `"@nest":{"p":"x"}`, `"@foo":"x"`, `"_:b":"x"`, `"id":"urn:a"`, `"id":"urn:a","@id":"urn:b","p":"x"`,
		`"p":` + strings.Repeat(`{"p":`, 40) + `"x"` + strings.Repeat(`}`, 40),
		`"p":` + strings.Repeat(`[`, 40) + `"x"` + strings.Repeat(`]`, 40),
	} {
		got, err := s.Canonicalize(decode(t, `{"@context":`+inline+`,`+body+`}`))
		if !errors.Is(err, contexts.ErrDocument) {
			t.Errorf("%s: %v, %s: want ErrDocument", body, err, got)
		}
	}
	for _, doc := range []map[string]any{nil, {}, {"p": "x"}, {"@context": nil}, {"@context": 5}, {"a": func() {}}, {"@context": []any{5}}} {
		if _, err := s.Canonicalize(doc); !errors.Is(err, contexts.ErrDocument) {
			t.Errorf("%v: %v, want ErrDocument", doc, err)
		}
	}
}

func TestNothingIsFetched(t *testing.T) {
	t.Parallel()
	s := newSet(t, nil)
	for _, doc := range []string{
		`{"@context":"https://ex.org/unknown","p":"x"}`, `{"@context":"http://127.0.0.1:1/c","p":"x"}`, `{"@context":"relative"}`,
		`{"@context":[{"@import":"https://ex.org/unknown"}]}`, `{"@context":{"p":{"@id":"https://ex.org/p","@context":"https://ex.org/unknown"}},"p":{"q":"x"}}`,
		`{"@context":"` + contexts.CredentialsV2 + `/","type":"VerifiableCredential"}`,
	} {
		if got, err := s.Canonicalize(decode(t, doc)); !errors.Is(err, contexts.ErrContext) && !errors.Is(err, contexts.ErrDocument) {
			t.Errorf("%s: %s, %v", doc, got, err)
		}
	}
	_, err := s.Canonicalize(decode(t, `{"@context":"https://ex.org/unknown","p":"x"}`))
	if !errors.Is(err, contexts.ErrContext) {
		t.Errorf("%v, want ErrContext", err)
	}
}

func TestProtectedTermsStay(t *testing.T) {
	t.Parallel()
	doc := decode(t, `{"@context":["`+contexts.CredentialsV2+`",{"name":"https://evil.org/n"}],"type":"VerifiableCredential","issuer":"did:ex:1"}`)
	if _, err := newSet(t, nil).Canonicalize(doc); !errors.Is(err, contexts.ErrDocument) {
		t.Errorf("%v, want ErrDocument", err)
	}
}

// A document of many blank nodes that all look alike must not cost more than the budget.
func TestPoisonedDocumentIsBounded(t *testing.T) {
	t.Parallel()
	var nodes []any
	for i := range 10 {
		var others []any
		for k := range 10 {
			if k != i {
				others = append(others, map[string]any{"@id": fmt.Sprintf("_:n%d", k)})
			}
		}
		nodes = append(nodes, map[string]any{"@id": fmt.Sprintf("_:n%d", i), "https://ex.org/p": others})
	}
	doc := map[string]any{"@id": "urn:a", "https://ex.org/all": nodes}
	if _, err := newSet(t, nil).Canonicalize(doc); !errors.Is(err, contexts.ErrLimit) {
		t.Errorf("clique: %v, want ErrLimit", err)
	}
	for n, want := range map[int]error{500: nil, 501: contexts.ErrLimit} {
		var blanks []any
		for i := range n {
			blanks = append(blanks, map[string]any{"https://ex.org/p": fmt.Sprint(i)})
		}
		_, err := newSet(t, nil).Canonicalize(map[string]any{"@id": "urn:a", "https://ex.org/all": blanks})
		if !errors.Is(err, want) {
			t.Errorf("%d blank nodes: %v, want %v", n, err, want)
		}
	}
	for n, want := range map[int]error{1_999: nil, 2_000: contexts.ErrLimit, 200_000: contexts.ErrLimit} {
		var values []any
		for i := range n {
			values = append(values, fmt.Sprint(i))
		}
		if _, err := newSet(t, nil).Canonicalize(map[string]any{"https://ex.org/p": values}); !errors.Is(err, want) {
			t.Errorf("%d values: %v, want %v", n, err, want)
		}
	}
	many := strings.TrimSuffix(strings.Repeat(`"`+contexts.CredentialsV2+`",`, 41), ",")
	for in, want := range map[string]error{
		`{"@context":[` + many + `],"issuer":"x"}`:                                        contexts.ErrLimit,
		`{"@context":{"a":{"@id":"https://ex.org/a","@context":[` + many + `]}},"a":"x"}`: contexts.ErrLimit,
		`{"@context":[{"a":"https://ex.org/a"}],"a":"x"}`:                                 nil,
	} {
		if _, err := newSet(t, nil).Canonicalize(decode(t, in)); !errors.Is(err, want) {
			t.Errorf("%.40s: %v, want %v", in, err, want)
		}
	}
	big := map[string]any{"@id": "urn:a", "https://ex.org/p": strings.Repeat("x", 4<<20)}
	if _, err := newSet(t, nil).Canonicalize(big); !errors.Is(err, contexts.ErrLimit) {
		t.Errorf("4 MiB: %v, want ErrLimit", err)
	}
}

func TestSetServesManyAtOnce(t *testing.T) {
	t.Parallel()
	s := newSet(t, nil)
	doc := decode(t, `{"@context":"`+contexts.CredentialsV2+`","type":["VerifiableCredential"],"issuer":"did:ex:1","credentialSubject":{"id":"did:ex:2"},"credentialStatus":{"type":"BitstringStatusListEntry","statusListIndex":"5"}}`)
	want, err := s.Canonicalize(doc)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				if got, err := s.Canonicalize(maps.Clone(doc)); err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("got %s, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
	if !s.Intact() {
		t.Error("a context was changed by its use")
	}
}

func FuzzCanonicalize(f *testing.F) {
	s := newSet(f, nil)
	f.Add(`{"@context":` + inline + `,"p":{"p":["x",1,true]},"ref":"urn:a"}`)
	f.Add(`{"@context":["` + contexts.CredentialsV2 + `"],"type":["VerifiableCredential"],"issuer":"did:ex:1"}`)
	f.Fuzz(func(t *testing.T, in string) {
		var doc map[string]any
		if json.Unmarshal([]byte(in), &doc) != nil {
			return
		}
		got, err := s.Canonicalize(doc)
		if err == nil && (len(got) == 0 || got[len(got)-1] != '\n') {
			t.Errorf("%s gave %q", in, got)
		}
		if err != nil && !errors.Is(err, contexts.ErrDocument) && !errors.Is(err, contexts.ErrContext) && !errors.Is(err, contexts.ErrLimit) {
			t.Errorf("%s: %v is none of ours", in, err)
		}
	})
}
