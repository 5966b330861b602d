package verifier_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"socialregistry/internal/specimen"
	"socialregistry/issuer/verify"
)

// Credentials that were changed at random: what the module believes, package verify
// believes, and the other way round. Those that both refuse may be refused for
// another reason, where libraries for JSON-LD find another fault first.
func TestMutated(t *testing.T) {
	t.Parallel()
	const seed, each = 20261123, 2
	f, _ := file(t)
	r := rand.New(rand.NewPCG(seed, 0))
	bundles, all := map[string]*verify.Bundle{}, &specimen.File{Bundles: map[string]json.RawMessage{}}
	for _, v := range f.Vectors {
		if len(v.Data) > 4000 || len(v.Data) < 10 || v.Bundle == "huge" {
			continue
		}
		if bundles[v.Bundle] == nil {
			b, err := verify.ParseBundle(f.Bundles[v.Bundle])
			if err != nil {
				t.Fatal(err)
			}
			bundles[v.Bundle], all.Bundles[v.Bundle] = b, f.Bundles[v.Bundle]
		}
		for n := range each {
			m := v
			m.Name, m.Data = v.Name+", mutation "+strconv.Itoa(n), mutated(r, v.Data, f.Vectors[r.IntN(len(f.Vectors))].Data)
			all.Vectors = append(all.Vectors, m)
		}
	}
	other := 0
	for i, line := range node(t, nil, "vectors.mjs", written(t, all)) {
		v := all.Vectors[i]
		var got answered
		decode(t, line, &got)
		outcome, _ := got.Result["outcome"].(string)
		want := string(ask(bundles[v.Bundle], v).Outcome)
		if outcome != want {
			other++
			if !refused(outcome) || !refused(want) {
				t.Errorf("seed %d, %s: %s, want %s: %q", seed, v.Name, outcome, want, v.Data)
			}
		}
	}
	t.Logf("%d mutations, %d refused for another reason", len(all.Vectors), other)
	if other > len(all.Vectors)/200 {
		t.Errorf("%d of %d are refused for another reason", other, len(all.Vectors))
	}
}

func refused(outcome string) bool {
	return slices.Contains([]verify.Outcome{verify.Altered, verify.UnknownIssuer, verify.UnsupportedFormat, verify.UnreadableCode, verify.IncompleteCode}, verify.Outcome(outcome))
}

// mutated changes a text in up to three places: a sign, a bit, a part twice, a part of
// another text, or its end.
func mutated(r *rand.Rand, text, other string) string {
	const signs = "{}[]\",:.~-_ABCabc0123456789= \\u+/"
	for range 1 + r.IntN(3) {
		at := r.IntN(len(text))
		sign := string(signs[r.IntN(len(signs))])
		end := min(len(text), at+1+r.IntN(40))
		switch r.IntN(7) {
		case 0:
			text = text[:at] + sign + text[at+1:]
		case 1:
			text = text[:at] + text[end:]
		case 2:
			text = text[:at] + sign + text[at:]
		case 3:
			text = text[:end] + text[at:]
		case 4:
			from := r.IntN(max(1, min(len(other), 4000)))
			text = text[:at] + other[from:min(len(other), from+end-at)] + text[end:]
		case 5:
			text = text[:at] + string(rune(text[at]^1<<r.IntN(7))) + text[at+1:]
		case 6:
			text = text[:max(at, 10)]
		}
		if len(text) < 10 {
			return text + "0123456789"
		}
	}
	return text
}
