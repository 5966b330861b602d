package contexts_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"socialregistry/contexts"
	"socialregistry/internal/vectors"
)

type rdfTest struct {
	ID, Type, Action, Result, HashAlgorithm string
}

const suite = "data/w3c-rdf-canon/tests/"

func rdfTests(t *testing.T) []rdfTest {
	t.Helper()
	var manifest struct{ Entries []rdfTest }
	if err := json.Unmarshal(vectors.Read(t, suite+"manifest.jsonld"), &manifest); err != nil {
		t.Fatal(err)
	}
	return manifest.Entries
}

// Every test of the W3C suite: 64 of canonical forms, 21 of issued labels, and
// the negative one, a clique of ten blank nodes that must run into the limit.
func TestW3CCanonicalization(t *testing.T) {
	t.Parallel()
	ran := map[string]int{}
	for _, c := range rdfTests(t) {
		ran[c.Type]++
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			newHash := sha256.New
			if c.HashAlgorithm == "SHA384" {
				newHash = func() hash.Hash { return sha512.New384() }
			}
			start := time.Now()
			got, issued, work, err := contexts.CanonicalizeQuads(string(vectors.Read(t, suite+c.Action)), newHash, 500_000)
			t.Logf("%d units of work, %v", work, time.Since(start))
			switch c.Type {
			case "rdfc:RDFC10EvalTest":
				if want := string(vectors.Read(t, suite+c.Result)); err != nil || got != want {
					t.Errorf("%v, got\n%s\nwant\n%s", err, got, want)
				}
			case "rdfc:RDFC10MapTest":
				checkLabels(t, vectors.Read(t, suite+c.Result), issued, err)
			case "rdfc:RDFC10NegativeEvalTest":
				if !errors.Is(err, contexts.ErrLimit) {
					t.Errorf("%v, want ErrLimit", err)
				}
			default:
				t.Errorf("unknown type of test %s", c.Type)
			}
		})
	}
	want := map[string]int{"rdfc:RDFC10EvalTest": 64, "rdfc:RDFC10MapTest": 21, "rdfc:RDFC10NegativeEvalTest": 1}
	if !maps.Equal(ran, want) {
		t.Errorf("the suite has %v, want %v", ran, want)
	}
}

func checkLabels(t *testing.T, result []byte, issued map[string]string, err error) {
	t.Helper()
	var want map[string]string
	if e := json.Unmarshal(result, &want); e != nil || err != nil {
		t.Fatal(e, err)
	}
	got := map[string]string{}
	for from, to := range issued {
		got[strings.TrimPrefix(from, "_:")] = strings.TrimPrefix(to, "_:")
	}
	if !maps.Equal(got, want) {
		t.Errorf("labels %v, want %v", got, want)
	}
}

// json-gold's own algorithm counts a statement twice that names a blank node
// twice, knows no limit and few escapes; on other graphs the two must agree.
func TestAgreesWithJSONGold(t *testing.T) {
	t.Parallel()
	const seed = 20261122
	r := rand.New(rand.NewPCG(seed, 0))
	for n := range 500 {
		graph := randomGraph(r)
		got, _, _, err := contexts.CanonicalizeQuads(graph, sha256.New, 500_000)
		want, goldErr := contexts.JSONGold(graph)
		if err != nil || goldErr != nil || got != want {
			t.Fatalf("seed %d, graph %d: %v, %v\n%s\ngot\n%s\nwant\n%s", seed, n, err, goldErr, graph, got, want)
		}
	}
}

// randomGraph makes a small graph in which no statement names a blank node twice.
func randomGraph(r *rand.Rand) string {
	var graph strings.Builder
	blanks := 3 + r.IntN(4)
	for range 1 + r.IntN(14) {
		names := r.Perm(blanks)
		object := fmt.Sprintf("_:x%d", names[1])
		if r.IntN(4) == 0 {
			object = fmt.Sprintf(`"%d"`, r.IntN(2))
		}
		g := []string{"", " <urn:g>", fmt.Sprintf(" _:x%d", names[2])}[r.IntN(10)%3]
		fmt.Fprintf(&graph, "_:x%d <urn:p%d> %s%s .\n", names[0], r.IntN(2), object, g)
	}
	return graph.String()
}
