package verifier_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"socialregistry/internal/specimen"
	"socialregistry/issuer/verify"
)

// made makes the vectors once for all tests.
var made = sync.OnceValues(func() (*specimen.File, error) { return specimen.Make(specimen.Seed) })

// file gives the vectors, and where they are written.
func file(t *testing.T) (*specimen.File, string) {
	t.Helper()
	f, err := made()
	if err != nil {
		t.Fatal(err)
	}
	return f, written(t, f)
}

func written(t *testing.T, f *specimen.File) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "vectors.json")
	if err := os.WriteFile(name, marshal(t, f), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// node runs a script and gives its lines.
func node(t *testing.T, in []byte, args ...string) [][]byte {
	t.Helper()
	if _, err := os.Stat("../js/vendor/jsonld.min.js"); err != nil {
		t.Fatal("the verifier's folder is not complete: run scripts/assets.sh pages (make test does it)")
	}
	cmd := exec.CommandContext(t.Context(), "node", append([]string{"--max-old-space-size=512"}, args...)...)
	var out, words bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &words
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v: %s", args[0], err, words.String())
	}
	return bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
}

func decode(t *testing.T, line []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(line, into); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
}

// answered is a line of vectors.mjs.
type answered struct {
	Name   string
	Result map[string]any
	MS     float64
}

// mostTime is what one vector may take, in milliseconds.
const mostTime = 5000

// Every vector gives the outcome that it was made to have, and everything else in
// the answer is what package verify says of it.
func TestVectors(t *testing.T) {
	t.Parallel()
	f, name := file(t)
	asWritten, inOne := node(t, nil, "vectors.mjs", name), node(t, nil, "vectors.mjs", name, "../js/vendor/verifier.min.js")
	if len(inOne) != len(f.Vectors) {
		t.Fatalf("%d answers for %d vectors", len(inOne), len(f.Vectors))
	}
	agree(t, f, asWritten)
	for i, v := range f.Vectors {
		var got, same answered
		decode(t, asWritten[i], &got)
		decode(t, inOne[i], &same)
		if !reflect.DeepEqual(got.Result, same.Result) {
			t.Errorf("%s: in one file (old? run scripts/assets.sh pages), %v, else %v", v.Name, same.Result, got.Result)
		}
	}
}

// agree holds the answers of the module to those that were meant, and to those of
// package verify.
func agree(t *testing.T, f *specimen.File, lines [][]byte) {
	t.Helper()
	if len(lines) != len(f.Vectors) {
		t.Fatalf("%d answers for %d vectors", len(lines), len(f.Vectors))
	}
	bundles := map[string]*verify.Bundle{}
	for name, payload := range f.Bundles {
		b, err := verify.ParseBundle(payload)
		if err != nil {
			t.Fatal(err)
		}
		bundles[name] = b
	}
	for i, v := range f.Vectors {
		var got answered
		decode(t, lines[i], &got)
		if got.Name != v.Name || got.Result["outcome"] != v.Outcome {
			t.Errorf("%s: %v (%v), want %s", v.Name, got.Result["outcome"], got.Result["reason"], v.Outcome)
		}
		var want map[string]any
		decode(t, marshal(t, ask(bundles[v.Bundle], v)), &want)
		if got, want := plain(got.Result), plain(want); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%v, want\n%v", v.Name, got, want)
		}
		if got.MS > mostTime {
			t.Errorf("%s: %.0f ms", v.Name, got.MS)
		}
	}
}

// ask is the answer of package verify.
func ask(b *verify.Bundle, v specimen.Vector) verify.Result {
	if v.Binding != nil {
		return b.VerifyHeld([]byte(v.Data), v.At, *v.Binding)
	}
	return b.Verify([]byte(v.Data), v.At)
}

// plain takes the words out of an answer: the module gives codes in their place.
func plain(r map[string]any) map[string]any {
	delete(r, "reason")
	for _, c := range r["checks"].([]any) {
		delete(c.(map[string]any), "detail")
		delete(c.(map[string]any), "values")
	}
	if claims, ok := r["claims"].(map[string]any); ok && len(claims) == 0 {
		delete(r, "claims")
	}
	return r
}

// One bit altered anywhere: nothing is believed or shown.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	f, name := file(t)
	each := map[string][]string{} // by step: what takes longer is altered less
	done := map[string]bool{}
	for _, v := range f.Vectors {
		if v.Outcome != string(verify.Genuine) || len(v.Data) > 2000 || done[v.Format] {
			continue
		}
		done[v.Format] = true
		step := "3"
		if v.Format == verify.FormatLDP {
			step = "11"
		}
		each[step] = append(each[step], v.Name)
	}
	if len(done) < 5 {
		t.Fatalf("genuine ones of %d formats only", len(done))
	}
	for step, names := range each {
		for _, line := range node(t, nil, append([]string{"flips.mjs", name, step}, names...)...) {
			var got struct {
				Name     string
				Outcomes map[string]int
				Wrong    []string
			}
			decode(t, line, &got)
			if len(got.Wrong) > 0 || got.Outcomes[string(verify.Altered)]+got.Outcomes[string(verify.UnreadableCode)] == 0 { // of a code, the compression breaks first
				t.Errorf("%s: %v, %s", got.Name, got.Outcomes, strings.Join(got.Wrong, ", "))
			}
			t.Logf("%s: %v", got.Name, got.Outcomes)
		}
	}
}

// A browser without Ed25519 says so; it never says that something was altered, nor
// that it is genuine.
func TestWithoutEd25519(t *testing.T) {
	t.Parallel()
	f, name := file(t)
	missing := 0
	for i, line := range node(t, nil, "noed.mjs", name) {
		var got struct{ Outcome, Reason string }
		decode(t, line, &got)
		v := f.Vectors[i]
		if got.Reason == "ed25519_missing" {
			missing++
		}
		if got.Outcome != v.Outcome && got.Outcome != string(verify.UnsupportedFormat) && got.Reason != "ed25519_missing" || got.Outcome == string(verify.Genuine) && v.Outcome != got.Outcome {
			t.Errorf("%s: %s (%s), want %s, or unsupported", v.Name, got.Outcome, got.Reason, v.Outcome)
		}
	}
	if missing < 100 {
		t.Errorf("%d vectors need Ed25519", missing)
	}
}

// What costs little to make must not cost much to look at.
func TestSpaces(t *testing.T) {
	t.Parallel()
	f, _ := file(t)
	all := &specimen.File{Bundles: map[string]json.RawMessage{"b": f.Bundles["without-lists"]}}
	many := strings.Repeat(" ", 1_000_000)
	for name, data := range map[string]string{"spaces": many, "spaces between": "a" + many + "b", "spaces between dots": "." + many + ".", "spaces in JSON": "{" + many + "}", "quotation marks": "{" + strings.Repeat(`"`, 1_000_000),
		"backslashes": `{"` + strings.Repeat(`\\`, 500_000), "surrogates": `{"` + strings.Repeat(`\ud800`, 150_000) + `":1}`, "tildes": strings.Repeat("~", 1_000_000), "dots": strings.Repeat(".", 1_000_000),
		"digits": `{"a":` + strings.Repeat("1", 1_000_000) + "}", "ones of base58": `{"proof":{"proofValue":"z` + strings.Repeat("1", 1_000_000) + `"}}`, "letters": strings.Repeat("A", 1_048_576), "spaces in a code": "NCF" + many + "A"} {
		b, err := verify.ParseBundle(all.Bundles["b"])
		if err != nil {
			t.Fatal(err)
		}
		all.Vectors = append(all.Vectors, specimen.Vector{Name: name, Outcome: string(b.Verify([]byte(data), at()).Outcome), At: at(), Bundle: "b", Data: data})
	}
	agree(t, all, node(t, nil, "vectors.mjs", written(t, all)))
}
