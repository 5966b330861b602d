package verifier_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"socialregistry/contexts"
)

// What a page may load, compressed: the verifier in one file, and what comes with the
// first credential that has a Data Integrity proof. The whole page has 80 KiB.
const (
	mostAtOnce = 28 << 10
	mostLater  = 24 << 10
)

func TestSizes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../js/*.js")
	if err != nil {
		t.Fatal(err)
	}
	const vendor = "../js/vendor/"
	atOnce, then := compressed(t, vendor+"verifier.min.js"), compressed(t, vendor+"jsonld.min.js", vendor+"contexts.js")
	t.Logf("gzip: %d bytes in one file (%d in the %d modules as they are written), %d more for JSON-LD", atOnce, compressed(t, files...), len(files), then)
	if atOnce > mostAtOnce || then > mostLater {
		t.Errorf("%d bytes at once and %d later, compressed; at most %d and %d", atOnce, then, mostAtOnce, mostLater)
	}
}

func compressed(t *testing.T, files ...string) (n int) {
	t.Helper()
	for _, name := range files {
		raw := read(t, name)
		var out bytes.Buffer
		w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, bytes.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		n += out.Len()
	}
	return n
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// The folder has the published contexts that package contexts embeds, byte by byte.
func TestContexts(t *testing.T) {
	t.Parallel()
	_, list, found := strings.Cut(string(read(t, "../js/vendor/contexts.js")), "export default ")
	var got map[string]string
	if err := json.Unmarshal([]byte(strings.TrimSuffix(strings.TrimSpace(list), ";")), &got); err != nil || !found {
		t.Fatal(err)
	}
	set, err := contexts.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(set.IRIs()) {
		t.Errorf("%d contexts, want %d", len(got), len(set.IRIs()))
	}
	for _, iri := range set.IRIs() {
		if doc, _ := set.Document(iri); got[iri] != string(doc) {
			t.Errorf("%s is missing, or another", iri)
		}
	}
}

// Every code that an answer can hold is in README.md, with its words, and no other.
func TestCodes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../js/*.js")
	if err != nil {
		t.Fatal(err)
	}
	given := regexp.MustCompile(`(?:altered|unsupported|unreadable|statusUnknown|pass)\((?:'\w+', )?'(\w+)'|new Failure\('\w+', '(\w+)'|(?:code|detail)[:=] ?\w* ?'(\w+)'`)
	used := map[string]bool{}
	for _, name := range files {
		for _, m := range given.FindAllStringSubmatch(string(read(t, name)), -1) {
			used[m[1]+m[2]+m[3]] = true
		}
	}
	words := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|").FindAllStringSubmatch(string(read(t, "../js/README.md")), -1) {
		words[m[1]] = true
	}
	for code := range used {
		if !words[code] {
			t.Errorf("%s has no words in README.md", code)
		}
	}
	if len(words) < len(used) || len(used) < 40 {
		t.Errorf("%d codes, %d with words", len(used), len(words))
	}
}

// Nothing in the folder fetches, or reaches for what a document could name.
func TestNothingIsFetched(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../js/*.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(files, "../js/vendor/jsonld.min.js") {
		if m := regexp.MustCompile(`\bfetch\(|XMLHttpRequest|\beval\(|new Function|WebSocket|sendBeacon`).Find(read(t, name)); m != nil {
			t.Errorf("%s has %s", name, m)
		}
	}
}
