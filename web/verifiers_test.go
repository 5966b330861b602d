package web_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"socialregistry/internal/dbtest"
	"socialregistry/issuer"
	"socialregistry/issuer/verify"
)

// Makers of verifiers find the root key, the bundle, and samples with their outcomes.
func TestVerifiersPage(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		root, err := issuer.Alone(w.issuer).RootKey()
		w.must(err)
		b := w.browser("en")
		b.get("/verifiers").want(t, http.StatusOK, root, "/.well-known/sr-trust-bundle.json", "genuine_status_unknown", "openBundle", "srverify --bundle")
		w.browser("ar").get("/verifiers").want(t, http.StatusOK, "لصانعي أدوات التحقق")
		var f struct{ Vectors []struct{ Data string } }
		w.must(json.Unmarshal([]byte(b.get("/verifiers/samples.json").want(t, http.StatusOK).body), &f))
		if first := b.get("/verifiers/samples/1"); first.status != http.StatusOK || first.body != f.Vectors[0].Data {
			t.Errorf("the first sample: %d, %.80s", first.status, first.body)
		}
		for _, none := range []string{"0", "1000", "x", "-1"} {
			b.get("/verifiers/samples/"+none).want(t, http.StatusNotFound)
		}
	})
}

// The outcomes that the page speaks of are all there are, and each has a sample.
func TestEveryOutcomeHasASample(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("samples/samples.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range verify.Outcomes() {
		if !strings.Contains(string(raw), `"outcome": "`+string(o)+`"`) {
			t.Errorf("no sample is %s", o)
		}
	}
}

// The code on the page runs as it stands there, in Go from another module. What it is
// given is no credential, so that the answer does not depend on the day.
func TestCodeOfThePageRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("Node.js is needed: ", err)
	}
	dir := t.TempDir()
	root, err := issuer.Alone(w.issuer).RootKey()
	w.must(err)
	js, err := filepath.Abs("verifier/js")
	w.must(err)
	shell, err := filepath.Abs("samples/verify.sh")
	w.must(err)
	script, err := os.ReadFile("samples/verify.mjs")
	w.must(err)
	w.must(os.Symlink(js, filepath.Join(dir, "js")))
	for name, body := range map[string]string{"verify.mjs": string(script), "credential.txt": "no credential", "bundle.json": w.browser("en").get("/.well-known/sr-trust-bundle.json").body} {
		w.must(os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600))
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "srverify"), "socialregistry/cmd/srverify").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	foreignModule(t, dir)
	for name, args := range map[string][]string{"Go": {filepath.Join(dir, "checks"), "bundle.json", root, "credential.txt"}, "shell": {"bash", shell}, "node": {node, "verify.mjs", "bundle.json", root, "credential.txt"}} {
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "PINNED="+root)
		out, err := cmd.Output() // what is said of an old bundle goes elsewhere
		if strings.TrimSpace(string(out)) != "unreadable_code" {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// foreignModule builds the Go code of the page there, in a module that is not ours.
func foreignModule(t *testing.T, dir string) {
	t.Helper()
	source, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{"samples/verify.go.txt": "main.go", "../go.sum": "go.sum"} {
		raw, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, to), raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"mod", "init", "example.org/checks"}, {"mod", "edit", "-require=socialregistry@v0.0.0", "-replace=socialregistry=" + source}, {"build", "-mod=mod", "-o", "checks"}} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %v: %v\n%s", args, err, out)
		}
	}
}
