package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"socialregistry/internal/dbtest"
	"socialregistry/issuer/verify"
)

// The folder has the pages and a bundle that the thumbprint in them opens.
func TestVerifierFolderIsWritten(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		values := map[string]string{"DATABASE_URL": url, "SR_MASTER_KEY": testMaster, "SR_PUBLIC_URL": "https://registry.example", "SR_STATE_DIR": t.TempDir()}
		dir := filepath.Join(t.TempDir(), "verifier")
		if code, said := runWith(t, values, "bundle", "--out", filepath.Join(t.TempDir(), "first.json")); code != 0 {
			t.Fatalf("bundle: %d, %s", code, said)
		}
		if code, said := runWith(t, values, "verifier", "--out", dir, "--lang", "xx"); code == 0 {
			t.Errorf("a language that there is not: %s", said)
		}
		code, said := runWith(t, values, "verifier", "--out", dir, "--lang", "fr")
		if code != 0 {
			t.Fatalf("verifier: %d, %s", code, said)
		}
		index, err := os.ReadFile(filepath.Join(dir, "index.html"))
		if err != nil || !strings.Contains(string(index), `<html lang="fr"`) {
			t.Errorf("first page: %v: %.100s", err, index)
		}
		bundle, err := os.ReadFile(filepath.Join(dir, "trust-bundle.json"))
		if err != nil {
			t.Fatal(err)
		}
		root, registry, err := verify.SignerOf(bundle)
		if err != nil || registry != "https://registry.example" || !strings.Contains(string(index), `data-roots="`+root) || !strings.Contains(said, root) {
			t.Errorf("signed by %q of %q: %v", root, registry, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "js", "verifier.js")); err != nil {
			t.Error(err)
		}
	})
}
