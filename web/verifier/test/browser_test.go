package verifier_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"socialregistry/internal/chromium"
	"socialregistry/internal/specimen"
)

// Every vector in Chromium, whose own code inflates, checks signatures and loads the
// modules: the same answers.
func TestVectorsInChromium(t *testing.T) {
	t.Parallel()
	f, err := made()
	if err != nil {
		t.Fatal(err)
	}
	answers := make(chan []byte, 1)
	server := httptest.NewServer(folder(t, f, answers))
	defer server.Close()
	agree(t, f, bytes.Split(chromium.Answer(t, server.URL, answers), []byte("\n")))
}

// folder serves the verifier as any static server would, under a strict policy.
func folder(t *testing.T, f *specimen.File, answers chan<- []byte) http.Handler {
	t.Helper()
	if _, err := os.Stat("../js/vendor/jsonld.min.js"); err != nil {
		t.Fatal("the verifier's folder is not complete: run scripts/assets.sh pages (make test does it)")
	}
	vectors := marshal(t, f)
	mux := http.NewServeMux()
	mux.Handle("GET /js/", http.StripPrefix("/js/", http.FileServer(http.Dir("../js"))))
	mux.HandleFunc("GET /browser.mjs", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		http.ServeFile(w, r, "browser.mjs")
	})
	mux.HandleFunc("GET /vectors.json", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(vectors) })
	mux.HandleFunc("POST /answers", func(_ http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil {
			answers <- body
		}
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src 'self'")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<!doctype html><title>vectors</title><script type="module" src="browser.mjs"></script>`)
	})
	return mux
}
