package verifier_test

import (
	"testing"

	"socialregistry/internal/vectors"
)

// Every test of the W3C suite for RDFC-1.0 that asks for a canonical form with
// SHA-256, and the one that must run into the limit: a clique of ten blank nodes.
func TestW3CCanonicalization(t *testing.T) {
	t.Parallel()
	const suite = "data/w3c-rdf-canon/tests/"
	var manifest struct {
		Entries []struct{ ID, Type, Action, Result, HashAlgorithm string }
	}
	decode(t, vectors.Read(t, suite+"manifest.jsonld"), &manifest)
	var texts, wants, ids []string
	limited := map[int]bool{} // negative tests
	for _, c := range manifest.Entries {
		want := ""
		limited[len(texts)] = c.Type == "rdfc:RDFC10NegativeEvalTest"
		switch {
		case c.HashAlgorithm != "" && c.HashAlgorithm != "SHA256", c.Type == "rdfc:RDFC10MapTest":
			continue
		case c.Type == "rdfc:RDFC10EvalTest":
			want = string(vectors.Read(t, suite+c.Result))
		}
		texts, wants, ids = append(texts, string(vectors.Read(t, suite+c.Action))), append(wants, want), append(ids, c.ID)
	}
	if len(texts) != 64 {
		t.Errorf("%d tests, want 64", len(texts))
	}
	for i, line := range node(t, marshal(t, texts), "canon.mjs") {
		var got struct {
			Canonical string
			Limit     bool
		}
		decode(t, line, &got)
		if got.Canonical != wants[i] || got.Limit != limited[i] {
			t.Errorf("%s: limit %t, got\n%s\nwant\n%s", ids[i], got.Limit, got.Canonical, wants[i])
		}
	}
}
