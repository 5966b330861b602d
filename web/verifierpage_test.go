package web_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"socialregistry/internal/chromium"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/jose"
	"socialregistry/internal/specimen"
	"socialregistry/issuer"
	"socialregistry/issuer/verify"
	"socialregistry/web"
)

// Bounds of one check in the page: time, and memory of the whole tab.
const (
	mostOfACheck = 5 * time.Second
	mostOfATab   = 400 << 20
)

// step is one of those in testdata/drive.mjs.
type step map[string]any

// seen is what the page shows.
type seen struct {
	Outcome, Title, Problem, Text string
	Kind                          string            // the classes of the verdict
	Badges                        map[string]string // by check
	Details                       []string          // "label: value"
	MS                            float64
	Heap                          float64
}

// signer is a root key of a registry.
type signer struct {
	*ecdsa.PrivateKey
	kid string
	jwk map[string]any
}

func newSigner(t *testing.T) signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	kid, err := jose.Thumbprint(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := jose.PublicJWK(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return signer{key, kid, jwk}
}

// sealed signs a bundle of vectors as the registry's, under a number, naming roots.
func (w *world) sealed(raw []byte, seq int64, by signer, roots ...signer) (string, *verify.Bundle) {
	b, err := verify.ParseBundle(raw)
	w.must(err)
	b.Version, b.Registry, b.Seq, b.Roots = verify.BundleVersion, w.URL, seq, nil
	for _, r := range roots {
		b.Roots = append(b.Roots, verify.BundleRoot{KID: r.kid, JWK: r.jwk, NotBefore: b.Created.AddDate(-1, 0, 0), NotAfter: b.Created.AddDate(1, 0, 0)})
	}
	doc, err := verify.SignBundle(b, by)
	w.must(err)
	return string(doc), b
}

// drive opens the page as a folder, which pins a root, and gives the answers to a plan.
func (w *world) drive(t *testing.T, pinned string, plan []step) []json.RawMessage {
	t.Helper()
	return w.driveIn(t, "en", pinned, plan)
}

func (w *world) driveIn(t *testing.T, lang, pinned string, plan []step) []json.RawMessage {
	t.Helper()
	return w.driveWith(t, lang, pinned, "", plan)
}

// driveWith is driveIn with a trust bundle beside the page.
func (w *world) driveWith(t *testing.T, lang, pinned, bundle string, plan []step) []json.RawMessage {
	t.Helper()
	pages, err := web.New(web.Config{Registry: w.registry, Issuer: issuer.Alone(w.issuer), PublicURL: w.URL, Now: w.Now})
	w.must(err)
	files, err := pages.VerifierFolder(t.Context(), nil, lang)
	w.must(err)
	delete(files, "trust-bundle.json")
	if bundle != "" {
		files["trust-bundle.json"] = []byte(bundle)
	}
	delete(files, "sw.js") // nothing is asked of this server that the plan does not say
	own := issuer.Alone(w.issuer).RootKeys()[0]
	files["index.html"] = []byte(strings.NewReplacer(own, pinned, "</head>", `<script type="module" src="./drive.mjs"></script></head>`).Replace(string(files["index.html"])))
	files["drive.mjs"], err = os.ReadFile("testdata/drive.mjs")
	w.must(err)
	files["plan.json"], err = json.Marshal(plan)
	w.must(err)
	answers := make(chan []byte, 1)
	site := httptest.NewServer(http.HandlerFunc(func(res http.ResponseWriter, req *http.Request) {
		name := strings.TrimPrefix(req.URL.Path, "/")
		if req.Method == http.MethodPost {
			body, _ := io.ReadAll(req.Body)
			answers <- body
			return
		}
		body, ok := files[map[bool]string{true: "index.html", false: name}[name == ""]]
		if !ok {
			http.NotFound(res, req)
			return
		}
		res.Header().Set("Content-Type", map[string]string{".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml", "": "text/html", ".html": "text/html"}[path.Ext(name)])
		_, _ = res.Write(body)
	}))
	defer site.Close()
	var out []json.RawMessage
	w.must(json.Unmarshal(chromium.Answer(t, site.URL, answers), &out))
	if len(out) != len(plan) {
		t.Fatalf("%d answers to %d steps; the last is %s", len(out), len(plan), out[len(out)-1])
	}
	return out
}

// Every vector that a person can paste has its outcome on the page itself, in words, and
// within bounds. Those that answer a nonce of the verifier's are left to the walks with a
// wallet: the page makes its own.
func TestVectorsInThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	made, err := specimen.Make(specimen.Seed)
	w.must(err)
	root := newSigner(t)
	var plan []step
	var of []specimen.Vector
	left := 0
	slices.SortStableFunc(made.Vectors, func(a, b specimen.Vector) int { return strings.Compare(a.Bundle, b.Bundle) })
	bundles := map[string]*verify.Bundle{}
	for _, v := range made.Vectors {
		if v.Binding != nil {
			left++
			continue
		}
		if bundles[v.Bundle] == nil {
			text, b := w.sealed(made.Bundles[v.Bundle], int64(len(bundles)+1), root, root)
			bundles[v.Bundle] = b
			plan, of = append(plan, step{"do": "take", "text": text}), append(of, v)
		}
		plan, of = append(plan, step{"do": "at", "at": v.At.UnixMilli()}, step{"do": "check", "text": v.Data}), append(of, v, v)
	}
	outcomes := map[string]int{}
	words := map[string]string{}
	for n, raw := range w.drive(t, root.kid, plan) {
		switch v := of[n]; plan[n]["do"] {
		case "take":
			if want := fmt.Sprintf("%q", fmt.Sprint(bundles[v.Bundle].Seq)); string(raw) != want {
				t.Fatalf("the bundle %s: %s, want %s", v.Bundle, raw, want)
			}
		case "check":
			var s seen
			w.must(json.Unmarshal(raw, &s))
			pageAgrees(t, v, bundles[v.Bundle], s)
			outcomes[s.Outcome]++
			if strings.Contains(fmt.Sprint(s.Details), "Form of the photo") {
				t.Errorf("%s: %q", v.Name, s.Details)
			}
			if s.Outcome == string(verify.Genuine) && s.Kind == "verdict wait" {
				continue // by an old status, which is told with its age
			}
			if other, known := words[s.Outcome]; known && other != s.Title {
				t.Errorf("%s is told as %q and as %q", s.Outcome, other, s.Title)
			}
			words[s.Outcome] = s.Title
		}
	}
	for _, o := range verify.Outcomes() {
		if outcomes[string(o)] == 0 || words[string(o)] == "" || strings.Contains(words[string(o)], "[") {
			t.Errorf("%s was shown %d times, as %q", o, outcomes[string(o)], words[string(o)])
		}
	}
	t.Logf("%d vectors in the page: %v; %d answer a nonce", len(made.Vectors)-left, outcomes, left)
}

// pageAgrees compares what the page shows with what package verify says. The page takes no time
// before that of the bundle, and no text of more than a mebibyte, nor none. Spaces and byte
// order marks around what is pasted it takes away.
func pageAgrees(t *testing.T, v specimen.Vector, b *verify.Bundle, s seen) {
	t.Helper()
	at := v.At
	if b.Created.After(at) {
		at = b.Created
	}
	text := strings.TrimFunc(v.Data, func(r rune) bool { return unicode.IsSpace(r) || r == '\uFEFF' })
	want := string(b.Verify([]byte(text), at).Outcome)
	if text == "" || len(text) > 1<<20 {
		if s.Problem == "" || s.Outcome != "" {
			t.Errorf("%s: %+v, want words", v.Name, s)
		}
		return
	}
	if s.Outcome != want || s.Problem != "" {
		t.Errorf("%s: %s %q, want %s", v.Name, s.Outcome, s.Problem, want)
	}
	if s.MS > float64(mostOfACheck.Milliseconds()) || s.Heap > mostOfATab || s.Heap == 0 {
		t.Errorf("%s: %.0f ms, %.0f MiB", v.Name, s.MS, s.Heap/(1<<20))
	}
}
