package e2e_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

const (
	verifyRounds = 7
	slowBy       = 6
)

// verifyOrder are the credentials that are checked, one after the other.
var verifyOrder = []string{"dc+sd-jwt ES256: in order", "ldp_vc EdDSA: in order"}

// measured is what testdata/verify/measure.mjs gives.
type measured struct {
	Ready    float64   `json:"ready"`
	Times    []float64 `json:"times"`
	Outcomes []string  `json:"outcomes"`
	Bytes    []int     `json:"bytes"`
	Spin     float64   `json:"spin"`
}

// verifyRuns are all measurements of a verifier at a rate.
type verifyRuns map[string]map[float64][]measured

// BenchmarkVerify measures how long after a navigation, with nothing in the browser,
// the ES module has verified an SD-JWT VC and then a Data Integrity credential, beside
// package verify compiled to WebAssembly: at the processor's own speed and six times
// slower. It fails if the module is not the faster one there.
func BenchmarkVerify(b *testing.B) {
	site := verifySite(b)
	browser := <-world.free
	defer func() { world.free <- browser }()
	for range b.N {
		all := verifyRuns{"module": {}, "wasm": {}}
		for round := range verifyRounds {
			for _, rate := range []float64{1, slowBy} {
				turns := []string{"module", "wasm"}
				if round%2 == 1 {
					slices.Reverse(turns)
				}
				for _, kind := range turns {
					all[kind][rate] = append(all[kind][rate], measureVerify(b, browser, site+"/"+kind+".html", rate))
				}
			}
		}
		all.judge(b)
	}
}

// judge prints what was measured.
func (all verifyRuns) judge(b *testing.B) {
	for _, kind := range []string{"module", "wasm"} {
		b.Logf("%-6s gzip: %d bytes at the first outcome, %d at the second", kind, all[kind][1][0].Bytes[0], all[kind][1][0].Bytes[1])
		own, slowed := all.of(kind, 1, spin), all.of(kind, slowBy, spin)
		b.Logf("%-6s a fixed piece of work afterwards: %s ms, slowed %s ms", kind, spread(own, "%.0f"), spread(slowed, "%.0f"))
		if slices.Min(slowed) < slices.Min(own)*slowBy/2 { // the least: what else the machine does makes all others longer
			b.Errorf("%s: the processor was not slowed", kind)
		}
	}
	for _, rate := range []float64{1, slowBy} {
		for i, name := range verifyOrder {
			get := func(m measured) float64 { return m.Times[i] }
			ours, theirs := all.of("module", rate, get), all.of("wasm", rate, get)
			ratios := make([]float64, len(ours))
			for j := range ours {
				ratios[j] = theirs[j] / ours[j]
			}
			b.Logf("%gx, %s: module %s ms, WebAssembly %s ms, ratio %s", rate, name, spread(ours, "%.0f"), spread(theirs, "%.0f"), spread(ratios, "%.1f"))
			if rate == slowBy {
				b.ReportMetric(middle(ratios), fmt.Sprintf("wasm/module-%d", i+1))
				if middle(ratios) <= 1 {
					b.Errorf("%s: the ES module is not faster than WebAssembly", name)
				}
			}
		}
	}
}

func spin(m measured) float64 { return m.Spin }

func (all verifyRuns) of(kind string, rate float64, get func(measured) float64) (out []float64) {
	for _, m := range all[kind][rate] {
		out = append(out, get(m))
	}
	return out
}

// spread is the median, and from where to where the values go.
func spread(values []float64, form string) string {
	return fmt.Sprintf(form+" ("+form+" to "+form+")", middle(values), slices.Min(values), slices.Max(values))
}

func middle(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// measureVerify opens a page in a context of its own: nothing is cached, nor compiled.
func measureVerify(b *testing.B, browser context.Context, address string, rate float64) (m measured) {
	b.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	defer cancel()
	ctx, end := context.WithTimeout(ctx, 2*time.Minute)
	defer end()
	blank := address[:strings.LastIndex(address, "/")] + "/blank" // the process that the page will be in
	if err := chromedp.Do(ctx, chromedp.Navigate(blank)); err != nil {
		b.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: rate}); err != nil {
		b.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
		b.Fatal(err)
	}
	m, err := chromedp.Run(ctx, chromedp.Evaluate[measured]("measured", chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("%s: %v", address, err)
	}
	if !slices.Equal(m.Outcomes, []string{"genuine", "genuine"}) {
		b.Fatalf("%s: %v", address, m.Outcomes)
	}
	return m
}

// verifySite gives out both verifiers, compressed, with what they are to check.
func verifySite(b *testing.B) string {
	b.Helper()
	dir, root := b.TempDir(), filepath.Join("..", "..")
	command := func(name string, args ...string) string {
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Stderr = root, os.Stderr
		if strings.HasSuffix(args[len(args)-1], "verifywasm") {
			cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
		}
		out, err := cmd.Output()
		if err != nil {
			b.Fatalf("%s %v: %v", name, args, err)
		}
		return strings.TrimSpace(string(out))
	}
	wasm, vectors := filepath.Join(dir, "verify.wasm"), filepath.Join(dir, "vectors.json")
	command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", wasm, "./scripts/verifywasm")
	command("go", "run", "./scripts/vectors", vectors)
	files := map[string][]byte{"/blank": []byte("<!doctype html><title>blank</title>"), "/verify.wasm": load(b, wasm), "/data.json": credentialsToTime(b, load(b, vectors)),
		"/wasm_exec.js": load(b, filepath.Join(command("go", "env", "GOROOT"), "lib", "wasm", "wasm_exec.js"))}
	for _, name := range []string{"measure.mjs", "module.html", "wasm.html"} {
		files["/"+name] = load(b, filepath.Join("testdata", "verify", name))
	}
	for _, name := range []string{"verifier.min.js", "jsonld.min.js", "contexts.js"} {
		files["/js/vendor/"+name] = load(b, filepath.Join(root, "web", "verifier", "js", "vendor", name))
	}
	for name, body := range files {
		files[name] = squeeze(b, body)
	}
	kinds := map[string]string{".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".json": "application/json"}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		kind := kinds[path.Ext(r.URL.Path)]
		if kind == "" {
			kind = "text/html; charset=utf-8"
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(body)
	}))
	b.Cleanup(site.Close)
	return site.URL
}

// credentialsToTime is what both pages read: a bundle, and the credentials with their times.
func credentialsToTime(b *testing.B, file []byte) []byte {
	b.Helper()
	var all struct {
		Bundles map[string]json.RawMessage `json:"bundles"`
		Vectors []struct {
			Name string `json:"name"`
			At   string `json:"at"`
			Data string `json:"data"`
		} `json:"vectors"`
	}
	if err := json.Unmarshal(file, &all); err != nil {
		b.Fatal(err)
	}
	var chosen []map[string]string
	for _, name := range verifyOrder {
		for _, v := range all.Vectors {
			if v.Name == name {
				chosen = append(chosen, map[string]string{"data": v.Data, "at": v.At})
			}
		}
	}
	if len(chosen) != len(verifyOrder) {
		b.Fatalf("%d of %v are among the vectors", len(chosen), verifyOrder)
	}
	out, err := json.Marshal(map[string]any{"bundle": string(all.Bundles["usual"]), "credentials": chosen})
	if err != nil {
		b.Fatal(err)
	}
	return out
}

func load(b *testing.B, file string) []byte {
	b.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	return data
}

func squeeze(b *testing.B, body []byte) []byte {
	b.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(body)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}
