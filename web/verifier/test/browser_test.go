package verifier_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

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
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	profile, err := os.MkdirTemp("", "vectors")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(profile) // what a browser that ends still writes is no fault
	args := []string{"--headless", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--remote-debugging-port=0", "--user-data-dir=" + profile}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // Chromium's sandbox refuses to run as root
	}
	cmd := exec.CommandContext(ctx, browser(t), append(args, server.URL)...)
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case body := <-answers:
		agree(t, f, bytes.Split(body, []byte("\n")))
	case <-ctx.Done():
		t.Error("Chromium gave no answer")
	}
	stop()
	_ = cmd.Wait() // it was ended
}

func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no Chromium in PATH: on Debian, apt-get install chromium")
	return ""
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
